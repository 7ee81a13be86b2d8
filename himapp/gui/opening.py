"""From a path to a document with people: read on one thread, then mat on another."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal, Slot

from himapp.document.document import Document
from himapp.document.project_file import is_project
from himapp.document.refinding import FoundMatte, cut_mattes, find_again
from himapp.errors import PhotoError
from himapp.gui.editor import Editor
from himapp.gui.opened_file import FileWish, OpenedFile, PhotoQuestion, read_file
from himapp.gui.people import describe_finding
from himapp.imaging.photo_io import PHOTO_SUFFIXES, list_photos
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

MayLeave = Callable[[Callable[[], object]], bool]
"""Asks whether edits may be lost, and calls what it was given later if they are saved first."""


class PhotoOpening(QObject):
    """Opens photos and projects and finds people in photos, the newest wish winning.

    Signals:
        file_opened: the :class:`OpenedFile`; its document is the editor's by then.
        photo_asked: a :class:`PhotoQuestion`; the document that is open stays.
        gave_up: the :class:`FileWish` that was not opened in the end.
        people_found: the :class:`MattingResult`; the people are in the document by then.
        people_found_again: as ``people_found``, but with people listed before; and a sentence about
            what is new.
        failed: one sentence.
        worked: ``(text, done, of)`` while something is under way.
        ended: nothing is under way any more; ``True`` if a search for people was withdrawn.
    """

    file_opened = Signal(object)
    photo_asked = Signal(object)
    gave_up = Signal(object)
    people_found = Signal(object)
    people_found_again = Signal(object, str)
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
        self._wish: FileWish | None = None
        self._given_up: Document | None = None
        self._may_leave: MayLeave = _leave_at_once

    def ask_before_leaving(self, may_leave: MayLeave) -> None:
        """Ask so about edits that are made while a file is being read."""
        self._may_leave = may_leave

    @property
    def is_busy(self) -> bool:
        """Whether a photo is being read or people are being found."""
        return self._reader.is_busy or self._is_finding

    @property
    def _is_finding(self) -> bool:
        return self._matting.is_busy and not self._matting.is_answering

    def open_first(self, paths: Sequence[Path]) -> str | None:
        """Open the first photo or project that paths and folders stand for.

        Returns:
            A sentence about what was not opened; None if there is nothing to say.
        """
        try:
            photos = [photo for path in paths for photo in list_photos(path)]
        except PhotoError as error:
            self.failed.emit(str(error))
            return None
        photos = _prefer_known(photos)
        if not photos:
            self.failed.emit("There are no photos in this folder.")
            return None
        self.open(photos[0])
        if len(photos) == 1:
            return None
        name = display_name(photos[0])
        return f"“{name}” is open, the first of {len(photos)} photos; one is edited at a time."

    def open(self, path: Path) -> None:
        """Open a photo, and find its people, or a project."""
        self.read(FileWish(path))

    def read(self, wish: FileWish) -> None:
        """Read a file in the background and show it.

        The document that is open stays as it is, and so does the search for its people, until the
        new one is read: it may turn out to be damaged. That it may be left as it is was asked
        before; about what is edited from now on is asked when the new one is there.
        """

        def work(_report: Report, cancel: CancelToken) -> OpenedFile | PhotoQuestion:
            opened = read_file(wish)
            cancel.raise_if_cancelled()
            return opened

        self._is_followed_by_more = True
        self._reader.run(work)
        self._is_followed_by_more = False
        self._wish, self._given_up = wish, self._editor.document
        name = wish.path.name if wish.left is None else wish.left.name
        self.worked.emit(f"Opening {display_name(Path(name))}", 0, 1)

    def give_up(self, wish: FileWish) -> None:
        """Say that a file will not be opened."""
        self.gave_up.emit(wish)

    def find_people(self) -> None:
        """Find the people of the open photo; what is new beside those listed is a step of undo."""
        document = self._editor.document
        if document is None:
            return
        prepare = partial(_cut_found, document.frame.shape) if document.layers else None
        self._matting.request(document.photo.pixels, prepare)
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
        wish, self._wish = self._wish, None
        if isinstance(outcome.value, OpenedFile) and self._show_if_agreed(outcome.value):
            return
        self._end(is_cancelled=False)
        if isinstance(outcome.value, PhotoQuestion):
            self.photo_asked.emit(outcome.value)
            return
        if outcome.error is not None:
            self.failed.emit(outcome.error)
            if self._is_finding:
                self.worked.emit(_STAGE_WORDS["find"], 0, 1)
        if wish is not None:
            self.give_up(wish)

    def _show_if_agreed(self, opened: OpenedFile) -> bool:
        """Show what was read, unless it would cost edits that were made meanwhile."""
        given_up, self._given_up = self._given_up, None
        is_agreed = self._editor.document is given_up or self._may_leave(
            partial(self._show_if_agreed, opened)
        )
        if is_agreed:
            self._show(opened)
        return is_agreed

    def _show(self, opened: OpenedFile) -> None:
        self._is_followed_by_more = True
        self._matting.cancel()
        self._is_followed_by_more = False
        self._editor.open_document(opened.document, derived=opened.derived)
        self.file_opened.emit(opened)
        if opened.project is None and opened.left is None:
            self.find_people()
        else:
            self._end(is_cancelled=False)

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
        elif outcome.result is not None and outcome.prepared is not None:
            self._renew_people(outcome.result, outcome.prepared)
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

    def _renew_people(self, result: MattingResult, found: Sequence[FoundMatte]) -> None:
        """Join people to those in the list now: edits made during the search stay."""
        before = self._editor.document
        if before is None:
            return
        after = find_again(before, found)
        self._editor.end_gesture()
        self._editor.apply(after, "finding people again")
        self.people_found_again.emit(result, describe_finding(before, after))

    def _end(self, *, is_cancelled: bool) -> None:
        """Say that nothing is under way, unless something is or follows at once."""
        if not self._is_followed_by_more and not self.is_busy:
            self.ended.emit(is_cancelled)


def _cut_found(frame: tuple[int, int], result: MattingResult) -> tuple[FoundMatte, ...]:
    return cut_mattes(result.people, frame)


def _prefer_known(paths: list[Path]) -> list[Path]:
    """Return those that are named like photos and projects, if any: side files are not meant."""
    known = [path for path in paths if is_project(path) or path.suffix.lower() in PHOTO_SUFFIXES]
    return known or paths


def _leave_at_once(_then: Callable[[], object]) -> bool:
    return True
