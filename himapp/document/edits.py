"""Every edit: a pure function from a document to a document.

An edit that changes nothing returns the document it was given, so that undo holds no empty steps.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from himapp.document.adjustments import NEUTRAL, AdjustmentName, Adjustments
from himapp.document.background import Background
from himapp.document.document import Document
from himapp.document.layers import PersonLayer
from himapp.document.matte_tiles import MatteTiles
from himapp.document.regions import Region
from himapp.imaging.alpha_sums import limit_to_free


class FoundPerson(Protocol):
    """One person's matte as inference hands it over, cropped to the person."""

    @property
    def alpha(self) -> npt.NDArray[np.uint16]:
        """Uint16 ``[h, w]``, 65535 = fully this person."""

    @property
    def left(self) -> int:
        """Column of the crop's first pixel in the photo."""

    @property
    def top(self) -> int:
        """Row of the crop's first pixel in the photo."""

    @property
    def score(self) -> float:
        """How sure the network was, 0..1."""


def add_person_layers(document: Document, people: Iterable[FoundPerson]) -> Document:
    """Add people on top, named and numbered left to right by the centre of their mattes.

    Raises:
        ValueError: a matte is not uint16 or does not lie inside the photo.
    """
    found = sorted(people, key=find_centre_x)
    first = document.next_number
    mattes = [_make_matte(document, person) for person in found]
    new = tuple(
        make_layer(matte, person.score, first + i)
        for i, (matte, person) in enumerate(zip(mattes, found, strict=True))
    )
    if not new:
        return document
    return replace(document, layers=document.layers + new, next_number=first + len(new))


def add_person(document: Document, person: FoundPerson) -> Document:
    """Add a person with the next number below the others, so that the list reads in order.

    The others keep every pixel they have: the person takes at most what they leave, and where they
    leave nothing the document stays as it is.

    Raises:
        ValueError: the matte is not uint16 or does not lie inside the photo.
    """
    height, width = person.alpha.shape
    area = Region(person.left, person.top, width, height)
    shared = [(layer.matte, layer.bounds.intersect(area)) for layer in document.layers]
    crops = [(matte.read_region(part), part.x, part.y) for matte, part in shared]
    free = limit_to_free(person.alpha, area.x, area.y, crops)
    matte = MatteTiles.from_array(free, document.frame.shape, left=area.x, top=area.y)
    if matte.bounds.is_empty:
        return document
    layers = (make_layer(matte, person.score, document.next_number), *document.layers)
    return replace(document, layers=layers, next_number=document.next_number + 1)


def rename(document: Document, layer_id: int, name: str) -> Document:
    """Give a person another name; one of blanks only is no change."""
    name = name.strip()
    if not name:
        return document
    return _change_layer(document, layer_id, lambda layer: replace(layer, name=name))


def set_visible(document: Document, layer_id: int, *, visible: bool) -> Document:
    """Turn a person's eye on or off."""
    return _change_layer(document, layer_id, lambda layer: replace(layer, visible=visible))


def show_only(document: Document, *layer_ids: int) -> Document:
    """Turn on these people's eyes and turn off all others; if that is so already, turn on all."""
    for layer_id in layer_ids:
        document.find_layer(layer_id)
    alone = all(layer.visible == (layer.id in layer_ids) for layer in document.layers)
    layers = [replace(item, visible=alone or item.id in layer_ids) for item in document.layers]
    return _with_layers(document, layers)


def set_opacity(document: Document, layer_id: int, opacity: float) -> Document:
    """Set a person's opacity, 0..1."""
    return _change_layer(document, layer_id, lambda layer: replace(layer, opacity=opacity))


def set_adjustments(document: Document, layer_id: int, adjustments: Adjustments) -> Document:
    """Set all edits of a person."""
    return _change_layer(document, layer_id, lambda layer: replace(layer, adjustments=adjustments))


def set_adjustment(
    document: Document, layer_id: int, name: AdjustmentName, value: float
) -> Document:
    """Set one edit of a person.

    Raises:
        ValueError: the value is out of the edit's range.
    """
    adjustments = document.find_layer(layer_id).adjustments
    values = {field.name: getattr(adjustments, field.name) for field in fields(adjustments)}
    return set_adjustments(document, layer_id, Adjustments(**(values | {name: value})))


def reset_adjustment(document: Document, layer_id: int, name: AdjustmentName) -> Document:
    """Set one edit of a person back to where it changes nothing."""
    return set_adjustment(document, layer_id, name, getattr(NEUTRAL, name))


def set_matte(document: Document, layer_id: int, matte: MatteTiles) -> Document:
    """Give a person another matte.

    Raises:
        ValueError: the matte belongs to a photo of another size.
    """
    if matte.frame != document.frame.shape:
        raise ValueError(f"The matte is for {matte.frame}, the photo is {document.frame.shape}")
    return _change_layer(document, layer_id, lambda layer: replace(layer, matte=matte))


def reset_matte(document: Document, layer_id: int) -> Document:
    """Give a person the matte back that the network found."""
    return set_matte(document, layer_id, document.find_layer(layer_id).original_matte)


def reorder(document: Document, layer_id: int, index: int) -> Document:
    """Move a person in the stack; index 0 is the bottom, beyond the ends means the end."""
    layer = document.find_layer(layer_id)
    rest = [other for other in document.layers if other.id != layer_id]
    index = min(max(index, 0), len(rest))
    return _with_layers(document, [*rest[:index], layer, *rest[index:]])


def remove_layer(document: Document, layer_id: int) -> Document:
    """Take a person out of the list; over the original background they stay in the photo."""
    document.find_layer(layer_id)
    return _with_layers(document, [layer for layer in document.layers if layer.id != layer_id])


def set_background(document: Document, background: Background) -> Document:
    """Put something else behind the people."""
    if document.background == background:
        return document
    return replace(document, background=background)


def find_centre_x(person: FoundPerson) -> float:
    """Return the matte's mean column; that of the crop if alpha is 0 everywhere."""
    weights = person.alpha.sum(axis=0, dtype=np.float64)
    if not weights.any():
        return float(person.left + person.alpha.shape[1] / 2)
    centre = np.average(np.arange(weights.size) + 0.5, weights=weights)
    return float(person.left + centre)


def make_layer(matte: MatteTiles, score: float, number: int) -> PersonLayer:
    """Return a person as found, with the name and colour of their number."""
    return PersonLayer(
        id=number,
        number=number,
        name=f"Person {number}",
        matte=matte,
        original_matte=matte,
        score=score,
        colour_index=number - 1,
    )


def _make_matte(document: Document, person: FoundPerson) -> MatteTiles:
    frame = document.frame.shape
    return MatteTiles.from_array(person.alpha, frame, left=person.left, top=person.top)


def _change_layer(
    document: Document, layer_id: int, change: Callable[[PersonLayer], PersonLayer]
) -> Document:
    document.find_layer(layer_id)
    layers = [change(layer) if layer.id == layer_id else layer for layer in document.layers]
    return _with_layers(document, layers)


def _with_layers(document: Document, layers: Sequence[PersonLayer]) -> Document:
    new = tuple(layers)
    return document if new == document.layers else replace(document, layers=new)
