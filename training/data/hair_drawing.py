"""Strands of hair drawn on a person, at three times the resolution, and averaged down."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.curves import (
    FINE,
    SUBPIXEL_BITS,
    Floats,
    Vectors,
    average_ink,
    fixed_point,
    window_around,
)
from training.data.heads import Head
from training.data.pixels import Random, Rgb, resize, unit_alpha

_OPAQUE = 0.25
_OPACITY = (0.1, 0.6)
"""Share of heads whose strands are solid, and how opaque those of the others are."""

_LAYERS = 10
_SHADES = 4
"""Pieces of a strand, each with a brightness of its own."""

_LEAST_ALPHA = 1e-3
_HAIR_COLOURS = (
    (28, 22, 20),
    (52, 36, 28),
    (84, 58, 40),
    (120, 84, 54),
    (176, 138, 92),
    (206, 180, 140),
    (120, 52, 30),
    (150, 148, 146),
    (214, 212, 208),
)
"""Black over brown and blond to red, grey and white; RGB."""


@dataclass(frozen=True, slots=True)
class Hair:
    """Strands.

    Attributes:
        curves: ``[N, points, 2]``, x and y.
        lock: The lock of each ``[N]``.
        is_front: Whether a strand grows over the head and not behind it ``[N]``.
    """

    curves: Vectors
    lock: NDArray[np.intp]
    is_front: NDArray[np.bool_]


def choose_colour(colour: Rgb, head: Head, rng: Random) -> Vectors:
    """Return the person's own hair colour, read at the crown, or any other."""
    if rng.random() < 0.6:
        rows = slice(int(head.y - 0.9 * head.radius), int(head.y - 0.6 * head.radius) + 1)
        columns = slice(int(head.x - 0.3 * head.radius), int(head.x + 0.3 * head.radius) + 1)
        crown = colour[rows, columns].reshape(-1, 3)
        return np.asarray(np.median(crown, 0) + rng.normal(0, 6, 3))
    base = np.array(_HAIR_COLOURS[int(rng.integers(len(_HAIR_COLOURS)))], np.float64)
    return np.asarray(base * rng.uniform(0.7, 1.3))


def _shade(base: Vectors, lock: NDArray[np.intp], rng: Random) -> Vectors:
    """Return colours ``[N, shades, 3]``: dark at the root, with a gleam somewhere along."""
    own = rng.normal(1, 0.2, int(lock[-1]) + 1)[lock] * rng.normal(1, 0.12, len(lock))
    along = np.linspace(rng.uniform(0.4, 0.9), rng.uniform(0.9, 1.3), _SHADES)
    gleam = np.zeros(_SHADES)
    gleam[int(rng.integers(_SHADES))] = rng.uniform(0, 60)
    shades = own[:, None, None] * along[None, :, None] * base + gleam[None, :, None]
    return np.clip(shades, 0, 255)


def put_on(
    colour: Rgb, alpha: Floats, hair: Hair, base: Vectors, rng: Random
) -> tuple[Rgb, Floats]:
    """Lay a person over the hair behind and the hair in front over the person."""
    window = window_around(hair.curves, alpha.shape)
    shape = alpha[window].shape
    fixed = fixed_point(hair.curves, window)
    thick = int(rng.choice((1, 1, 2)))
    opacity = 1.0 if rng.random() < _OPAQUE else float(rng.uniform(*_OPACITY))
    whole = _draw_coverage(fixed, shape, thick, opacity)
    front = _draw_coverage(fixed[hair.is_front], shape, thick, opacity)
    ink = _draw_ink(fixed, _shade(base, hair.lock, rng), shape, thick)
    solid = alpha[window]
    behind = (1 - solid) * whole
    below = solid[..., None] * colour[window] + behind[..., None] * ink
    mixed = front[..., None] * ink + (1 - front[..., None]) * below
    together = front + (1 - front) * (solid + behind)
    straight = mixed / (together[..., None] + 1e-6)
    is_seen = together[..., None] > _LEAST_ALPHA
    colour, alpha = colour.copy(), alpha.copy()
    colour[window] = np.where(is_seen, np.clip(straight, 0, 255), colour[window])
    alpha[window] = together
    return colour, alpha


def _draw_coverage(
    lines: NDArray[np.int32], shape: tuple[int, ...], thick: int, opacity: float
) -> Floats:
    """Return coverage ``[H, W]`` in 0..1 of strands, each of which lets some light through.

    A hair is much thinner than a pixel. Those of a layer lie beside each other, layers lie in front
    of each other.
    """
    layers = 1 if opacity == 1 else _LAYERS
    light = np.ones(shape[:2], np.float32)
    for layer in range(layers):
        coverage = np.zeros((shape[0] * FINE, shape[1] * FINE), np.uint8)
        for line in lines[layer::layers]:  # many at once would be filled by the even-odd rule
            cv2.polylines(coverage, [line], False, 255, thick, cv2.LINE_AA, SUBPIXEL_BITS)
        light *= 1 - opacity * unit_alpha(resize(coverage, shape[1], shape[0], cv2.INTER_AREA))
    return 1 - light


def _draw_ink(
    lines: NDArray[np.int32], shades: Vectors, shape: tuple[int, ...], thick: int
) -> Floats:
    """Return straight colours ``[H, W, 3]`` of the hair."""
    ink = np.zeros((shape[0] * FINE, shape[1] * FINE, 3), np.uint8)
    drawn = np.zeros(ink.shape[:2], np.uint8)
    ends = np.linspace(0, lines.shape[1] - 1, _SHADES + 1).astype(int)
    for line, colours in zip(lines, shades.tolist(), strict=True):
        for colour, first, last in zip(colours, ends[:-1], ends[1:], strict=True):
            piece = [line[first : last + 1]]
            cv2.polylines(ink, piece, False, colour, thick + 1, cv2.LINE_8, SUBPIXEL_BITS)
        cv2.polylines(drawn, [line], False, 1, thick + 1, cv2.LINE_8, SUBPIXEL_BITS)
    return average_ink(ink, drawn > 0, shape)
