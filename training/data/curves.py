"""Curves of hair: their directions, and where in a picture they lie."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.pixels import resize

FINE = 3
"""Drawn pixels per pixel of the picture, along a side."""

SUBPIXEL_BITS = 4
"""Fractional bits of the coordinates that OpenCV draws lines between."""

_MARGIN_PX = 3
"""More than half of the thickest strand."""

Floats = NDArray[np.float32]
Vectors = NDArray[np.float64]


def unit(vectors: Vectors) -> Vectors:
    """Return vectors ``[..., 2]`` of length one."""
    return np.asarray(vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-6))


def turn(vectors: Vectors, angles: Vectors) -> Vectors:
    """Return vectors ``[N, 2]`` turned by angles ``[N]`` in radians."""
    cosine, sine = np.cos(angles), np.sin(angles)
    x, y = vectors.T
    return np.stack([x * cosine - y * sine, x * sine + y * cosine], 1)


def window_around(curves: Vectors, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return the rows and columns of a picture that curves ``[N, points, 2]`` (x, y) lie in.

    At least a pixel of each, also where all curves lie outside.
    """
    limits = np.array(shape[1::-1])
    first = np.clip(curves.min((0, 1)) - _MARGIN_PX, 0, limits - 1).astype(int)
    last = np.clip(np.ceil(curves.max((0, 1)) + _MARGIN_PX), first + 1, limits).astype(int)
    return slice(first[1], last[1]), slice(first[0], last[0])


def fixed_point(curves: Vectors, window: tuple[slice, slice]) -> NDArray[np.int32]:
    """Return curves as OpenCV draws them in the enlarged window."""
    start = np.array((window[1].start, window[0].start))
    return np.asarray(np.rint((curves - start) * FINE * 2**SUBPIXEL_BITS), np.int32)


def average_ink(ink: NDArray[np.uint8], drawn: NDArray[np.bool_], shape: tuple[int, ...]) -> Floats:
    """Return straight colours ``[H, W, 3]`` of what was drawn on the enlarged window.

    Args:
        ink: Colours of the enlarged window.
        drawn: Where anything was drawn on it.
        shape: Height and width of the window itself.
    """
    size = shape[1], shape[0]
    share = resize(drawn.astype(np.float32), *size, cv2.INTER_AREA)[..., None]
    mean = resize(ink * drawn[..., None].astype(np.float32), *size, cv2.INTER_AREA)
    return np.asarray(mean / (share + 1e-4), np.float32)
