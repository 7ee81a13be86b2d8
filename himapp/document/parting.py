"""Split a person into several, and merge several into one; nothing of a matte is lost or doubled.

Parts share out the pixels of the matte: their alphas sum to what it was, bit for bit. The matte as
the network found it is shared out the same way, so that "reset matte" does not bring back a whole.
"""

from collections.abc import Collection
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from himapp.document.document import Document
from himapp.document.layers import PersonLayer
from himapp.document.matte_tiles import ALPHA_MAX, MatteTiles
from himapp.document.regions import Region
from himapp.imaging.alpha_parts import SOLID_ALPHA, Labels, assign_to_nearest, find_parts

Point = tuple[float, float]
"""``(x, y)`` in photo pixels."""

_CUT_PX = 3
"""A cut so wide is not crossed by pixels that touch at corners."""


def split_into_parts(document: Document, layer_id: int) -> Document:
    """Make a person of every connected part of a matte; the largest one stays the person.

    The others follow below it, numbered from left to right, with the same edits. Soft pixels and
    specks go to the nearest part. A person in one piece is no change.

    Raises:
        ValueError: no layer has the id.
    """
    layer = document.find_layer(layer_id)
    area = _area_of(layer)
    labels = assign_to_nearest(find_parts(layer.matte.read_region(area) >= SOLID_ALPHA))
    return _share_out(document, layer, labels, area)


def split_by_line(document: Document, layer_id: int, start: Point, end: Point) -> Document:
    """Make two people of what a drawn line parts; the larger one stays the person.

    A line that ends inside the matte goes on to its edge. Parts that it does not cross go to the
    nearest side. A line that parts nothing is no change.

    Args:
        document: the document.
        layer_id: whom to split.
        start: ``(x, y)`` in photo pixels.
        end: ``(x, y)`` in photo pixels.

    Raises:
        ValueError: no layer has the id.
    """
    layer = document.find_layer(layer_id)
    area = _area_of(layer)
    if area.is_empty or start == end:
        return document
    is_solid = layer.matte.read_region(area) >= SOLID_ALPHA
    a, b = (np.array((x - area.x, y - area.y), np.float64) for x, y in (start, end))
    sides = _find_sides(is_solid, _lengthen(is_solid, a, b), _lengthen(is_solid, b, a))
    return _share_out(document, layer, assign_to_nearest(sides), area)


def merge_people(document: Document, layer_ids: Collection[int]) -> Document:
    """Make one person of several; alphas add up to at most one.

    It stays the person with the lowest number, in their place, with their name and edits, and is
    shown if one of them was. Fewer than two people are no change.

    Raises:
        ValueError: a layer does not exist.
    """
    layers = sorted((document.find_layer(i) for i in set(layer_ids)), key=lambda item: item.number)
    if len(layers) < 2:
        return document
    first = layers[0]
    matte = _add_up([layer.matte for layer in layers])
    are_found = all(layer.matte is layer.original_matte for layer in layers)
    merged = replace(
        first,
        matte=matte,
        original_matte=matte if are_found else _add_up([x.original_matte for x in layers]),
        score=max(layer.score for layer in layers),
        visible=any(layer.visible for layer in layers),
        is_parted=True,
    )
    gone = {layer.id for layer in layers[1:]}
    kept = (layer for layer in document.layers if layer.id not in gone)
    return replace(document, layers=tuple(merged if x.id == first.id else x for x in kept))


def _area_of(layer: PersonLayer) -> Region:
    """Return where the matte is, now or as the network found it."""
    return layer.matte.bounds.unite(layer.original_matte.bounds)


def _find_sides(is_solid: npt.NDArray[np.bool_], a: Point, b: Point) -> Labels:
    """Return the parts that a line crosses: 1 on its larger side, 2 on the other; else 0.

    Without two sides nothing has a number.
    """
    whole = find_parts(is_solid)
    line = np.zeros(is_solid.shape, np.uint8)
    ends = [(round(x), round(y)) for x, y in (a, b)]
    cv2.line(line, ends[0], ends[1], 1, _CUT_PX)
    is_crossed = np.zeros(int(whole.max(initial=0)) + 1, np.bool_)
    is_crossed[whole[line > 0]] = True
    is_crossed[0] = False
    pieces = find_parts(is_crossed[whole] & (line == 0))
    # A piece is on the side where most of it lies: the line need not go as far as it does.
    areas = np.bincount(pieces.ravel(), minlength=1)
    left_areas = np.bincount(pieces[_left_of(pieces.shape, a, b)], minlength=len(areas))
    areas[0] = left_areas[0] = 0
    is_left = 2 * left_areas > areas
    left, right = int(areas[is_left].sum()), int(areas[~is_left].sum())
    if not left or not right:
        return np.zeros_like(pieces)
    numbers = np.where(is_left == (left >= right), np.int32(1), np.int32(2))
    numbers[0] = 0
    sides: Labels = numbers[pieces]
    return sides


def _left_of(shape: tuple[int, ...], a: Point, b: Point) -> npt.NDArray[np.bool_]:
    """Return which pixels lie on one side of the straight line through two points."""
    x, y = np.arange(shape[1]) - a[0], np.arange(shape[0]) - a[1]
    is_left: npt.NDArray[np.bool_] = x * (b[1] - a[1]) > (y * (b[0] - a[0]))[:, None]
    return is_left


def _lengthen(
    is_solid: npt.NDArray[np.bool_], end: npt.NDArray[np.float64], other: npt.NDArray[np.float64]
) -> Point:
    """Return the end of a line, moved on to the edge of the matte if it lies inside."""
    step = (end - other) / np.linalg.norm(end - other)
    height, width = is_solid.shape
    x, y = end
    while 0 <= x < width and 0 <= y < height and is_solid[int(y), int(x)]:
        x, y = x + step[0], y + step[1]
    return float(x), float(y)


def _share_out(document: Document, layer: PersonLayer, labels: Labels, area: Region) -> Document:
    """Return the document with a person's pixels shared out by number; number 1 stays."""
    others = _from_left_to_right(labels)
    if not others:
        return document
    number = document.next_number
    parts = []
    for offset, label in enumerate(others):
        part = _keep_part(layer, labels == label, area)
        own = number + offset
        parts.append(replace(part, id=own, number=own, name=f"Person {own}", colour_index=own - 1))
    stays = _keep_part(layer, labels == 1, area)
    at = document.layers.index(layer)
    layers = (*document.layers[:at], *reversed(parts), stays, *document.layers[at + 1 :])
    return replace(document, layers=layers, next_number=number + len(parts))


def _from_left_to_right(labels: Labels) -> list[int]:
    """Return the numbers above 1 by the mean column of their pixels."""
    count = int(labels.max(initial=0))
    columns = [float(np.nonzero(labels == label)[1].mean()) for label in range(2, count + 1)]
    return [2 + int(index) for index in np.argsort(columns, kind="stable")]


def _keep_part(layer: PersonLayer, is_kept: npt.NDArray[np.bool_], area: Region) -> PersonLayer:
    """Return a person with some pixels of the matte, now and as the network found it."""
    matte = _keep(layer.matte, is_kept, area)
    is_changed = layer.matte is not layer.original_matte
    original = _keep(layer.original_matte, is_kept, area) if is_changed else matte
    return replace(layer, matte=matte, original_matte=original, is_parted=True)


def _keep(tiles: MatteTiles, is_kept: npt.NDArray[np.bool_], area: Region) -> MatteTiles:
    alpha = np.where(is_kept, tiles.read_region(area), np.uint16(0))
    return MatteTiles.from_array(alpha, tiles.frame, left=area.x, top=area.y)


def _add_up(mattes: list[MatteTiles]) -> MatteTiles:
    """Return min(1, sum) of mattes."""
    merged = mattes[0]
    for matte in mattes[1:]:
        area = matte.bounds
        total = merged.read_region(area).astype(np.uint32) + matte.read_region(area)
        alpha = np.minimum(total, ALPHA_MAX).astype(np.uint16)
        merged = merged.replace_region(alpha, left=area.x, top=area.y)
    return merged
