"""Estimate a person's own colours where the photo mixes them with the background.

In the soft band of a matte a pixel is I = αF + (1-α)B. A cut-out needs F: with I it would carry
the old background along in its hair. F and B are found together, level by level from coarse to
fine, and only in and around the soft band: elsewhere they are known.

Data flow: the coarse levels (a quarter of the side and below) are solved for the whole picture,
the two fine ones tile by tile, so that memory is a tile's. Tiles reach so far beyond their edges
that what lies there comes out as if the picture had been solved in one piece.

Reference:
    Germer, Uelwer, Conrad, Harmeling: Fast Multi-Level Foreground Estimation, ICPR 2020
    (arXiv:2006.14970): the cost of a pixel, its 2 x 2 system, and the order of the levels.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from himapp.imaging.bit_depth import from_float, to_float
from himapp.imaging.geometry import Window
from himapp.imaging.stripes import map_in_order

FloatArray = npt.NDArray[np.float32]
IndexArray = npt.NDArray[np.intp]
MaskArray = npt.NDArray[np.uint8]
AlphaArray = npt.NDArray[np.uint8 | np.uint16 | np.float32]
Pixel = TypeVar("Pixel", bound=np.uint8 | np.uint16 | np.float32)

BLEED_PX: Final = 8
"""So far beyond a matte its colours go on, so that a scaled cut-out meets no black."""

# The paper's smoothness. Its weight of alpha's gradient is 1 and its passes are 2 on every level:
# on rendered portraits with exact colours, 0.1 and more passes leave an error a third below that.
_SMOOTHNESS: Final = np.float32(1e-5)
_GRADIENT_WEIGHT: Final = np.float32(0.1)
_SMALL_SIDE: Final = 32
_SMALL_PASSES: Final = 10
# From the finest level on, the last number for all the coarser ones: passes, and how far around the
# soft band pixels take part. The fine levels are most of the work and gain least from it. (Mean
# error there in steps of 8 bit: 6.22 with three passes and two pixels everywhere, 6.21 so.)
_LARGE_PASSES: Final = (1, 3, 8)
_REACH_PX: Final = (0, 1, 2)

_TILE_PX: Final = 576
_FINE_LEVELS: Final = 2
# A pass carries a value two pixels far: 2 * (1 pass of 1 px + 3 of 2 px) on the fine levels, then
# the bleeding; rounded up to whole pixels of the coarsest fine level and its parent.
_MARGIN_PX: Final = 24


def estimate_foreground(photo_pixels: npt.NDArray[Pixel], alpha: AlphaArray) -> npt.NDArray[Pixel]:
    """Estimate straight foreground colours.

    Args:
        photo_pixels: ``[H, W, 3]`` uint8, uint16 or float32 in 0..1, the crop around the person.
        alpha: ``[H, W]`` uint8, uint16 or float32 in 0..1, of whatever type the pixels are.

    Returns:
        ``[H, W, 3]`` of the pixels' type: the photo's own colours where alpha is 1, the estimate
        where it is between; under alpha 0 the colour of the nearest pixel above 0 as far as
        :data:`BLEED_PX`, black beyond, which costs a file nothing.

    Raises:
        ValueError: The shapes do not fit each other.
    """
    if alpha.ndim != 2 or photo_pixels.shape != (*alpha.shape, 3):
        raise ValueError(f"pixels {photo_pixels.shape} do not fit alpha {alpha.shape}")
    levels = _build_levels(photo_pixels, alpha)
    fine, coarse = levels[:_FINE_LEVELS], levels[_FINE_LEVELS:]
    start = _refine(_Solution.flat(), coarse)
    foreground = np.zeros_like(photo_pixels)
    fill = partial(_fill_tile, foreground, fine=fine, start=start)
    for _ in map_in_order(fill, list(_split_into_tiles(alpha.shape))):
        pass  # every tile writes pixels of its own
    return foreground


@dataclass(frozen=True, slots=True)
class _Level:
    """Hold one size of the picture, or a part of it, and which of its pixels take part."""

    image: npt.NDArray[Any]  # [h, w, 3], the caller's type
    alpha: AlphaArray  # [h, w]
    active: MaskArray  # [h, w], 0 or 1
    passes: int

    def cut(self, area: Window, shift: int) -> "_Level":
        """Return the part of this level, halved ``shift`` times, that an area covers."""
        part = area.halve(shift).slices
        return _Level(self.image[part], self.alpha[part], self.active[part], self.passes)


@dataclass(frozen=True, slots=True)
class _Solution:
    """Hold F and B of a level's active pixels, N of them."""

    slots: npt.NDArray[np.int32]  # [h, w], the number of each active pixel
    layers: FloatArray  # [6, N]: F, then B

    @classmethod
    def flat(cls) -> "_Solution":
        """Return where everything starts: one grey pixel."""
        return cls(np.zeros((1, 1), np.int32), np.full((6, 1), 0.5, np.float32))


@dataclass(frozen=True, slots=True)
class _HalfSystem:
    """Hold the equations of the active pixels on one colour of a chessboard, n of them.

    Neighbours never share a colour, so that all equations of one colour are solved at once from
    the newest values of the other (red-black Gauss-Seidel). A neighbour that is no active pixel is
    replaced by the pixel itself.
    """

    pixels: slice  # their numbers
    neighbours: IndexArray  # [4, n], numbers
    weights: FloatArray  # [4, n]: w_ij, divided by their sum over j
    alpha: FloatArray  # [n]
    gain: FloatArray  # [n]: 1 / (alpha² + (1 - alpha)² + sum of w_ij)
    colors: FloatArray  # [3, n]: I


def _split_into_tiles(shape: tuple[int, ...]) -> Iterator[Window]:
    """Cut a picture into tiles, aligned to the pixels of the coarse levels."""
    height, width = shape
    for top in range(0, height, _TILE_PX):
        for left in range(0, width, _TILE_PX):
            yield Window(top, min(top + _TILE_PX, height), left, min(left + _TILE_PX, width))


def _fill_tile(
    foreground: npt.NDArray[Any], tile: Window, fine: list[_Level], start: _Solution
) -> None:
    """Write the colours of a tile."""
    shape = fine[0].alpha.shape
    near = tile.grow(BLEED_PX, shape)
    alpha = fine[0].alpha[near.slices]
    if not alpha.any():
        return
    colors = fine[0].image[near.slices].copy()
    top = _one(alpha)
    soft = (alpha > 0) & (alpha < top)
    if soft.any():
        wide = tile.grow(_MARGIN_PX, shape)
        solved = _refine(_cut_solution(start, wide, len(fine)), _cut_levels(fine, wide))
        places = np.flatnonzero(soft)
        numbers = solved.slots[near.slices_in(wide)].reshape(-1).take(places)
        estimate = solved.layers[:3].take(numbers, axis=1).T
        colors.reshape(-1, 3)[places] = _to_type(estimate, colors.dtype)
    if alpha.min() == 0:
        _bleed_outwards(colors, alpha)
    foreground[tile.slices] = colors[tile.slices_in(near)]


def _cut_levels(fine: list[_Level], area: Window) -> list[_Level]:
    """Return the area's part of each level."""
    return [level.cut(area, shift) for shift, level in enumerate(fine)]


def _cut_solution(start: _Solution, area: Window, shift: int) -> _Solution:
    """Return the solution whose first pixel is the area's."""
    return _Solution(start.slots[area.halve(shift).slices], start.layers)


def _build_levels(image: npt.NDArray[Any], alpha: AlphaArray) -> list[_Level]:
    """Halve the picture down to one pixel; returns the levels from the largest on.

    Every active pixel's parent is active on the next coarser level.
    """
    active = ((alpha > 0) & (alpha < _one(alpha))).view(np.uint8)
    levels: list[_Level] = []
    while True:
        number = min(len(levels), len(_LARGE_PASSES) - 1)
        is_small = max(alpha.shape) <= _SMALL_SIDE
        passes = _SMALL_PASSES if is_small else _LARGE_PASSES[number]
        active = _widen(active, _REACH_PX[number])
        levels.append(_Level(image, alpha, active, passes))
        if max(alpha.shape) == 1:
            return levels
        image, alpha, active = image[::2, ::2], alpha[::2, ::2], _halve_mask(active)


def _widen(mask: MaskArray, px: int) -> MaskArray:
    """Return the mask grown to all sides."""
    square = np.ones((2 * px + 1, 2 * px + 1), np.uint8)
    return cv2.dilate(mask, square).astype(np.uint8, copy=False) if px else mask


def _halve_mask(mask: MaskArray) -> MaskArray:
    """Return the mask at half size, set where any of the four pixels is."""
    height, width = mask.shape
    even = np.pad(mask, ((0, height % 2), (0, width % 2)))
    rows = even[::2] | even[1::2]
    return rows[:, ::2] | rows[:, 1::2]


def _refine(solution: _Solution, levels: list[_Level]) -> _Solution:
    """Carry F and B from the level above the coarsest down to the finest of some levels."""
    for level in reversed(levels):
        solution = _solve_level(level, solution)
    return solution


def _solve_level(level: _Level, parent: _Solution) -> _Solution:
    """Solve one level, starting from the next coarser one's solution."""
    places, first_red = _order_active(level.active)
    rows, columns = np.divmod(places, level.active.shape[1])
    slots = np.zeros(level.active.shape, np.int32)
    slots.reshape(-1)[places] = np.arange(places.size, dtype=np.int32)
    layers = parent.layers.take(parent.slots[rows >> 1, columns >> 1], axis=1)
    alpha = _to_unit(level.alpha.reshape(-1).take(places))
    colors = np.ascontiguousarray(_to_unit(level.image.reshape(-1, 3).take(places, axis=0)).T)
    np.copyto(layers[:3], colors, where=alpha >= 1)
    np.copyto(layers[3:], colors, where=alpha <= 0)
    neighbours = _find_neighbours(level.active, slots, places)
    halves = [
        _assemble(part, neighbours[:, part], alpha, colors)
        for part in (slice(0, first_red), slice(first_red, places.size))
    ]
    for _ in range(level.passes):
        for half in halves:
            _relax(layers, half)
    return _Solution(slots, layers)


def _order_active(active: MaskArray) -> tuple[IndexArray, int]:
    """Return the active pixels' places in reading order, black ones first, and how many those are.

    A chessboard's black pixels are those whose row and column have an even sum.
    """
    places = np.flatnonzero(active)
    rows, columns = np.divmod(places, active.shape[1])
    is_red = ((rows + columns) & 1).astype(bool)
    black = places[~is_red]
    return np.concatenate((black, places[is_red])), black.size


def _find_neighbours(
    active: MaskArray, slots: npt.NDArray[np.int32], places: IndexArray
) -> IndexArray:
    """Return the numbers of the pixels above, below, left and right, ``[4, N]``."""
    own = np.arange(places.size)
    numbers = np.pad(np.where(active, slots, np.int32(-1)), 1, constant_values=-1)
    width = numbers.shape[1]
    rows = places // active.shape[1]
    padded = places + width + 1 + 2 * rows
    flat = numbers.reshape(-1)
    found = np.stack([flat.take(padded + step) for step in (-width, width, -1, 1)])
    return np.where(found < 0, own, found).astype(np.intp, copy=False)


def _assemble(
    pixels: slice, neighbours: IndexArray, alpha: FloatArray, colors: FloatArray
) -> _HalfSystem:
    """Set up the equations of the active pixels of one colour."""
    own = alpha[pixels]
    weights = np.abs(own - alpha.take(neighbours))
    weights *= _GRADIENT_WEIGHT
    weights += _SMOOTHNESS
    total = weights.sum(axis=0)
    weights /= total
    power = own**2 + (1 - own) ** 2
    gain = (1 / (power + total)).astype(np.float32)
    return _HalfSystem(pixels, neighbours, weights, own, gain, colors[:, pixels])


def _relax(layers: FloatArray, half: _HalfSystem) -> None:
    """Solve each pixel's 2 x 2 system for the neighbours' present values, in place.

    With a = (α, 1-α), m the weighted mean of the neighbours' (F, B) and s the sum of the weights,
    the paper's system (a aᵀ + s) x = a I + s m has the solution x = m + a (I - a·m) / (a·a + s).
    """
    mean = layers.take(half.neighbours[0], axis=1)
    mean *= half.weights[0]
    for neighbour, weight in zip(half.neighbours[1:], half.weights[1:], strict=True):
        shared = layers.take(neighbour, axis=1)
        shared *= weight
        mean += shared
    rest = 1 - half.alpha
    missing = half.colors - mean[:3] * half.alpha
    missing -= mean[3:] * rest
    missing *= half.gain
    mean[:3] += missing * half.alpha
    mean[3:] += missing * rest
    np.clip(mean, 0, 1, out=layers[:, half.pixels])


def _bleed_outwards(colors: npt.NDArray[Any], alpha: AlphaArray) -> None:
    """Give pixels of alpha 0 the colour of the nearest pixel above 0, black if it is far; in place.

    A viewer that scales a file without regard to alpha then mixes in the person's colours, not
    the old background's.
    """
    outside = (alpha == 0).view(np.uint8)
    left, top, width, height = cv2.boundingRect(1 - outside)
    reached = Window(top, top + height, left, left + width).grow(BLEED_PX, alpha.shape)
    part = colors[reached.slices].copy()
    _bleed(part, np.ascontiguousarray(outside[reached.slices]))
    colors[:] = 0
    colors[reached.slices] = part


def _bleed(colors: npt.NDArray[Any], outside: MaskArray) -> None:
    """Give every pixel of the mask the colour of the nearest other one, or black; in place."""
    distance, labels = cv2.distanceTransformWithLabels(
        outside, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    # The nearest pixel of all is one that touches an outside one.
    is_rim = cv2.dilate(outside, np.ones((3, 3), np.uint8)) > outside
    flat_labels, flat_colors = labels.reshape(-1), colors.reshape(-1, 3)
    rim = np.flatnonzero(is_rim)
    by_label = np.zeros((int(labels.max()) + 1, 3), colors.dtype)
    by_label[flat_labels[rim]] = flat_colors[rim]
    near = np.flatnonzero((distance > 0) & (distance <= BLEED_PX))
    np.copyto(colors, 0, where=(distance > BLEED_PX)[..., np.newaxis])
    flat_colors[near] = by_label[flat_labels[near]]


def _one(values: npt.NDArray[Any]) -> int:
    """Return what stands for 1 in an array's type."""
    return 1 if values.dtype == np.float32 else int(np.iinfo(values.dtype).max)


def _to_unit(values: npt.NDArray[Any]) -> FloatArray:
    """Return values of any of the types as float32 in 0..1."""
    return values if values.dtype == np.float32 else to_float(values)


def _to_type(values: FloatArray, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return float32 in 0..1 as one of the types."""
    return values if dtype == np.float32 else from_float(values, dtype)
