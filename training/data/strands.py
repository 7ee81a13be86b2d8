"""Flyaway hair drawn over a person's edge, its coverage exact.

Curves grow outward from the edge in wisps that share direction, curl and colour. They are drawn at
three times the resolution and averaged down.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.catalogue import Cut
from training.data.compose import give_room, trim_room
from training.data.curves import (
    FINE,
    SUBPIXEL_BITS,
    Floats,
    Vectors,
    average_ink,
    fixed_point,
    turn,
    unit,
    window_around,
)
from training.data.pixels import Random, Rgb, Rgba, resize, unit_alpha

_POINTS = 14
_FEWEST_EDGE_PX = 30
_ROOM_PX = 96
"""How far strands may leave the frame of a person; few are longer."""

_GREY_HAIR = np.array((1.0, 0.85, 0.68))
"""Relative red, green and blue of a brown; drawn hair lies between it and grey."""


def draw_strands(colour: Rgb, alpha: Floats, rng: Random) -> tuple[Rgb, Floats]:
    """Return straight colours ``[H, W, 3]`` and alpha ``[H, W]`` with strands added.

    Unchanged where the patch has no edge to grow them from.
    """
    rows, columns = _edge(alpha)
    if len(rows) < _FEWEST_EDGE_PX:
        return colour, alpha
    roots, directions, wisp = _place_wisps(alpha, rows, columns, rng)
    curves = _grow(roots, directions, wisp, rng)
    inks = _choose_inks(colour, roots - 4 * directions, wisp, rng)
    window = window_around(curves, alpha.shape)
    coverage, ink = _draw(fixed_point(curves, window), inks, alpha[window].shape, rng)
    colour, alpha = colour.copy(), alpha.copy()
    colour[window], alpha[window] = _lay_over(colour[window], alpha[window], coverage, ink)
    return colour, alpha


def grow_strands(person: Rgba, cut: Cut, rng: Random, *, rounds: int) -> Rgba:
    """Return a straight RGBA person with strands, its frame as large as they need.

    Args:
        person: ``[H, W, 4]``.
        cut: The sides at which the person ends with the frame; they grow nothing.
        rounds: How many places of the outline get strands.
    """
    colour, alpha = give_room(person, cut, _ROOM_PX)
    for _ in range(rounds):
        colour, alpha = draw_strands(colour, alpha, rng)
    return trim_room(colour, alpha, cut)


def _lay_over(colour: Rgb, alpha: Floats, coverage: Floats, ink: Floats) -> tuple[Rgb, Floats]:
    together = 1 - (1 - alpha) * (1 - coverage)
    weighted = (alpha * (1 - coverage))[..., None] * colour + coverage[..., None] * ink
    mixed = np.where(together[..., None] > 1e-3, weighted / (together[..., None] + 1e-6), colour)
    return np.rint(np.clip(mixed, 0, 255)).astype(np.uint8), together.astype(np.float32)


def _edge(alpha: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    inside = (alpha > 0.5).astype(np.uint8)
    rows, columns = np.nonzero(cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, np.ones((3, 3))))
    return rows, columns


def _place_wisps(
    alpha: Floats, rows: NDArray[np.intp], columns: NDArray[np.intp], rng: Random
) -> tuple[Vectors, Vectors, NDArray[np.intp]]:
    """Return root ``[N, 2]`` (x, y), outward direction ``[N, 2]`` and wisp ``[N]`` of strands."""
    smooth = cv2.GaussianBlur(alpha, (0, 0), 6)
    slope_x, slope_y = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    centre = rng.integers(len(rows))
    distance = np.hypot(rows - rows[centre], columns - columns[centre])
    near = np.flatnonzero(distance < rng.uniform(15, 90))
    bases = near[rng.integers(len(near), size=rng.integers(4, 27))]
    wisp = np.repeat(np.arange(len(bases)), rng.choice((1, 2, 4, 8, 14), len(bases)))
    y, x = rows[bases], columns[bases]
    outward = -np.stack([slope_x[y, x], slope_y[y, x]], 1).astype(np.float64)
    outward = turn(unit(outward), rng.normal(0, 0.7, len(bases)))[wisp]
    outward = unit(outward + rng.normal(0, 0.18, outward.shape))
    spread = rng.normal(0, 1, outward.shape) * rng.uniform(0.5, 3, (len(bases), 1))[wisp]
    roots = np.stack([x, y], 1)[wisp] + spread - outward * rng.uniform(1, 6, (len(wisp), 1))
    return roots, outward, wisp


def _grow(roots: Vectors, directions: Vectors, wisp: NDArray[np.intp], rng: Random) -> Vectors:
    """Return curves ``[N, points, 2]``: constant curl, a pull that all strands share."""
    count = int(wisp[-1]) + 1
    pull = np.array([rng.normal(0, 0.3), rng.uniform(-0.2, 1.0)])
    length = rng.uniform(15, 90) * rng.uniform(0.4, 1.6, count)[wisp]
    curl = rng.normal(0, rng.choice((0.02, 0.05, 0.12)), count)[wisp]
    curl = curl + rng.normal(0, 0.03, len(wisp))
    place, way, points = roots, directions, []
    for _ in range(_POINTS):
        points.append(place)
        way = unit(turn(way + pull * 0.06, curl))
        place = place + way * (length / _POINTS)[:, None]
    return np.stack(points, 1)


def _choose_inks(colour: Rgb, inside: Vectors, wisp: NDArray[np.intp], rng: Random) -> Vectors:
    """Return a colour per strand: the person's own beside the root, or one hair colour for all."""
    if rng.random() < 0.4:
        base = rng.uniform(10, 220) * (_GREY_HAIR ** rng.uniform(0, 1.5))
        inks = np.repeat(base[None], len(wisp), 0)
    else:
        limits = np.array(colour.shape[1::-1]) - 1
        x, y = np.clip(inside, 0, limits).astype(np.intp).T
        first = np.searchsorted(wisp, wisp)
        inks = colour[y, x].astype(np.float64)[first]
    shade = rng.uniform(0.7, 1.4, (len(wisp), 1))
    return np.clip(inks * shade + rng.normal(0, 8, (len(wisp), 1)), 0, 255)


def _draw(
    lines: NDArray[np.int32], inks: Vectors, shape: tuple[int, ...], rng: Random
) -> tuple[Floats, Floats]:
    """Return coverage ``[H, W]`` in 0..1 and colours ``[H, W, 3]`` of all strands."""
    height, width = shape[:2]
    coverage = np.zeros((height * FINE, width * FINE), np.uint8)
    ink = np.zeros((*coverage.shape, 3), np.uint8)
    thick = int(rng.choice((1, 1, 2, 2, 3)))
    for line, shade in zip(lines, inks.tolist(), strict=True):
        cv2.polylines(coverage, [line], False, 255, thick, cv2.LINE_AA, SUBPIXEL_BITS)
        cv2.polylines(ink, [line], False, shade, thick + 2, cv2.LINE_8, SUBPIXEL_BITS)
    small = resize(coverage, width, height, cv2.INTER_AREA)
    return unit_alpha(small), average_ink(ink, coverage > 0, shape)
