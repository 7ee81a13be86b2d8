"""What a network that looks at a tenth to a half of the size would say of a patch.

It is blurred, a little too large or too small, lumpy; it lacks strands, has holes, lacks a piece or
lets a piece of a neighbour in. The refiner learns to mend what the colours tell, and only that.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.pixels import Random, resize

_Floats = NDArray[np.float32]
_CELLS = (3, 4, 6, 8, 8, 10, 12, 16)
"""Patch pixels per pixel of the coarse matte; the finest stand for a pass of the refiner before."""

_FINE_CELL = 3


def draw_guidance(alpha: _Floats, others: _Floats, rng: Random, *, is_hard: bool = True) -> _Floats:
    """Return a coarse alpha ``[H, W]`` in 0..1.

    Args:
        alpha: What the coarse network could at best know of the person, ``[H, W]``.
        others: Alpha of the neighbours, which may bleed in, ``[H, W]``.
        rng: Source of the defects.
        is_hard: Whether pieces may be missing or too much as well, not just the edge wrong.
    """
    height, width = alpha.shape
    cell = int(rng.choice(_CELLS))
    size = max(2, width // cell), max(2, height // cell)
    small = resize(alpha, *size, cv2.INTER_AREA)
    if cell > _FINE_CELL:
        small = _move_outline(small, rng)
        if is_hard:
            small = _spoil(small, resize(others, *size, cv2.INTER_AREA), rng)
    if rng.random() < 0.65:
        small = _smooth(small, rng.uniform(0.4, 1.6))
    if rng.random() < 0.3:
        small = _add_lumps(small, rng)
    method = cv2.INTER_LINEAR if rng.random() < 0.7 else cv2.INTER_CUBIC
    return np.clip(resize(small, width, height, method), 0, 1)


def _move_outline(small: _Floats, rng: Random) -> _Floats:
    """Move the outline of a coarse alpha at random."""
    if rng.random() < 0.4:
        small = (small > rng.uniform(0.3, 0.7)).astype(np.float32)
    if rng.random() < 0.35:
        side = int(rng.choice((2, 3, 3, 4)))
        kernel = np.ones((side, side), np.uint8)
        change = cv2.dilate if rng.random() < 0.5 else cv2.erode
        small = np.asarray(change(small, kernel), np.float32)
    return small


def _spoil(small: _Floats, others: _Floats, rng: Random) -> _Floats:
    """Take pieces away at random, add some, and let a neighbour in."""
    if rng.random() < 0.25:
        small = small * (1 - _blob(small.shape, rng))
    if rng.random() < 0.25:
        small = np.maximum(small, _blob(small.shape, rng) * rng.uniform(0.3, 1))
    if others.any() and rng.random() < 0.5:
        leak = np.minimum(others, _blob(small.shape, rng, largest=0.5)) * rng.uniform(0.3, 1)
        small = np.maximum(small, leak.astype(np.float32))
    return small


def _blob(shape: tuple[int, ...], rng: Random, *, largest: float = 0.16) -> _Floats:
    """Return a soft ellipse, 0..1."""
    height, width = shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    radii = rng.uniform(0.03, largest, 2) * (height, width) + 0.6
    distance = np.hypot(
        (y - rng.uniform(0, height)) / radii[0], (x - rng.uniform(0, width)) / radii[1]
    )
    return np.asarray(np.clip(1.5 - distance, 0, 1), np.float32)


def _add_lumps(small: _Floats, rng: Random) -> _Floats:
    """Disturb the soft part by slow noise."""
    height, width = small.shape
    noise = rng.standard_normal((max(2, height // 4), max(2, width // 4)), np.float32)
    edge = _smooth(small, 1.5)
    lumps = resize(noise, width, height, cv2.INTER_CUBIC) * (2.4 * edge * (1 - edge))
    return np.clip(small + lumps, 0, 1)


def _smooth(plane: _Floats, sigma: float) -> _Floats:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.float32)
