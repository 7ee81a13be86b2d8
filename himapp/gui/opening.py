"""From a path to a document with people: read on one thread, then mat on another."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal, Slot

from himapp.document.document import Document
from himapp.errors import PhotoError
from himapp.gui.editor import Editor
from himapp.imaging.photo import Photo
from himapp.imaging.photo_io import list_photos, read_photo
from himapp.inference.session import CancelToken, MattingResult
from himapp.paths import display_name
from himapp.pipeline import document_with_people
from himapp.workers.matting_worker import MattingOutcome, MattingService
from himapp.workers.task_runner import Report, TaskOutcome, TaskRunner

_STAGE_WORDS: Final = {
    "load": "Loading the network",
    "find": "Finding people",
    "edges": "Finding people … edges",
}


class PhotoOpening(QObject):
    """Opens photos and finds their people, the newest photo winning.

    Signals:
        photo_shown: the photo is read and is the editor's document.
        people_found: the :class:`MattingResult`; the people are in the document by then.
        failed: one sentence.
        worked: ``(text, done, of)`` while something is under way.
        ended: nothing is under way any more; ``True`` if it was withdrawn.
    """

    photo_shown = Signal(object)
    people_found = Signal(object)
    failed = Signal(str)
    worked = Signal(str, int, int)
    ended = Signal(bool)

    def __init__(
        self, editor: Editor, matting: MattingService, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._editor = editor
        self._matting = matting
        self._reader = TaskRunner(self)
        self._reader.finished.connect(self._on_read)
        matting.progressed.connect(self._on_progressed)
        matting.finished.connect(self._on_matted)
        self._is_followed_by_more = False

    @property
    def is_busy(self) -> bool:
        """Whether a photo is being read or people are being found."""
        return self._reader.is_busy or self._is_finding

    @property
    def _is_finding(self) -> bool:
        return self._matting.is_busy and not self._matting.is_answering

    def open_first(self, paths: Sequence[Path]) -> str | None:
        """Open the first photo that paths and folders stand for.

        Returns:
            A sentence about what was not opened; None if there is nothing to say.
        """
        try:
            photos = [photo for path in paths for photo in list_photos(path)]
        except PhotoError as error:
            self.failed.emit(str(error))
            return None
        if not photos:
            self.failed.emit("There are no photos in this folder.")
            return None
        self.open(photos[0])
        if len(photos) == 1:
            return None
        name = display_name(photos[0])
        return f"“{name}” is open, the first of {len(photos)} photos; one is edited at a time."

    def open(self, path: Path) -> None:
        """Read a photo in the background, show it and find its people.

        The photo that is open stays as it is, and so does the search for its people, until the new
        one is read: it may turn out to be damaged.
        """

        def read(_report: Report, cancel: CancelToken) -> Photo:
            photo = read_photo(path)
            cancel.raise_if_cancelled()
            return photo

        self._is_followed_by_more = True
        self._reader.run(read)
        self._is_followed_by_more = False
        self.worked.emit(f"Opening {display_name(path)}", 0, 1)

    def find_people(self) -> None:
        """Find the people of the open photo, unless they are there already."""
        document = self._editor.document
        if document is not None and not document.layers:
            self._matting.request(document.photo.pixels)
            self.worked.emit(_STAGE_WORDS["find"], 0, 1)

    def cancel(self) -> None:
        """Withdraw whatever is under way."""
        self._reader.cancel()
        self._matting.cancel()

    def shutdown(self) -> None:
        """Withdraw everything and wait for the threads."""
        self._is_followed_by_more = True
        self._matting.shutdown()
        self._reader.shutdown()

    @Slot(object)
    def _on_read(self, outcome: TaskOutcome) -> None:
        if outcome.is_cancelled:
            self._end(is_cancelled=True)
        elif outcome.error is not None:
            self._end(is_cancelled=False)
            self.failed.emit(outcome.error)
            if self._is_finding:
                self.worked.emit(_STAGE_WORDS["find"], 0, 1)
        else:
            self._is_followed_by_more = True
            self._matting.cancel()
            self._is_followed_by_more = False
            self._editor.open_document(Document.for_photo(outcome.value))
            self.photo_shown.emit(outcome.value)
            self.find_people()

    @Slot(int, str, int, int)
    def _on_progressed(self, _ticket: int, stage: str, done: int, of: int) -> None:
        words = _STAGE_WORDS.get(stage, stage)
        if stage == "edges" and of > 0:
            words = f"{words} {min(done + 1, of)} of {of}"
        self.worked.emit(words, done, of)

    @Slot(int, object)
    def _on_matted(self, _ticket: int, outcome: MattingOutcome) -> None:
        self._end(is_cancelled=outcome.is_cancelled)
        if outcome.error is not None:
            self.failed.emit(outcome.error)
        elif outcome.result is not None:
            self._add_people(outcome.result)
            self.people_found.emit(outcome.result)

    def _add_people(self, result: MattingResult) -> None:
        """Add people as if the document had been opened with them: nothing to undo."""
        document = self._editor.document
        if document is None or document.layers:
            return
        found = document_with_people(document.photo, result)

        def amend(state: Document) -> Document:
            if state.layers:  # before everybody was taken off the list
                return state
            return replace(state, layers=found.layers, next_number=found.next_number)

        self._editor.amend_opening(amend)

    def _end(self, *, is_cancelled: bool) -> None:
        """Say that nothing is under way, unless something is or follows at once."""
        if not self._is_followed_by_more and not self.is_busy:
            self.ended.emit(is_cancelled)
