"""Enlarge only that part of a picture which is seen."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from himapp.document.pixel_values import Array, FloatImage
from himapp.document.regions import Region
from himapp.imaging.bit_depth import from_float, to_float

_STRIPE_ROWS: Final = 256
_SHARPNESS: Final = -0.75
"""OpenCV's a of Keys' cubic convolution (Keys 1981, equation 15)."""


@dataclass(frozen=True, slots=True)
class _Taps:
    """What new pixels along an axis are made of: places of old ones and weights, ``[4, n]``."""

    places: npt.NDArray[np.intp]
    weights: npt.NDArray[np.float32]


def enlarge_part(pixels: Array, size: tuple[int, int], part: Region) -> Array:
    """Return a part of an enlarged picture as OpenCV's cubic one has it, but for rounding.

    Args:
        pixels: uint8 or uint16 ``[h, w, 3]``.
        size: width and height of the whole enlarged picture, however large.
        part: in pixels of that picture, inside it.
    """
    result = np.empty((*part.shape, 3), pixels.dtype)
    columns = _find_taps(pixels.shape[1], size[0], part.x, part.right)
    for top in range(part.y, part.bottom, _STRIPE_ROWS):
        bottom = min(top + _STRIPE_ROWS, part.bottom)
        rows = _find_taps(pixels.shape[0], size[1], top, bottom)
        first = int(rows.places.min())
        wide = _blend_columns(pixels[first : int(rows.places.max()) + 1], columns)
        tall = _blend_rows(wide, _Taps(rows.places - first, rows.weights))
        result[top - part.y : bottom - part.y] = from_float(tall, pixels.dtype)
    return result


def _find_taps(old: int, new: int, first: int, last: int) -> _Taps:
    """Return the taps of the new pixels ``first`` to ``last``; the picture's edge goes on."""
    centres = (np.arange(first, last) + 0.5) * (old / new) - 0.5
    places = np.floor(centres).astype(np.intp) + np.arange(-1, 3)[:, np.newaxis]
    away, a = np.abs(centres - places), _SHARPNESS
    near = ((a + 2) * away - (a + 3)) * away**2 + 1
    far = ((a * away - 5 * a) * away + 8 * a) * away - 4 * a
    weights = np.where(away <= 1, near, far).astype(np.float32)
    return _Taps(np.clip(places, 0, old - 1), weights)


def _blend_columns(rows: Array, taps: _Taps) -> FloatImage:
    blended = np.zeros((len(rows), taps.places.shape[1], 3), np.float32)
    for places, weights in zip(taps.places, taps.weights, strict=True):
        blended += to_float(rows[:, places]) * weights[:, np.newaxis]
    return blended


def _blend_rows(rows: FloatImage, taps: _Taps) -> FloatImage:
    blended = np.zeros((taps.places.shape[1], *rows.shape[1:]), np.float32)
    for places, weights in zip(taps.places, taps.weights, strict=True):
        blended += rows[places] * weights[:, np.newaxis, np.newaxis]
    return blended
