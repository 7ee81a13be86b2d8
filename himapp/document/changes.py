"""What differs between two documents, so that views refresh that and no more."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from himapp.document.background import BlurBackground, PhotoBackground
from himapp.document.document import Document
from himapp.document.layers import PersonLayer
from himapp.document.regions import EMPTY, Region

Aspect = Literal["name", "matte", "opacity", "visible", "adjustments"]
_ASPECTS: tuple[Aspect, ...] = ("name", "matte", "opacity", "visible", "adjustments")


@dataclass(frozen=True, slots=True)
class Changes:
    """The difference between two documents.

    Attributes:
        added: ids of layers only the later document has, bottom to top.
        removed: ids of layers only the earlier document has.
        changed: what of a layer changed, by the id of each layer that both have and that differs.
        order_changed: whether layers that both have stand in another order.
        background_changed: whether something else stands behind the people.
        photo_changed: whether it is another photo altogether.
        dirty: regions of the photo outside of which both render to the same pixels.
    """

    added: tuple[int, ...]
    removed: tuple[int, ...]
    changed: Mapping[int, frozenset[Aspect]]
    order_changed: bool
    background_changed: bool
    photo_changed: bool
    dirty: tuple[Region, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not (
            self.added
            or self.removed
            or self.changed
            or self.order_changed
            or self.background_changed
            or self.photo_changed
        )


def diff(before: Document, after: Document) -> Changes:
    """Compare two documents; shared parts cost nothing."""
    old = {layer.id: layer for layer in before.layers}
    new = {layer.id: layer for layer in after.layers}
    return Changes(
        added=tuple(i for i in new if i not in old),
        removed=tuple(i for i in old if i not in new),
        changed={i: _aspects(old[i], new[i]) for i in new if i in old and old[i] != new[i]},
        order_changed=[i for i in old if i in new] != [i for i in new if i in old],
        background_changed=before.background != after.background,
        photo_changed=before.photo is not after.photo,
        dirty=_find_dirty(before, after),
    )


def _aspects(old: PersonLayer, new: PersonLayer) -> frozenset[Aspect]:
    return frozenset(name for name in _ASPECTS if getattr(old, name) != getattr(new, name))


def _find_dirty(before: Document, after: Document) -> tuple[Region, ...]:
    if before.photo is not after.photo or before.background != after.background:
        return (after.frame,)
    if isinstance(after.background, BlurBackground) and _mattes(before) != _mattes(after):
        return (after.frame,)  # the blur leaves out the people, wherever they are
    over_photo = isinstance(after.background, PhotoBackground)
    ids = {layer.id: None for layer in before.layers + after.layers}
    found = [_dirty_of_layer(before, after, layer_id, over_photo=over_photo) for layer_id in ids]
    return tuple(region for region in found if not region.is_empty)


def _mattes(document: Document) -> set[int]:
    return {id(layer.matte) for layer in document.layers}


def _dirty_of_layer(
    before: Document, after: Document, layer_id: int, *, over_photo: bool
) -> Region:
    """Return where one layer's change shows; order shows only over another background."""
    old, new = _index_and_layer(before, layer_id), _index_and_layer(after, layer_id)
    if old is not None and new is not None:
        moved = old[0] != new[0] and not over_photo
        aspects = _aspects(old[1], new[1]) - {"name"}
        if not aspects and not moved:
            return EMPTY
        if aspects == {"matte"} and _is_only_toned(new[1], over_photo=over_photo):
            return old[1].matte.changed_region(new[1].matte)
    traces = [
        place[1].bounds
        for place in (old, new)
        if place is not None and (place[1].edits_photo if over_photo else place[1].is_drawn)
    ]
    return traces[0].unite(traces[-1]) if traces else EMPTY


def _is_only_toned(layer: PersonLayer, *, over_photo: bool) -> bool:
    """Whether a pixel depends on the matte at that very pixel alone."""
    return over_photo and layer.edits_photo and layer.adjustments.blur_px == 0


def _index_and_layer(document: Document, layer_id: int) -> tuple[int, PersonLayer] | None:
    for index, layer in enumerate(document.layers):
        if layer.id == layer_id:
            return index, layer
    return None
