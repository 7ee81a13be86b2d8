"""Point at people: add who was missed, take away what is wrong; asked in the background."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Signal, Slot

from himapp.document.document import Document
from himapp.document.edits import add_person, remove_layer, set_matte
from himapp.document.layers import PersonLayer
from himapp.document.matte_tiles import MatteTiles
from himapp.document.regions import Region
from himapp.gui.editor import Editor
from himapp.gui.people import find_selected
from himapp.inference.prompts import BoxPrompt, PointPrompt, Prompt
from himapp.inference.session import InstanceMatte
from himapp.workers.matting_worker import (
    AddRequest,
    ExcludeRequest,
    MattingService,
    PromptOutcome,
    PromptRequest,
)

_STAGE_WORDS: Final = {
    "load": "Loading the network",
    "find": "Looking there",
    "edges": "Finding the edges",
}
_NOBODY_AT_CLICK: Final = (
    "No person was found there. Click nearer to their middle, or drag a box around them."
)
_NOBODY_IN_BOX: Final = "No person was found in this box. Draw it closer around one person."
_LEAST_BOX_PX = 4


@dataclass(frozen=True, slots=True)
class _Wish:
    """What was asked, about which document, and what to do with the answer."""

    document: Document
    take: Callable[[InstanceMatte | None], None]


class Pointing(QObject):
    """Turns clicks and boxes into people, and excluded places into smaller mattes.

    Who points faster than the answers come is answered one by one.

    Signals:
        asked: ``(x0, y0, x1, y1)``, the box or the twice same place that is looked at.
        noted: a sentence about an answer that is no edit, or more than one would think.
        worked: ``(text, done, of)`` while something is under way.
        failed: one sentence.
        ended: nothing is under way any more; ``True`` if it was withdrawn.
    """

    asked = Signal(float, float, float, float)
    noted = Signal(str)
    worked = Signal(str, int, int)
    failed = Signal(str)
    ended = Signal(bool)

    def __init__(
        self, editor: Editor, matting: MattingService, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._editor = editor
        self._matting = matting
        self._wish: _Wish | None = None
        self._next: deque[Callable[[], None]] = deque()
        matting.prompt_progressed.connect(self._on_progressed)
        matting.answered.connect(self._on_answered)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is waited for."""
        return self._wish is not None

    def cancel(self) -> None:
        """Withdraw the question under way and those behind it."""
        self._next.clear()
        if self._wish is not None:
            self._matting.cancel()

    def shutdown(self) -> None:
        """Withdraw the question; the thread belongs to the search for people."""
        self.cancel()

    @Slot(float, float, bool)
    def point_at(self, x: float, y: float, exclude: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Add the person at a photo point, or take what is there from a person."""
        self._do_in_turn(partial(self.exclude if exclude else self.add_at, x, y))

    def add_at(self, x: float, y: float) -> None:
        """Add the person at a photo point; who is in the list already is selected."""
        document = self._editor.document
        if document is None:
            return
        known = document.person_at(int(x), int(y))
        if known is not None:
            self._editor.select([known])
            self.noted.emit(
                f"{document.find_layer(known).name} is in the list already."
                " Alt-click takes a place away from them."
            )
            return
        self._ask_to_add(document, PointPrompt(((x, y),)), _NOBODY_AT_CLICK)
        self.asked.emit(x, y, x, y)

    @Slot(float, float, float, float)
    def draw_box(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Add the person inside a box that was drawn."""
        self._do_in_turn(partial(self.add_in_box, x0, y0, x1, y1))

    def add_in_box(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Add the person whom a box given by two opposite corners surrounds."""
        document = self._editor.document
        box = min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
        if document is None:
            return
        if min(box[2] - box[0], box[3] - box[1]) < _LEAST_BOX_PX:
            self.noted.emit("This box is too small. Drag it around the whole person.")
            return
        self._ask_to_add(document, BoxPrompt(box), _NOBODY_IN_BOX)
        self.asked.emit(*box)

    def exclude(self, x: float, y: float) -> None:
        """Take what is at a photo point from a selected person there, else from the topmost."""
        document = self._editor.document
        layer = self._find_person(x, y)
        if document is None or layer is None:
            self.noted.emit("Nobody in the list is there, so there is nothing to take away.")
            return

        def take(matte: InstanceMatte | None) -> None:
            self._take_rest(layer, matte)

        request = ExcludeRequest(document.photo.pixels, (x, y), _matte_of(layer))
        self._ask(request, _Wish(document, take))
        self.asked.emit(x, y, x, y)

    def _do_in_turn(self, do: Callable[[], None]) -> None:
        """Do something now, or after what is under way and what waits already."""
        self._next.append(do)
        self._go_on()

    def _go_on(self) -> None:
        while self._next and not self.is_busy:
            self._next.popleft()()

    def _find_person(self, x: float, y: float) -> PersonLayer | None:
        document, spot = self._editor.document, Region(int(x), int(y), 1, 1)
        for layer in find_selected(self._editor):
            if layer.matte.read_region(spot).any():
                return layer
        found = document.person_at(int(x), int(y)) if document is not None else None
        return document.find_layer(found) if document is not None and found is not None else None

    def _ask_to_add(self, document: Document, prompt: Prompt, if_nobody: str) -> None:
        def take(matte: InstanceMatte | None) -> None:
            self._take_person(matte, if_nobody)

        others = tuple(_matte_of(x) for x in document.layers if not x.matte.bounds.is_empty)
        self._ask(AddRequest(document.photo.pixels, prompt, others), _Wish(document, take))

    def _ask(self, request: PromptRequest, wish: _Wish) -> None:
        self._matting.ask(request)  # withdraws the question before, and with it its wish
        self._wish = wish
        self.worked.emit(_STAGE_WORDS["find"], 0, 1)

    @Slot(int, str, int, int)
    def _on_progressed(self, _ticket: int, stage: str, done: int, of: int) -> None:
        self.worked.emit(_STAGE_WORDS.get(stage, stage), done, of)

    @Slot(int, object)
    def _on_answered(self, _ticket: int, outcome: PromptOutcome) -> None:
        wish, self._wish = self._wish, None
        self.ended.emit(outcome.is_cancelled)
        document = self._editor.document
        if outcome.is_cancelled or document is None or wish is None:
            self._next.clear()
            return
        if outcome.error is not None:
            self._next.clear()
            self.failed.emit(outcome.error)
        elif document.photo is wish.document.photo:
            wish.take(outcome.matte)
        self._go_on()

    def _take_person(self, matte: InstanceMatte | None, if_nobody: str) -> None:
        document = self._editor.document
        if document is None:
            return
        after = add_person(document, matte) if matte is not None else document
        if after is document:
            self.noted.emit(if_nobody)
            return
        number = document.next_number
        self._apply(after, f"addition of {after.find_layer(number).name}")
        self._editor.select([number])

    def _take_rest(self, layer: PersonLayer, rest: InstanceMatte | None) -> None:
        """Give a person the matte that is left of theirs, or take them off the list."""
        document = self._editor.document
        if document is None or all(x.matte is not layer.matte for x in document.layers):
            self.noted.emit(f"{layer.name} changed meanwhile, so nothing was taken away.")
            return
        if rest is None:
            self._apply(remove_layer(document, layer.id), f"removal of {layer.name}")
            self.noted.emit(
                f"Without this place nothing is left of {layer.name}, who was taken off the list."
                " Undo brings them back."
            )
            return
        frame = document.frame.shape
        matte = MatteTiles.from_array(rest.alpha, frame, left=rest.left, top=rest.top)
        self._apply(set_matte(document, layer.id, matte), f"exclusion from {layer.name}")
        self._editor.select([layer.id])

    def _apply(self, document: Document, text: str) -> None:
        self._editor.end_gesture()
        self._editor.apply(document, text)


def _matte_of(layer: PersonLayer) -> InstanceMatte:
    """Return a layer's matte as inference takes it."""
    area = layer.matte.bounds
    box = (float(area.x), float(area.y), float(area.right), float(area.bottom))
    return InstanceMatte(layer.matte.to_array(), area.x, area.y, layer.score, box)
