"""Write a project in the background."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from himapp.document.document import Document
from himapp.document.project_file import save_project
from himapp.document.render_cache import RenderCache
from himapp.gui.editor import Editor
from himapp.inference.session import CancelToken
from himapp.paths import display_name
from himapp.workers.task_runner import Report, TaskOutcome, TaskRunner


@dataclass(frozen=True, slots=True, eq=False)
class _Wish:
    """What is to be saved where."""

    document: Document
    path: Path
    cache: RenderCache
    embed_photo: bool

    def write(self, report: Report, cancel: CancelToken) -> None:
        """Write the project; a task of the runner."""

        def advance(done: int, of: int) -> None:
            cancel.raise_if_cancelled()
            report("write", done, of)

        save_project(
            self.document,
            self.path,
            embed_photo=self.embed_photo,
            cache=self.cache,
            advance=advance,
        )


class ProjectSaving(QObject):
    """Saves one project at a time; edits go on meanwhile.

    Of the wishes for one photo the newest wins. What another photo's project is to hold is written
    to its end first.

    Signals:
        worked: ``(text, done, of)``.
        saved: the ``Path`` and the ``Document`` that was written there; the undo stack is clean by
            then if it is the open one and nothing was edited meanwhile.
        failed: one sentence.
        ended: nothing is under way any more; ``True`` if it was withdrawn.
    """

    worked = Signal(str, int, int)
    saved = Signal(object, object)
    failed = Signal(str)
    ended = Signal(bool)

    def __init__(self, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._wish: _Wish | None = None
        self._waiting: list[_Wish] = []
        self._runner = TaskRunner(self)
        self._runner.progressed.connect(self._on_progressed)
        self._runner.finished.connect(self._on_finished)

    @property
    def is_busy(self) -> bool:
        """Whether a project is being written."""
        return self._runner.is_busy

    @property
    def is_saving_current(self) -> bool:
        """Whether the document is being written just as it is now, or will be."""
        return any(wish.document is self._editor.document for wish in self._list_wishes())

    def save(self, path: Path, *, embed_photo: bool) -> None:
        """Write the document as it is now; later edits do not touch it."""
        document = self._editor.document
        if document is None:
            return
        others = [w for w in self._list_wishes() if w.document.photo is not document.photo]
        wish = _Wish(document, path, self._editor.cache, embed_photo)
        first, *self._waiting = [*others, wish]
        if first is not self._wish:
            self._start(first)

    def cancel(self) -> None:
        """Withdraw what is being saved; the projects stay as they were."""
        self._waiting.clear()
        self._runner.cancel()

    def shutdown(self) -> None:
        """Withdraw what is being saved and wait for the thread."""
        self._waiting.clear()
        self._runner.shutdown()

    def _list_wishes(self) -> list[_Wish]:
        return [*([self._wish] if self._wish is not None else []), *self._waiting]

    def _start(self, wish: _Wish) -> None:
        """Begin with a wish; one that it takes the place of ends without a word."""
        self._wish = None
        self._runner.run(wish.write)
        self._wish = wish
        self._tell(0, 1)

    @Slot(int, str, int, int)
    def _on_progressed(self, _ticket: int, _stage: str, done: int, of: int) -> None:
        self._tell(done, of)

    @Slot(object)
    def _on_finished(self, outcome: TaskOutcome) -> None:
        wish, self._wish = self._wish, None
        if wish is None:
            return
        if self._waiting:
            self._start(self._waiting.pop(0))
        else:
            self.ended.emit(outcome.is_cancelled)
        if outcome.error is not None:
            self.failed.emit(outcome.error)
        elif not outcome.is_cancelled:
            self._compare(wish.document)
            self.saved.emit(wish.path, wish.document)

    def _compare(self, saved: Document) -> None:
        """Say whether the open document is the one that was saved."""
        document = self._editor.document
        if document is not None and document.has_same_content(saved):
            self._editor.undo_stack.setClean()
        elif self._editor.shows_photo_of(saved):
            self._editor.undo_stack.resetClean()  # what the file held before, it holds no more

    def _tell(self, done: int, of: int) -> None:
        if self._wish is not None:
            self.worked.emit(f"Saving {display_name(self._wish.path)}", done, of)
