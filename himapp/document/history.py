"""The steps of undo, without any window: whole documents that share what did not change."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy.typing as npt

from himapp.document.background import ImageBackground
from himapp.document.document import Document

BUDGET_BYTES = 1 << 30
"""What the mattes and background images of all steps together may take."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of undo.

    Attributes:
        before: the document before it.
        after: the document after it.
        text: what the menu shows after "Undo", e.g. ``"exposure of Person 2"``.
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


def drop_oldest(steps: Sequence[Step], budget_bytes: int = BUDGET_BYTES) -> Sequence[Step]:
    """Return the newest steps that fit into a budget, at least one; all of them if they do.

    Args:
        steps: the oldest first.
        budget_bytes: what their documents may take together.
    """
    while len(steps) > 1 and count_bytes(list_states(steps)) > budget_bytes:
        steps = steps[1:]
    return steps


def list_states(steps: Sequence[Step]) -> list[Document]:
    """Return every document that undo and redo lead to, the oldest first."""
    return [*(step.before for step in steps[:1]), *(step.after for step in steps)]


def count_bytes(documents: Sequence[Document]) -> int:
    """Return what mattes and background images take; what documents share counts once."""
    layers = {id(layer): layer for document in documents for layer in document.layers}
    pairs = [(layer.matte, layer.original_matte) for layer in layers.values()]
    mattes = {id(matte): matte for pair in pairs for matte in pair}
    arrays: dict[int, npt.NDArray[Any]] = {
        id(tile): tile for matte in mattes.values() for tile in matte.own_tiles()
    }
    images = [document.background for document in documents]
    pixels = [image.pixels for image in images if isinstance(image, ImageBackground)]
    arrays |= {id(image): image for image in pixels}
    return sum(array.nbytes for array in arrays.values())
