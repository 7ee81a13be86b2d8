"""Find people again in a document that has people: new mattes for them, and who was missed.

Data flow::

    found people ─ cut_mattes ─► found mattes ─┐ on any thread: it needs no document
    document ──────────────────────────────────┴─ find_again ─► document

Nobody loses an edit, and no pixel that was shared out by hand is shared out again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from himapp.document.document import Document
from himapp.document.edits import FoundPerson, find_centre_x, make_layer
from himapp.document.layers import PersonLayer
from himapp.document.matte_tiles import Matte, MatteTiles
from himapp.imaging.alpha_sums import limit_to_free

_LEAST_IOU: Final = 0.5
"""From this intersection over union on two mattes are one person's."""

_MOST: Final = 0.5
"""More than this share of a matte is most of it."""

_FEW_TILES: Final = 16
"""So many tiles are compared pixel by pixel; of more, every fourth row and column is enough."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FoundMatte:
    """Somebody who was found: the matte at its place in the photo, and how sure the network was."""

    matte: MatteTiles
    score: float


def cut_mattes(people: Iterable[FoundPerson], frame: tuple[int, int]) -> tuple[FoundMatte, ...]:
    """Return the mattes of found people from left to right, for :func:`find_again`.

    This is half of the work: about 60 ms for ten people in 24 megapixels.

    Args:
        people: everybody found in the photo.
        frame: the photo's ``(height, width)``.

    Raises:
        ValueError: a matte is not uint16 or does not lie inside the photo.
    """
    return tuple(
        FoundMatte(MatteTiles.from_array(x.alpha, frame, left=x.left, top=x.top), x.score)
        for x in sorted(people, key=find_centre_x)
    )


def find_again(document: Document, found: Sequence[FoundMatte]) -> Document:
    """Give people the mattes that a new search found, and add whom the list lacks.

    Who is the same person as somebody found, and whose matte is still as the network found it, gets
    the new matte and score and stays who they are in all else. Everybody else stays as they are:
    whose matte was changed by hand, who was not found again, and the several people whom the search
    took for one. Of those found who are nobody in the list, the ones of whom the people who stay
    leave most join below the others. Mattes that summed to at most one still do. If nothing is new,
    the result is the document itself.

    Args:
        document: what is edited.
        found: from left to right; their mattes sum to at most one.

    Raises:
        ValueError: the mattes belong to a photo of another size.
    """
    if any(person.matte.frame != document.frame.shape for person in found):
        raise ValueError(f"The mattes are not for a photo of {document.frame.shape}")
    mattes = [person.matte for person in found]
    matches = _match(document.layers, mattes)
    renewed = {document.layers[at].id for at in matches.values()}
    staying = [layer.matte for layer in document.layers if layer.id not in renewed]
    missed = {i for i, x in enumerate(mattes) if i not in matches and _is_free(x, staying)}
    limited = _limit({i: mattes[i] for i in sorted(matches.keys() | missed)}, staying)
    people = {i: FoundMatte(matte, found[i].score) for i, matte in limited.items()}
    after = _renew(document, {at: people[i] for i, at in matches.items()})
    return _add_below(after, [people[i] for i in sorted(missed)])


def _match(layers: Sequence[PersonLayer], mattes: Sequence[MatteTiles]) -> dict[int, int]:
    """Return whose new matte each one is: places in ``layers`` by places in ``mattes``.

    One that holds most of somebody else as well is nobody's: what is several people in the list,
    perhaps by hand, does not become one.
    """
    shared = np.array([[_sum_shared(layer.matte, x) for x in mattes] for layer in layers])
    shared = shared.reshape(len(layers), len(mattes))
    own = np.array([_sum_shared(layer.matte, layer.matte) for layer in layers])[:, None]
    iou = shared / np.maximum(own + [_sum_shared(x, x) for x in mattes] - shared, 1)
    holds = shared > _MOST * own
    holds_others = holds.sum(axis=0) - holds > 0
    is_as_found = np.array([layer.is_as_found for layer in layers], np.bool_)[:, None]
    return _pair_greedily(np.where(is_as_found & ~holds_others, iou, 0.0))


def _pair_greedily(iou: Values) -> dict[int, int]:
    """Return the row of each column that has one, the best pairs first."""
    rows: dict[int, int] = {}
    for place in np.argsort(-iou, axis=None, kind="stable"):
        row, column = divmod(int(place), iou.shape[1])
        if iou[row, column] < _LEAST_IOU:
            break
        if column not in rows and row not in rows.values():
            rows[column] = row
    return rows


def _sum_shared(matte: MatteTiles, other: MatteTiles) -> float:
    """Return the sum of the smaller alphas of two mattes, nearly; of one and itself, its sum."""
    if matte.bounds.intersect(other.bounds).is_empty:
        return 0.0
    places = matte.tiles.keys() & other.tiles.keys()
    step = 1 if len(places) <= _FEW_TILES else 4
    total = 0
    for place in places:
        tiles = (each.tiles[place][::step, ::step] for each in (matte, other))
        total += int(np.minimum(*tiles).sum(dtype=np.uint64))
    return float(total * step**2)


def _is_free(matte: MatteTiles, staying: Sequence[MatteTiles]) -> bool:
    """Whether those who stay leave most of a matte."""
    held = sum(_sum_shared(matte, other) for other in staying)
    return held < _MOST * _sum_shared(matte, matte)


def _limit(
    mattes: Mapping[int, MatteTiles], staying: Sequence[MatteTiles]
) -> dict[int, MatteTiles]:
    """Return mattes that sum to at most one with those who stay, who keep every pixel.

    Args:
        mattes: they sum to at most one among themselves.
        staying: the mattes of those who stay.
    """
    limited: dict[int, MatteTiles] = {}
    for key, matte in mattes.items():
        limited[key] = _limit_one(matte, staying, list(limited.values()))
    return limited


def _limit_one(
    matte: MatteTiles, staying: Sequence[MatteTiles], earlier: Sequence[MatteTiles]
) -> MatteTiles:
    """Return what those who stay leave of a matte, and where they are, those limited before it."""
    contested = matte.tiles.keys() & {place for other in staying for place in other.tiles}
    if not contested:
        return matte
    tiles = dict(matte.tiles)
    for place in contested:
        others = [each.tiles[place] for each in (*staying, *earlier) if place in each.tiles]
        tile = _limit_tile(tiles.pop(place), others)
        if tile is not None:
            tiles[place] = tile
    return MatteTiles.from_tiles(tiles, matte.frame)


def _limit_tile(tile: Matte, others: Sequence[Matte]) -> Matte | None:
    """Return what others leave of a tile: the tile itself if that is all of it, None if nothing."""
    free = limit_to_free(tile, 0, 0, [(other, 0, 0) for other in others])
    if not free.any():
        return None
    return tile if np.array_equal(free, tile) else free


def _renew(document: Document, people: Mapping[int, FoundMatte]) -> Document:
    """Return the document with new mattes; itself if they hold the same pixels as the old ones.

    Args:
        document: what is edited.
        people: by the place of the layer.
    """
    layers = list(document.layers)
    for at, person in people.items():
        if not _are_equal(layers[at].matte, person.matte):
            layers[at] = _give_matte(layers[at], person)
    new = tuple(layers)
    return document if new == document.layers else replace(document, layers=new)


def _give_matte(layer: PersonLayer, person: FoundMatte) -> PersonLayer:
    return replace(layer, matte=person.matte, original_matte=person.matte, score=person.score)


def _are_equal(matte: MatteTiles, other: MatteTiles) -> bool:
    if matte.tiles.keys() != other.tiles.keys():
        return False
    return all(np.array_equal(tile, other.tiles[place]) for place, tile in matte.tiles.items())


def _add_below(document: Document, people: Sequence[FoundMatte]) -> Document:
    """Add people below the others, numbered in this order, so that the list reads in order."""
    shown = [person for person in people if not person.matte.bounds.is_empty]
    if not shown:
        return document
    first = document.next_number
    new = [make_layer(x.matte, x.score, first + i) for i, x in enumerate(shown)]
    layers = (*reversed(new), *document.layers)
    return replace(document, layers=layers, next_number=first + len(new))
