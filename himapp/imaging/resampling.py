"""Change a picture's size stripe by stripe, so that a large one is never float as a whole.

Shrinking takes the mean over the area that a new pixel covers; enlarging takes Lanczos' windowed
sinc over four pixels to each side. Both are separable: OpenCV changes the width, a band of weights
the height, so that stripes fit without a seam.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

FloatPixels = npt.NDArray[np.float32]
ReadRows = Callable[[int, int], FloatPixels]
"""Called as ``read(first, after_last)``; gives those rows of the picture, ``[rows, W, C]``."""

_LANCZOS_PX: Final = 4
_STRIPE_ROWS: Final = 512


@dataclass(frozen=True, slots=True)
class Resampling:
    """From one size to another; sizes are ``(width, height)`` in pixels."""

    old_size: tuple[int, int]
    new_size: tuple[int, int]

    @property
    def shrinks(self) -> bool:
        """Whether there will be fewer rows."""
        return self.new_size[1] < self.old_size[1]

    def split_rows(self) -> list[tuple[int, int]]:
        """Return the stripes of new rows, ``(first, after last)``, each of bounded old rows."""
        height = self.new_size[1]
        step = max(math.floor(_STRIPE_ROWS * min(height / self.old_size[1], 1.0)), 1)
        return [(top, min(top + step, height)) for top in range(0, height, step)]


def resample(read: ReadRows, resampling: Resampling) -> Iterator[tuple[int, FloatPixels]]:
    """Give the new picture's stripes from the top, each with its first row.

    Args:
        read: gives rows of the old picture, float32; colours are to be weighted by their alpha,
            so that transparent pixels lend none.
        resampling: the sizes.

    Yields:
        ``(first row, float32 [rows, new width, C])``; enlarging may leave 0..1 by its overshoot.
    """
    for top, bottom in resampling.split_rows():
        first, weights = _row_weights(resampling, top, bottom)
        rows = _change_width(read(first, first + weights.shape[1]), resampling)
        flat = rows.reshape(rows.shape[0], -1)
        yield top, (weights @ flat).reshape(bottom - top, *rows.shape[1:])


def _change_width(rows: FloatPixels, resampling: Resampling) -> FloatPixels:
    width = resampling.new_size[0]
    if width == rows.shape[1]:
        return rows
    method = cv2.INTER_AREA if width < rows.shape[1] else cv2.INTER_LANCZOS4
    wide = cv2.resize(rows, (width, rows.shape[0]), interpolation=method)
    return np.asarray(wide, np.float32).reshape(rows.shape[0], width, -1)


def _row_weights(resampling: Resampling, top: int, bottom: int) -> tuple[int, FloatPixels]:
    """Return the first old row that new rows need, and ``[new rows, old rows]`` weights."""
    old_height = resampling.old_size[1]
    scale = old_height / resampling.new_size[1]
    reach = 0 if resampling.shrinks else _LANCZOS_PX
    first = max(math.floor(top * scale + 1e-6) - reach, 0)
    last = min(math.ceil(bottom * scale - 1e-6) + reach, old_height)
    new_rows = np.arange(top, bottom, dtype=np.float64)[:, np.newaxis]
    if resampling.shrinks:
        old_rows = np.arange(first, last)
        upper = np.minimum(old_rows + 1, (new_rows + 1) * scale)
        weights = np.clip(upper - np.maximum(old_rows, new_rows * scale), 0, None)
    else:
        weights = _lanczos_weights((new_rows + 0.5) * scale - 0.5, first, last)
    return first, (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _lanczos_weights(
    centres: npt.NDArray[np.float64], first: int, last: int
) -> npt.NDArray[np.float64]:
    """Return the window's weights; what lies beyond the picture is the row at its border."""
    wide = np.arange(first - _LANCZOS_PX, last + _LANCZOS_PX)
    away = wide - centres
    window = np.where(np.abs(away) < _LANCZOS_PX, np.sinc(away) * np.sinc(away / _LANCZOS_PX), 0)
    weights = window[:, _LANCZOS_PX:-_LANCZOS_PX].copy()
    weights[:, 0] += window[:, :_LANCZOS_PX].sum(axis=1)
    weights[:, -1] += window[:, -_LANCZOS_PX:].sum(axis=1)
    return weights
