"""Look at a crowd or a panorama again, in tiles: small people need more pixels than one look has.

The photo is laid on a finer grid and cut into overlapping tiles, each of the size that the network
knows. Whoever an inner border of a tile cuts is left to the tile, or to the first look, that holds
them whole. What several looks found is one person where the mattes mostly cover each other.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from himapp.imaging.geometry import Window
from himapp.imaging.photo import PixelArray
from himapp.inference.devices import Prediction
from himapp.inference.postprocess import Candidate, select_people
from himapp.inference.preprocess import prepare_input
from himapp.inference.session import CancelToken

_Floats = npt.NDArray[np.float32]
_Masks = npt.NDArray[np.bool_]

# A photo of so many people, or of a few of whom half are lower than this share of the long side,
# is a crowd. Ten people of the usual height in a group photo are none, and cost nothing more.
_MANY = 20
_SOME = 5
_LOW_SHARE = 0.14
# A crowd's grid has at most twice the pixels a side: four to six tiles, and mattes that fit.
_FINER = 2.0
# A photo so many times as long as high is a panorama, in which one look may see nobody at all. Its
# grid has this share of a look on the short side, and at most so many looks on the long one.
_PANORAMA = 3.0
_SHORT_SHARE = 0.6
_FINEST = 10.0
# People lower than this are whole in some tile.
_OVERLAP_SHARE = 0.35
_SAME_SHARE = 0.6
_SOLID = 0.5
_CUT_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class CrowdMember:
    """Somebody on the fine grid, cropped.

    Attributes:
        crop: alpha float32 ``[h, w]``.
        window: where the crop lies on the grid.
        grid: the grid's height and width.
        score: the network's confidence, 0..1.
        box: ``(x0, y0, x1, y1)`` in photo pixels.
    """

    crop: _Floats
    window: Window
    grid: tuple[int, int]
    score: float
    box: tuple[float, float, float, float]

    @property
    def alpha(self) -> _Floats:
        """The matte on the whole grid ``[H, W]``, made anew each time: a hundred would not fit."""
        whole = np.zeros(self.grid, np.float32)
        whole[self.window.slices] = self.crop
        return whole

    @property
    def area(self) -> int:
        """Number of grid pixels that mostly belong to the person."""
        return int(np.count_nonzero(self.crop > _SOLID))

    @property
    def centre_x(self) -> float:
        """Column of the matte's centre on the grid."""
        columns = self.crop.sum(0, dtype=np.float64)
        return self.window.left + float(columns @ np.arange(len(columns)) / columns.sum())


def is_crowd(people: Sequence[Candidate], pixels: PixelArray) -> bool:
    """Tell whether the first look found so many or so small people that a second one pays."""
    if len(people) < _SOME:
        return False
    heights = [person.box[3] - person.box[1] for person in people]
    return len(people) >= _MANY or float(np.median(heights)) < _LOW_SHARE * max(pixels.shape[:2])


def is_panorama(pixels: PixelArray) -> bool:
    """Tell whether a photo is so long that one look has too few pixels for its short side."""
    return bool(max(pixels.shape[:2]) >= _PANORAMA * min(pixels.shape[:2]))


class CrowdLook:
    """Looks at a photo in tiles and joins what they and the first look found."""

    def __init__(
        self,
        pixels: PixelArray,
        side: int,
        threshold: float,
        predict: Callable[[npt.NDArray[np.float32]], Prediction],
    ) -> None:
        """Lay the photo on the finer grid.

        Args:
            pixels: uint8 or uint16 ``[H, W, 3]``.
            side: longer side of a tile in the network's pixels.
            threshold: least score.
            predict: the network, for one input ``[3, h, w]``.
        """
        self.model_input = prepare_input(pixels, round(_finer_than_one_look(pixels) * side))
        self._pixels, self._side, self._threshold = pixels, side, threshold
        self._predict = predict

    @property
    def grid(self) -> tuple[int, int]:
        """Height and width of the finer grid."""
        placement = self.model_input.placement
        return placement.content_height, placement.content_width

    def find(
        self,
        first: Sequence[Candidate],
        *,
        progress: Callable[[int, int], None],
        cancel: CancelToken,
    ) -> list[CrowdMember]:
        """Return everybody, from left to right by the centre of the matte.

        Args:
            first: what the first look found.
            progress: called as ``progress(done, of)`` after each tile.
            cancel: looked at before each tile.

        Raises:
            Cancelled: the token was cancelled.
        """
        known = [member for person in first if (member := self._bring(person))]
        places = [] if is_panorama(self._pixels) else [member.window for member in known]
        tiles = plan_tiles(self.grid, self._side, places)
        found: list[CrowdMember] = []
        for number, tile in enumerate(tiles, start=1):
            cancel.raise_if_cancelled()
            found += self._look_at(tile)
            progress(number, len(tiles))
        return sorted(join_looks(known, found), key=lambda member: member.centre_x)

    def _bring(self, person: Candidate) -> CrowdMember | None:
        """Bring somebody of the first look to the finer grid."""
        height, width = self.grid
        alpha = cv2.resize(person.alpha, (width, height), interpolation=cv2.INTER_LINEAR)
        return _crop(
            alpha.astype(np.float32, copy=False), Window(0, height, 0, width), person, self.grid
        )

    def _look_at(self, tile: Window) -> list[CrowdMember]:
        """Return who is in a tile and not cut by its inner borders."""
        part = self._to_photo(tile)
        tile_input = prepare_input(np.ascontiguousarray(self._pixels[part.slices]), self._side)
        people = select_people(
            self._predict(tile_input.image), tile_input.placement, self._threshold
        )
        size = (tile.right - tile.left, tile.bottom - tile.top)
        members = []
        for person in people:
            alpha = cv2.resize(person.alpha, size, interpolation=cv2.INTER_AREA)
            if not _is_cut(alpha > _SOLID, tile, self.grid):
                x0, y0, x1, y1 = person.box
                left, top = part.left, part.top
                box = (x0 + left, y0 + top, x1 + left, y1 + top)
                moved = Candidate(person.alpha, person.score, box)
                members.append(_crop(alpha.astype(np.float32, copy=False), tile, moved, self.grid))
        return [member for member in members if member]

    def _to_photo(self, tile: Window) -> Window:
        """Return the photo's pixels of a tile of the grid."""
        down = self._pixels.shape[0] / self.grid[0]
        across = self._pixels.shape[1] / self.grid[1]
        return Window(
            round(tile.top * down),
            max(round(tile.bottom * down), round(tile.top * down) + 1),
            round(tile.left * across),
            max(round(tile.right * across), round(tile.left * across) + 1),
        )


def _finer_than_one_look(pixels: PixelArray) -> float:
    """Return how many times the pixels of one look the finer grid has on the long side."""
    if not is_panorama(pixels):
        return _FINER
    length = float(max(pixels.shape[:2]) / min(pixels.shape[:2]))
    return min(max(_FINER, _SHORT_SHARE * length), _FINEST)


def plan_tiles(grid: tuple[int, int], side: int, people: Sequence[Window]) -> list[Window]:
    """Return overlapping tiles that cover the part of the grid where people are.

    Args:
        grid: height and width of the grid.
        side: longest side of a tile.
        people: where people were found; round them there may be more. None stands for everywhere.
    """
    around = Window(
        min((window.top for window in people), default=0),
        max((window.bottom for window in people), default=grid[0]),
        min((window.left for window in people), default=0),
        max((window.right for window in people), default=grid[1]),
    ).grow(round(_OVERLAP_SHARE * side), grid)
    rows = _spread(around.top, around.bottom, side, grid[0])
    columns = _spread(around.left, around.right, side, grid[1])
    return [Window(*row, *column) for row in rows for column in columns]


def _spread(start: int, stop: int, side: int, length: int) -> list[tuple[int, int]]:
    """Return ranges of one length that cover a part of a side, overlapping evenly."""
    extent = min(side, length)
    if stop - start <= extent:
        first = min(max(0, (start + stop - extent) // 2), length - extent)
        return [(first, first + extent)]
    step = (1 - _OVERLAP_SHARE) * extent
    count = int(np.ceil((stop - start - extent) / step)) + 1
    starts = np.linspace(start, stop - extent, count).round().astype(int)
    return [(int(first), int(first) + extent) for first in starts]


def join_looks(first: Sequence[CrowdMember], tiles: Sequence[CrowdMember]) -> list[CrowdMember]:
    """Return each person once.

    Among the tiles' people the surer one stands for both. A tile's person replaces the one of the
    first look that it mostly is, since it has more pixels; one of the first look that is really
    several makes place for them, and one that no tile holds whole stays.
    """
    distinct: list[CrowdMember] = []
    for member in sorted(tiles, key=lambda member: -member.score):
        if not any(_share_of_smaller(member, other) > _SAME_SHARE for other in distinct):
            distinct.append(member)
    kept = list(distinct)
    for member in sorted(first, key=lambda member: -member.score):
        inside = [other for other in distinct if _share_within(other, member) > _SAME_SHARE]
        explained = sum(_shared(other, member) for other in inside)
        if explained > _SAME_SHARE * max(member.area, 1):
            continue
        if any(_share_within(member, other) > _SAME_SHARE for other in kept):
            continue
        kept = [other for other in kept if not any(other is part for part in inside)] + [member]
    return kept


def _crop(
    alpha: _Floats, window: Window, person: Candidate, grid: tuple[int, int]
) -> CrowdMember | None:
    """Crop a matte that lies in a window of the grid; None for an empty one."""
    left, top, width, height = cv2.boundingRect((alpha > 0).astype(np.uint8))
    if not width:
        return None
    inner = Window(
        window.top + top, window.top + top + height, window.left + left, window.left + left + width
    )
    crop = np.ascontiguousarray(alpha[top : top + height, left : left + width])
    return CrowdMember(crop, inner, grid, person.score, person.box)


def _is_cut(mask: _Masks, tile: Window, grid: tuple[int, int]) -> bool:
    """Tell whether somebody runs out of a tile where the photo goes on."""
    borders = (
        (tile.top > 0, mask[0]),
        (tile.bottom < grid[0], mask[-1]),
        (tile.left > 0, mask[:, 0]),
        (tile.right < grid[1], mask[:, -1]),
    )
    cut = sum(int(line.sum()) for goes_on, line in borders if goes_on)
    return cut > _CUT_SHARE * math.sqrt(np.count_nonzero(mask))


def _shared(a: CrowdMember, b: CrowdMember) -> int:
    """Return the number of grid pixels that mostly belong to both."""
    both = Window(
        max(a.window.top, b.window.top),
        min(a.window.bottom, b.window.bottom),
        max(a.window.left, b.window.left),
        min(a.window.right, b.window.right),
    )
    if both.top >= both.bottom or both.left >= both.right:
        return 0
    mine, others = (m.crop[both.slices_in(m.window)] > _SOLID for m in (a, b))
    return int(np.count_nonzero(mine & others))


def _share_within(member: CrowdMember, other: CrowdMember) -> float:
    return _shared(member, other) / max(member.area, 1)


def _share_of_smaller(a: CrowdMember, b: CrowdMember) -> float:
    return _shared(a, b) / max(min(a.area, b.area), 1)
