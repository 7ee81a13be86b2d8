"""The steps of undo, without any window: whole documents that share what did not change."""

from collections.abc import Hashable
from dataclasses import dataclass, replace

from himapp.document.document import Document
from himapp.document.matte_tiles import MatteTiles

BUDGET_BYTES = 1 << 30
"""What the tiles of all steps together may take; the oldest steps go first."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of undo.

    Attributes:
        before: the document before it.
        after: the document after it.
        text: what the history shows, e.g. ``"Exposure of Person 2"``.
        merge_key: steps of one gesture carry the same key and become one; None never merges.
    """

    before: Document
    after: Document
    text: str
    merge_key: Hashable = None

    def try_merge(self, later: "Step") -> "Step | None":
        """Return one step for both if they belong to one gesture, else None."""
        if self.merge_key is None or self.merge_key != later.merge_key:
            return None
        return replace(self, after=later.after)

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs before and after."""
        return self.before.has_same_content(self.after)


class History:
    """A document with its past and its undone future."""

    def __init__(self, document: Document, *, budget_bytes: int = BUDGET_BYTES) -> None:
        self._start = document
        self._budget_bytes = budget_bytes
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._dropped_steps = 0
        self._gesture_is_open = False

    @property
    def document(self) -> Document:
        """The document as it is now."""
        return self._done[-1].after if self._done else self._start

    @property
    def undo_text(self) -> str | None:
        """What undo would take back; None if there is nothing."""
        return self._done[-1].text if self._done else None

    @property
    def redo_text(self) -> str | None:
        """What redo would do again; None if there is nothing."""
        return self._undone[-1].text if self._undone else None

    @property
    def dropped_steps(self) -> int:
        """How many of the oldest steps went to stay within the budget."""
        return self._dropped_steps

    def push(self, document: Document, text: str, merge_key: Hashable = None) -> None:
        """Make a document the current one, as a step of undo.

        A document that is the same as the current one leaves no step; nor does a gesture that
        comes back to where it began.
        """
        step = Step(self.document, document, text, merge_key)
        if step.is_empty:
            return
        self._undone.clear()
        merged = self._done[-1].try_merge(step) if self._gesture_is_open and self._done else None
        if merged is not None:
            self._done.pop()
        kept = self._append(merged or step)
        self._gesture_is_open = kept and merge_key is not None

    def end_gesture(self) -> None:
        """Let the next push start a step of its own, whatever its key."""
        self._gesture_is_open = False

    def undo(self) -> Document:
        """Go one step back, if there is one, and return the document."""
        self.end_gesture()
        if self._done:
            self._undone.append(self._done.pop())
        return self.document

    def redo(self) -> Document:
        """Go one undone step forward, if there is one, and return the document."""
        self.end_gesture()
        if self._undone:
            self._done.append(self._undone.pop())
        return self.document

    def _append(self, step: Step) -> bool:
        """Keep a step and return True, unless it is a gesture that undid itself."""
        if step.is_empty:
            return False
        self._done.append(step)
        while len(self._done) > 1 and count_tile_bytes(self._states()) > self._budget_bytes:
            self._start = self._done.pop(0).after
            self._dropped_steps += 1
        return True

    def _states(self) -> list[Document]:
        return [self._start, *(step.after for step in self._done)]


def count_tile_bytes(documents: list[Document]) -> int:
    """Return how much memory the matte tiles of documents take; a shared tile counts once."""
    mattes: dict[int, MatteTiles] = {}
    for document in documents:
        for layer in document.layers:
            mattes[id(layer.matte)] = layer.matte
            mattes[id(layer.original_matte)] = layer.original_matte
    tiles = {id(tile): tile.nbytes for matte in mattes.values() for tile in matte.own_tiles()}
    return sum(tiles.values())
