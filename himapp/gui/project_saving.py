"""Write a project in the background."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from himapp.document.document import Document
from himapp.document.project_file import save_project
from himapp.gui.editor import Editor
from himapp.inference.session import CancelToken
from himapp.paths import display_name
from himapp.workers.task_runner import Report, TaskOutcome, TaskRunner


class ProjectSaving(QObject):
    """Saves one project at a time, the newest wish winning; edits go on meanwhile.

    Signals:
        worked: ``(text, done, of)``.
        saved: the ``Path``; the undo stack is clean by then if nothing was edited meanwhile.
        failed: one sentence.
        ended: nothing is under way any more; ``True`` if it was withdrawn.
    """

    worked = Signal(str, int, int)
    saved = Signal(object)
    failed = Signal(str)
    ended = Signal(bool)

    def __init__(self, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._path = Path()
        self._document: Document | None = None
        self._runner = TaskRunner(self)
        self._runner.progressed.connect(self._on_progressed)
        self._runner.finished.connect(self._on_finished)

    @property
    def is_busy(self) -> bool:
        """Whether a project is being written."""
        return self._runner.is_busy

    @property
    def is_saving_current(self) -> bool:
        """Whether the document is being written just as it is now."""
        return self.is_busy and self._document is self._editor.document

    def save(self, path: Path, *, embed_photo: bool) -> None:
        """Write the document as it is now; later edits do not touch it."""
        document, cache = self._editor.document, self._editor.cache
        if document is None:
            return
        self._path, self._document = path, document

        def write(report: Report, cancel: CancelToken) -> None:
            def advance(done: int, of: int) -> None:
                cancel.raise_if_cancelled()
                report("write", done, of)

            save_project(document, path, embed_photo=embed_photo, cache=cache, advance=advance)

        self._runner.run(write)
        self._tell(0, 1)

    def cancel(self) -> None:
        """Withdraw the save; the project stays as it was."""
        self._runner.cancel()

    def shutdown(self) -> None:
        """Withdraw the save and wait for the thread."""
        self._runner.shutdown()

    @Slot(int, str, int, int)
    def _on_progressed(self, _ticket: int, _stage: str, done: int, of: int) -> None:
        self._tell(done, of)

    @Slot(object)
    def _on_finished(self, outcome: TaskOutcome) -> None:
        document, self._document = self._document, None
        self.ended.emit(outcome.is_cancelled)
        if outcome.error is not None:
            self.failed.emit(outcome.error)
        elif not outcome.is_cancelled:
            if document is self._editor.document:
                self._editor.undo_stack.setClean()
            self.saved.emit(self._path)

    def _tell(self, done: int, of: int) -> None:
        self.worked.emit(f"Saving {display_name(self._path)}", done, of)
