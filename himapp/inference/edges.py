"""Bring a matte from the network's grid to the photo's: guided up-sampling where it is undecided.

A guided filter explains the matte, in a small window, as a linear function of the photo's colours.
The function is fitted on the network's grid, where the photo's statistics are measured once for all
people; its coefficients are up-sampled and meet the photo's own pixels. That is done only in tiles
where the matte varies: elsewhere it is constant, and the work follows the length of the outlines,
not the size of the photo or the number of people.

Reference: He, Sun, Tang, Guided Image Filtering, 2013; He, Sun, Fast Guided Filter, 2015.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from himapp.imaging.geometry import Window
from himapp.imaging.photo import PixelArray
from himapp.inference.session import ALPHA_ONE, CancelToken

_Floats = npt.NDArray[np.float32]

# Half side of the filter's window on the network's grid, and how much the colours in it must vary
# to count (0..1, squared). Measured on rendered portraits with exact alpha over photos, at factors
# 4 and 6: with the exact matte on the grid the error in the soft band halves against linear
# interpolation (.037 of .077; radius 1: .027); with a matte blurred by 1.5 pixels, nearer to a
# network's, it falls from .191 to .138 (radius 1: .152). Smaller epsilons do a little better, but
# those composites have no noise; a photo's is about .01 of the range.
_RADIUS = 2
_EPSILON = 1e-4
_TILE = 16
# What 8 bit cannot tell from 0 or 1 is 0 or 1; and a tile that varies less is not worth a filter.
_HALF_STEP = 1 / 510
_FLAT = 2 / 255
# A pixel's value depends on the matte this far away: a window of windows, and interpolation.
_REACH = 2 * _RADIUS + 1


@dataclass(frozen=True, slots=True)
class Guide:
    """A photo, and on the network's grid what the filter needs to know of its colours.

    Attributes:
        pixels: uint8 or uint16 ``[H, W, 3]``.
        small: float32 ``[h, w, 3]`` in 0..1, the photo on the network's grid.
        mean: float32 ``[h, w, 3]``, the window's mean.
        precision: float32 ``[h, w, 3, 3]``, the inverse of its regularised covariance.
    """

    pixels: PixelArray
    small: _Floats
    mean: _Floats
    precision: _Floats

    @classmethod
    def measure(cls, pixels: PixelArray, small: _Floats) -> "Guide":
        """Measure the windows' colours, once for all people."""
        mean = _window_mean(small)
        products = small[..., :, None] * small[..., None, :]
        means = _window_mean(products.reshape(*small.shape[:2], 9)).reshape(products.shape)
        covariance = means - mean[..., :, None] * mean[..., None, :]
        return cls(pixels, small, mean, _invert(covariance + _EPSILON * np.eye(3)))


def _invert(matrices: npt.NDArray[np.float64]) -> _Floats:
    """Return the inverses of symmetric ``[h, w, 3, 3]``, by the adjugate.

    Ten times faster than numpy's general inverse; in 64 bit, because nearly grey windows cancel.
    """
    rows = matrices.transpose(2, 3, 0, 1)
    (a, b, c), (_, d, e), (_, _, f) = rows
    adjugate = np.empty_like(rows)
    adjugate[0, 0], adjugate[1, 1], adjugate[2, 2] = d * f - e * e, a * f - c * c, a * d - b * b
    adjugate[0, 1] = adjugate[1, 0] = c * e - b * f
    adjugate[0, 2] = adjugate[2, 0] = b * e - c * d
    adjugate[1, 2] = adjugate[2, 1] = b * c - a * e
    adjugate /= a * adjugate[0, 0] + b * adjugate[0, 1] + c * adjugate[0, 2]
    return np.ascontiguousarray(adjugate.transpose(2, 3, 0, 1), dtype=np.float32)


def upsample_matte(
    guide: Guide, small: _Floats, cancel: CancelToken
) -> tuple[npt.NDArray[np.uint16], int, int] | None:
    """Return a matte at photo size, cropped, with the crop's left and top; None for an empty one.

    Args:
        small: float32 ``[h, w]`` in 0..1 on the network's grid.
        cancel: looked at after every strip of tiles.

    Raises:
        Cancelled: the token was cancelled.
    """
    grid = (small.shape[0], small.shape[1])
    support = find_support(small)
    if support is None:
        return None
    window = support.grow(_REACH, grid)
    upsampler = _Upsampler(guide, small, window)
    for strip in upsampler.strips():
        cancel.raise_if_cancelled()
        for tile in strip:
            upsampler.fill(tile)
    return upsampler.cropped()


def find_support(small: _Floats) -> Window | None:
    """Return the window of the grid that holds everything visible; None where nothing is."""
    left, top, width, height = cv2.boundingRect((small > _HALF_STEP).view(np.uint8))
    return Window(top, top + height, left, left + width) if width else None


@dataclass(frozen=True, slots=True)
class _Axis:
    """One side of a tile: its photo pixels, and how they mix the grid's."""

    photo: slice
    grid: slice
    weights: _Floats

    def mix(self, values: _Floats, columns: "_Axis") -> _Floats:
        """Return the grid's values ``[..., h, w]`` interpolated at the photo's pixels."""
        mixed: _Floats = np.matmul(np.matmul(self.weights, values), columns.weights.T)
        return mixed


class _Upsampler:
    """Fills one person's crop, tile by tile."""

    def __init__(self, guide: Guide, small: _Floats, window: Window) -> None:
        height, width = guide.pixels.shape[:2]
        self._guide, self._small = guide, small
        self._rows = _axes(window.top, window.bottom, small.shape[0], height)
        self._columns = _axes(window.left, window.right, small.shape[1], width)
        self._top, self._left = self._rows[0].photo.start, self._columns[0].photo.start
        size = (self._rows[-1].photo.stop - self._top, self._columns[-1].photo.stop - self._left)
        self._alpha = np.zeros(size, np.uint16)
        outer = window.grow(_REACH, (small.shape[0], small.shape[1]))
        self._origin = (outer.top, outer.left)
        self._coefficients = _fit(guide, small, outer)
        reach = np.ones((2 * _REACH + 1, 2 * _REACH + 1), np.uint8)
        self._highest = cv2.dilate(small[outer.slices], reach)
        self._lowest = cv2.erode(small[outer.slices], reach)

    def strips(self) -> Iterator[Iterator[tuple[_Axis, _Axis]]]:
        """Give the tiles, row by row."""
        for row in self._rows:
            yield ((row, column) for column in self._columns)

    def fill(self, tile: tuple[_Axis, _Axis]) -> None:
        """Compute the alpha of a tile: constant, interpolated or filtered, as it needs."""
        row, column = tile
        near = (_shift(row.grid, self._origin[0]), _shift(column.grid, self._origin[1]))
        lowest, highest = self._lowest[near].min(), self._highest[near].max()
        if highest <= _HALF_STEP:
            return
        if highest - lowest > _FLAT:
            alpha = self._filter(row, column, near)
        else:
            alpha = row.mix(self._small[row.grid, column.grid], column)
        target = (_shift(row.photo, self._top), _shift(column.photo, self._left))
        self._alpha[target] = quantise(alpha)

    def _filter(self, row: _Axis, column: _Axis, near: tuple[slice, slice]) -> _Floats:
        """Apply the up-sampled coefficients to the photo's own pixels."""
        coefficients = row.mix(self._coefficients[:, near[0], near[1]], column)
        pixels = self._guide.pixels[row.photo, column.photo].astype(np.float32)
        alpha: _Floats = coefficients[3]
        for channel in range(3):
            alpha += coefficients[channel] * pixels[..., channel]
        return alpha

    def cropped(self) -> tuple[npt.NDArray[np.uint16], int, int] | None:
        """Return the filled crop without its empty margins, its left and its top."""
        visible = crop_visible(self._alpha)
        if visible is None:
            return None
        alpha, left, top = visible
        return alpha, left + self._left, top + self._top


def crop_visible(
    alpha: npt.NDArray[np.uint16],
) -> tuple[npt.NDArray[np.uint16], int, int] | None:
    """Return the smallest crop that holds everything above 0, its left and its top."""
    left, top, width, height = cv2.boundingRect((alpha > 0).view(np.uint8))
    if not width:
        return None
    return np.ascontiguousarray(alpha[top : top + height, left : left + width]), left, top


def quantise(alpha: _Floats) -> npt.NDArray[np.uint16]:
    """Return alpha in 16 bit, rounded down so that sums stay below one, the ends made clean."""
    clean = (alpha - _HALF_STEP) * (ALPHA_ONE / (1 - 2 * _HALF_STEP))
    quantised: npt.NDArray[np.uint16] = np.clip(clean, 0, ALPHA_ONE, out=clean).astype(np.uint16)
    return quantised


def _fit(guide: Guide, small: _Floats, window: Window) -> _Floats:
    """Return the filter's coefficients ``[4, h, w]`` in the window: three colours, then offset.

    They belong to the photo's integer values.
    """
    matte, colours, mean = (a[window.slices] for a in (small, guide.small, guide.mean))
    matte_mean = _window_mean(matte)
    covariance = _window_mean(colours * matte[..., None]) - mean * matte_mean[..., None]
    slopes = np.einsum("hwij,hwj->hwi", guide.precision[window.slices], covariance)
    offset = matte_mean - np.einsum("hwi,hwi->hw", slopes, mean)
    slopes /= np.iinfo(guide.pixels.dtype).max
    mixed = _window_mean(np.concatenate((slopes, offset[..., None]), axis=2))
    return np.ascontiguousarray(mixed.transpose(2, 0, 1))


def _window_mean(values: _Floats) -> _Floats:
    """Return the mean over each pixel's window, mirrored at the borders; any channels."""
    side = 2 * _RADIUS + 1
    mean = cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT)
    return mean.astype(np.float32, copy=False).reshape(values.shape)


def _axes(start: int, stop: int, grid: int, photo: int) -> list[_Axis]:
    """Cut one side of a window into tiles.

    Args:
        start: first pixel of the window on the grid.
        stop: the one after its last.
        grid: pixels of the whole side on the grid.
        photo: pixels of the same side in the photo.
    """
    cuts = [round(cut * photo / grid) for cut in [*range(start, stop, _TILE), stop]]
    return [_axis(a, b, grid, photo) for a, b in pairwise(cuts) if a < b]


def _axis(start: int, stop: int, grid: int, photo: int) -> _Axis:
    """Return a tile's side with the weights of linear interpolation between pixel centres."""
    at = np.clip((np.arange(start, stop) + 0.5) * grid / photo - 0.5, 0, grid - 1)
    first = int(at[0])
    last = min(int(at[-1]) + 2, grid)
    weights = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(first, last)))
    return _Axis(slice(start, stop), slice(first, last), weights.astype(np.float32))


def _shift(part: slice, origin: int) -> slice:
    return slice(part.start - origin, part.stop - origin)
