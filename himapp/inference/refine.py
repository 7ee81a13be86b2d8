"""Bring a matte to the photo's size through the refiner, level by level.

A person's part of the photo is looked at in growing sizes, from a few pixels for each of the
network's to the photo's own. Each level sees the matte of the one before. Where the last level is
smaller than the photo, guided up-sampling does the rest, and the softest places - hair above all -
are then refined once more on the photo's own pixels.
"""

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from himapp.imaging.geometry import Window
from himapp.imaging.photo import PixelArray
from himapp.inference.edges import (
    Guide,
    crop_visible,
    find_support,
    in_unit_range,
    quantise,
    upsample_matte,
)
from himapp.inference.session import ALPHA_ONE, CancelToken
from himapp.inference.tiles import TileRefiner

_Alpha = npt.NDArray[np.uint16]
_Floats = npt.NDArray[np.float32]
_Cropped = tuple[_Alpha, int, int]

# The first level has so many pixels for one of the network's; each further one at most so many for
# one of the level before.
_FIRST_STEP = 2.0
_STEP = 2.5
# How far, in pixels of the level before, the edge may be from where that level saw it: the network
# misses whole wisps of hair, the refiner's own levels are nearly right.
_FIRST_REACH = 20.0
_REACH = 2.5
_MARGIN_CELLS = 6


@dataclass(frozen=True, slots=True)
class RefinePlan:
    """How much is refined.

    Attributes:
        level_px: longest side of a person at the last level that is refined everywhere; None for
            the photo's own pixels.
        softest_tiles: of a whole photo, so many tiles are refined on its own pixels after that.
    """

    level_px: int | None
    softest_tiles: int = 0


PLANS: dict[Literal["normal", "best"], RefinePlan] = {
    "normal": RefinePlan(level_px=1280, softest_tiles=24),
    "best": RefinePlan(level_px=None),
}


@dataclass(frozen=True, slots=True)
class Refining:
    """The refiner, and how much it shall do."""

    refiner: TileRefiner
    plan: RefinePlan


@dataclass(frozen=True, slots=True)
class MatteRefinement:
    """Brings mattes of one photo to its size.

    Attributes:
        refiner: runs the network.
        pixels: uint8 or uint16 ``[H, W, 3]``.
        plan: how much is refined.
        people: how many share the plan's tiles.
    """

    refiner: TileRefiner
    pixels: PixelArray
    plan: RefinePlan
    people: int

    def enlarge(self, small: _Floats, cancel: CancelToken) -> _Cropped | None:
        """Return a matte at photo size, cropped, with its left and top; None for an empty one.

        Args:
            small: float32 ``[h, w]`` in 0..1 on the network's grid, which spans the photo.
            cancel: looked at between batches of tiles and strips.

        Raises:
            Cancelled: the token was cancelled.
        """
        support = find_support(small)
        if support is None:
            return None
        cells = support.grow(_MARGIN_CELLS, small.shape)
        window = _to_photo(cells, small.shape, self.pixels.shape)
        part = self.pixels[window.slices]
        colours, alpha = self._climb(part, quantise(small[cells.slices]), cancel)
        if alpha.shape != part.shape[:2]:
            return _place(self._finish(part, colours, alpha, cancel), window)
        return _place(crop_visible(alpha), window)

    def _climb(
        self, part: PixelArray, alpha: _Alpha, cancel: CancelToken
    ) -> tuple[PixelArray, _Alpha]:
        """Refine at one level after the other; return the last one's colours and matte."""
        reach = _FIRST_REACH
        for height, width in level_sizes(alpha.shape, part.shape, self.plan):
            step = max(height / alpha.shape[0], width / alpha.shape[1])
            colours = _resize(part, height, width)
            alpha = _resize(alpha, height, width)
            self.refiner.refine(colours, alpha, max(2, round(reach * step)), cancel)
            reach = _REACH
        return colours, alpha

    def _finish(
        self, part: PixelArray, colours: PixelArray, alpha: _Alpha, cancel: CancelToken
    ) -> _Cropped | None:
        """Enlarge the last level's matte by the photo's colours, then refine where it is soft."""
        guide = Guide.measure(part, in_unit_range(colours))
        small = alpha.astype(np.float32) / np.float32(ALPHA_ONE)
        cropped = upsample_matte(guide, small, cancel)
        tiles = self.plan.softest_tiles // self.people
        if cropped is None or not tiles:
            return cropped
        large, left, top = cropped
        own = part[top : top + large.shape[0], left : left + large.shape[1]]
        step = part.shape[0] / alpha.shape[0]
        reach = max(2, round(_REACH * step))
        self.refiner.refine(own, large, reach, cancel, most_tiles=tiles)
        return large, left, top


def level_sizes(
    grid: tuple[int, ...], photo: tuple[int, ...], plan: RefinePlan
) -> list[tuple[int, int]]:
    """Return height and width of each level of a person's part, growing.

    Args:
        grid: the part's height and width on the network's grid.
        photo: the same in the photo.
        plan: how far to go.
    """
    own = max(photo[:2])
    last = own if plan.level_px is None else min(own, plan.level_px)
    side, sides = _FIRST_STEP * max(grid), []
    while side * _STEP**0.5 < last:
        sides.append(side)
        side *= _STEP
    return [
        (max(1, round(photo[0] * s / own)), max(1, round(photo[1] * s / own)))
        for s in (*sides, last)
    ]


def _to_photo(cells: Window, grid: tuple[int, ...], photo: tuple[int, ...]) -> Window:
    """Return the photo's pixels under some of the grid's cells."""
    down, right = photo[0] / grid[0], photo[1] / grid[1]
    return Window(
        round(cells.top * down),
        max(round(cells.bottom * down), round(cells.top * down) + 1),
        round(cells.left * right),
        max(round(cells.right * right), round(cells.left * right) + 1),
    )


def _resize(plane: npt.NDArray[Any], height: int, width: int) -> npt.NDArray[Any]:
    if plane.shape[:2] == (height, width):
        return plane
    method = cv2.INTER_AREA if height < plane.shape[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, (width, height), interpolation=method), plane.dtype)


def _place(cropped: _Cropped | None, window: Window) -> _Cropped | None:
    """Return a crop of a window as one of the photo."""
    if cropped is None:
        return None
    alpha, left, top = cropped
    return alpha, left + window.left, top + window.top
