"""Bring a matte from the network's grid to the photo's: guided up-sampling where it is undecided.

A guided filter explains the matte, in a small window, as a linear function of the photo's colours.
The function is fitted on the network's grid, where the photo's statistics are measured once for all
people; its coefficients are up-sampled and meet the photo's own pixels. Windows are small where the
outline is sharp, and wide where the matte is soft for some way, in hair above all: the network's
matte is too smooth there to say anything in a small one. All that is done only in tiles where the
matte varies: elsewhere it is constant, and the work follows the length of the outlines, not the
size of the photo or the number of people.

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

# Half sides of the filter's windows on the network's grid, and how much the colours in them must
# vary to count (0..1, squared).
# The small one was measured on rendered portraits with exact alpha over photos, at factors 4 and 6:
# with the exact matte on the grid the error in the soft band halves against linear interpolation
# (.037 of .077; radius 1: .027); with a matte blurred by 1.5 pixels it falls from .191 to .138
# (radius 1: .152). Smaller epsilons do a little better, but those composites have no noise; a
# photo's is about .01 of the range.
_SHARP = (2, 1e-4)
# The wide one was measured with the network's own mattes of 12 rendered portraits: error and
# gradient error in the soft band .083 and .131 with the small one alone, .080 and .116 with radius
# 6 everywhere, which roughens sharp edges, .077 and .115 with both.
_WIDE = (12, 1e-5)
# How soft a matte is: the mean of 4 a (1 - a) around, about .1 at a sharp edge. From where and to
# where wide windows take over.
_SOFTNESS_RADIUS = 6
_SOFT_FROM, _SOFT_TO = 0.1, 0.25
_BLEND_RADIUS = 2
# From and to which share of the matte's variance, explained by colours in wide windows, these are
# trusted: before a plain wall they are, among leaves they would draw the leaves.
_TRUST_FROM, _TRUST_TO = 0.4, 0.65
_LEAST_VARIANCE = 1e-4
_TILE = 16
# What 8 bit cannot tell from 0 or 1 is 0 or 1; and a tile that varies less is not worth a filter.
_HALF_STEP = 1 / 510
_FLAT = 2 / 255
# Steps of 16 bit from 0 to 1, where the ends begin half a step of 8 bit earlier.
_STEPS = ALPHA_ONE / (1 - 2 * _HALF_STEP)
# Where the matte does not vary this far around, a pixel has its value: a window of windows, or none
# that is soft; and interpolation.
_REACH = max(2 * _SHARP[0], _SOFTNESS_RADIUS + _BLEND_RADIUS) + 1
_WIDE_REACH = 2 * _WIDE[0] + 1
# Matrices are inverted strip by strip, which stays in the processor's cache.
_STRIP_ROWS = 16
# Where the upper triangle of a symmetric 3 x 3 matrix has its values, and which makes up each row.
_TRIANGLE = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
_ROWS = ((0, 1, 2), (1, 3, 4), (2, 4, 5))


@dataclass(frozen=True, slots=True)
class _Windows:
    """What the filter needs to know of the colours in windows of one size.

    Attributes:
        radius: half side of the windows.
        mean: float32 ``[3, h, w]``, the window's mean.
        precision: float32 ``[6, h, w]``, the inverse of its regularised covariance: the upper
            triangle, row by row.
    """

    radius: int
    mean: _Floats
    precision: _Floats

    @classmethod
    def measure(cls, colours: _Floats, radius: int, epsilon: float) -> "_Windows":
        """Measure the colours ``[3, h, w]``."""
        mean = np.stack([_window_mean(colour, radius) for colour in colours])
        precision = np.stack([_window_mean(colours[i] * colours[j], radius) for i, j in _TRIANGLE])
        for top in range(0, colours.shape[1], _STRIP_ROWS):
            rows = slice(top, top + _STRIP_ROWS)
            covariance = precision[:, rows].astype(np.float64)
            for plane, (i, j) in zip(covariance, _TRIANGLE, strict=True):
                plane -= mean[i, rows] * mean[j, rows]
                if i == j:
                    plane += epsilon
            precision[:, rows] = _invert(covariance)
        return cls(radius, mean, precision)


@dataclass(frozen=True, slots=True)
class Guide:
    """A photo, and on the network's grid what the filter needs to know of its colours.

    Colours come as planes, one after the other: their sums of products are then plain and fast.

    Attributes:
        pixels: uint8 or uint16 ``[H, W, 3]``.
        small: float32 ``[3, h, w]`` in 0..1, the photo on the network's grid.
        sharp: its windows for sharp outlines.
        wide: its windows for soft ones.
    """

    pixels: PixelArray
    small: _Floats
    sharp: _Windows
    wide: _Windows

    @classmethod
    def measure(cls, pixels: PixelArray, small: _Floats) -> "Guide":
        """Measure the windows' colours of ``small [h, w, 3]``, once for all people."""
        colours = np.ascontiguousarray(small.transpose(2, 0, 1))
        sharp, wide = (_Windows.measure(colours, *size) for size in (_SHARP, _WIDE))
        return cls(pixels, colours, sharp, wide)


def in_unit_range(pixels: PixelArray) -> _Floats:
    """Return a photo's values as float32 in 0..1."""
    return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)


def _invert(matrices: npt.NDArray[np.float64]) -> _Floats:
    """Return the inverses of symmetric 3 x 3 matrices, both as triangles ``[6, h, w]``.

    By the adjugate, ten times faster than numpy's general inverse; in 64 bit, because nearly grey
    windows cancel.
    """
    a, b, c, d, e, f = matrices
    adjugate = np.stack(
        (d * f - e * e, c * e - b * f, b * e - c * d, a * f - c * c, b * c - a * e, a * d - b * b)
    )
    adjugate /= a * adjugate[0] + b * adjugate[1] + c * adjugate[2]
    return adjugate.astype(np.float32)


def upsample_matte(
    guide: Guide,
    small: _Floats,
    cancel: CancelToken,
    *,
    within: npt.NDArray[np.bool_] | None = None,
) -> tuple[npt.NDArray[np.uint16], int, int] | None:
    """Return a matte at photo size, cropped, with the crop's left and top; None for an empty one.

    Args:
        small: float32 ``[h, w]`` in 0..1 on the network's grid.
        cancel: looked at after every strip of tiles.
        within: ``[h, w]`` on the grid; tiles without any of it are left empty.

    Raises:
        Cancelled: the token was cancelled.
    """
    grid = (small.shape[0], small.shape[1])
    support = find_support(small if within is None else within.astype(np.float32))
    if support is None:
        return None
    window = support.grow(_REACH if within is None else 0, grid)
    upsampler = _Upsampler(guide, small, window)
    for strip in upsampler.strips():
        cancel.raise_if_cancelled()
        for row, column in strip:
            if within is None or within[row.grid, column.grid].any():
                upsampler.fill((row, column))
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
        outer = window.grow(_WIDE_REACH, (small.shape[0], small.shape[1]))
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
        target = (_shift(row.photo, self._top), _shift(column.photo, self._left))
        if highest - lowest > _FLAT:
            self._alpha[target] = self._filter(row, column, near)
        else:
            alpha = row.mix(self._small[row.grid, column.grid], column)
            self._alpha[target] = quantise(alpha)

    def _filter(
        self, row: _Axis, column: _Axis, near: tuple[slice, slice]
    ) -> npt.NDArray[np.uint16]:
        """Apply the up-sampled coefficients to the photo's own pixels."""
        red, green, blue, alpha = row.mix(self._coefficients[:, near[0], near[1]], column)
        pixels = self._guide.pixels[row.photo, column.photo].transpose(2, 0, 1).astype(np.float32)
        for slope, colour in zip((red, green, blue), pixels, strict=True):
            colour *= slope
            alpha += colour
        return _clip_to_16_bit(alpha)

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
    return _clip_to_16_bit((alpha - _HALF_STEP) * _STEPS)


def _clip_to_16_bit(alpha: _Floats) -> npt.NDArray[np.uint16]:
    """Return alpha that is counted in steps of 16 bit, rounded down; the argument is used up."""
    np.maximum(alpha, 0, out=alpha)
    return np.minimum(alpha, ALPHA_ONE, out=alpha).astype(np.uint16)


def _fit(guide: Guide, small: _Floats, window: Window) -> _Floats:
    """Return the filter's coefficients ``[4, h, w]`` in the window: three colours, then offset.

    They belong to the photo's integer values and give alpha in steps of 16 bit, its ends clean.
    """
    coefficients, _ = _fit_windows(guide, guide.sharp, small, window)
    trust = _measure_softness(small[window.slices])
    if trust.any():
        wide, explained = _fit_windows(guide, guide.wide, small, window)
        trust *= np.clip((explained - _TRUST_FROM) / (_TRUST_TO - _TRUST_FROM), 0, 1)
        coefficients += trust * (wide - coefficients)
    return coefficients


def _measure_softness(matte: _Floats) -> _Floats:
    """Tell where the matte is soft for some way, 0..1: hair is, sharp outlines are not."""
    undecided = _window_mean(4 * matte * (1 - matte), _SOFTNESS_RADIUS)
    share = np.clip((undecided - _SOFT_FROM) / (_SOFT_TO - _SOFT_FROM), 0, 1)
    return _window_mean(share, _BLEND_RADIUS)


def _fit_windows(
    guide: Guide, windows: _Windows, small: _Floats, window: Window
) -> tuple[_Floats, _Floats]:
    """Fit windows of one size.

    Returns:
        The coefficients, see ``_fit``, and how much of the matte's variance the colours explain,
        float32 ``[h, w]``, 0..1.
    """
    rows, columns = window.slices
    matte, radius = small[rows, columns], windows.radius
    colours, means, precision = (
        planes[:, rows, columns] for planes in (guide.small, windows.mean, windows.precision)
    )
    matte_mean = _window_mean(matte, radius)
    covariance = [
        _window_mean(colour * matte, radius) - mean * matte_mean
        for colour, mean in zip(colours, means, strict=True)
    ]
    coefficients = np.empty((4, *matte.shape), np.float32)
    offset = matte_mean - _HALF_STEP
    explained = np.zeros_like(matte)
    for index, row in enumerate(_ROWS):
        slope = sum(precision[k] * part for k, part in zip(row, covariance, strict=True))
        offset -= slope * means[index]
        explained += slope * covariance[index]
        slope *= _STEPS / np.iinfo(guide.pixels.dtype).max
        coefficients[index] = _window_mean(slope, radius)
    coefficients[3] = _window_mean(offset * np.float32(_STEPS), radius)
    explained /= _window_mean(matte * matte, radius) - matte_mean * matte_mean + _LEAST_VARIANCE
    return coefficients, _window_mean(explained, radius)


def _window_mean(values: _Floats, radius: int) -> _Floats:
    """Return the mean ``[h, w]`` over each pixel's window, mirrored at the borders."""
    side = 2 * radius + 1
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
