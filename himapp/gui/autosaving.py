"""Keep edits that no project holds yet in the recovery folder, so that a crash costs little."""

from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from himapp.document.document import Document
from himapp.document.project_file import Belonging, save_project
from himapp.document.recovery import RecoveryPlace, claim_place
from himapp.errors import ExportError
from himapp.gui.editor import Editor
from himapp.gui.project_flow import ProjectFlow
from himapp.inference.session import CancelToken
from himapp.workers.task_runner import Report, TaskOutcome, TaskRunner

AUTOSAVE_MS: Final = 45_000
"""After the first edit that is not kept; with the time to write it, within 60 s."""


class Autosaving(QObject):
    """Writes a recovery file some time after an edit, and removes it when it is not needed.

    Args:
        editor: holds the document; a clean undo stack says that a file holds all edits.
        project: knows which project the edits belong to.
        folder: the recovery folder.
        parent: the owner.

    Signals:
        failed: one sentence, once.
    """

    failed = Signal(str)

    def __init__(
        self, editor: Editor, project: ProjectFlow, folder: Path, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._editor = editor
        self._project = project
        self._folder = folder
        self._place: RecoveryPlace | None = None
        self._kept: Document | None = None
        self._given_up: list[RecoveryPlace] = []
        self._has_failed = False
        self._is_due = False
        self._runner = TaskRunner(self)
        self._runner.finished.connect(self._on_finished)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(AUTOSAVE_MS)
        self._timer.timeout.connect(self.save_now)
        editor.document_changed.connect(self._on_document_changed)
        editor.undo_stack.cleanChanged.connect(self._on_clean_changed)

    @property
    def path(self) -> Path | None:
        """The recovery file of this window; None while there is nothing to keep."""
        return self._place.path if self._place is not None else None

    @property
    def is_waiting(self) -> bool:
        """Whether there is an edit that will be kept soon."""
        return self._timer.isActive()

    @property
    def is_busy(self) -> bool:
        """Whether edits are being written."""
        return self._runner.is_busy

    @Slot()
    def save_now(self) -> None:
        """Keep the edits, before anything risky for example; nothing if they are kept already."""
        self._timer.stop()
        document = self._editor.document
        if document is None or document is self._kept or self._editor.undo_stack.isClean():
            return
        if self._runner.is_busy:  # a write is let end: withdrawn each time, it never would
            self._is_due = True
            return
        place = self._claim()
        if place is not None:
            self._kept = document
            self._write(document, place)

    def adopt(self, place: RecoveryPlace) -> None:
        """Take over the file that the open document was just recovered from."""
        self._give_up_place()
        self._place, self._kept = place, self._editor.document

    def shutdown(self) -> None:
        """Remove the file: the window is closed with the user's consent."""
        self._timer.stop()
        self._runner.shutdown()
        if self._place is not None:
            self._given_up.append(self._place)
            self._place = None
        self._discard_given_up()

    def _claim(self) -> RecoveryPlace | None:
        if self._place is None:
            try:
                self._place = claim_place(self._folder)
            except ExportError as error:
                self._fail(str(error))
        return self._place

    def _write(self, document: Document, place: RecoveryPlace) -> None:
        cache, embed_photo = self._editor.cache, self._project.embeds_photo
        belonging = Belonging(self._project.path)

        def write(_report: Report, cancel: CancelToken) -> None:
            self._discard_given_up()

            def advance(_done: int, _of: int) -> None:
                cancel.raise_if_cancelled()

            save_project(
                document,
                place.path,
                embed_photo=embed_photo,
                recovers=belonging,
                cache=cache,
                advance=advance,
            )

        self._runner.run(write)

    def _give_up_place(self) -> None:
        """Remove the file, on the thread that may still be writing to it."""
        self._timer.stop()
        place, self._place, self._kept = self._place, None, None
        if place is not None:
            self._given_up.append(place)
            self._runner.run(self._discard)

    def _discard(self, _report: Report, _cancel: CancelToken) -> None:
        self._discard_given_up()

    def _discard_given_up(self) -> None:
        while self._given_up:
            self._given_up.pop().discard()

    def _fail(self, sentence: str) -> None:
        if not self._has_failed:
            self._has_failed = True
            self.failed.emit(sentence)

    @Slot(object, object)
    def _on_document_changed(self, _document: object, changes: object) -> None:
        if changes is None:
            self._give_up_place()
        elif not self._editor.undo_stack.isClean():
            self._wait()

    @Slot(bool)
    def _on_clean_changed(self, is_clean: bool) -> None:  # noqa: FBT001 - a Qt slot
        if is_clean:
            self._give_up_place()
        else:
            self._wait()

    def _wait(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    @Slot(object)
    def _on_finished(self, outcome: TaskOutcome) -> None:
        if outcome.error is not None:
            self._kept = None
            self._fail(outcome.error)
            self._wait()
        if self._is_due:
            self._is_due = False
            self.save_now()
