"""Whole heads of hair drawn on people, their coverage exact: variety that rendering cannot afford.

Locks grow from the scalp along paths that gravity or wind bends; the strands of a lock follow its
path, coiled round it. They are drawn at three times the resolution and averaged down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

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
    fixed_point,
    turn,
    unit,
    window_around,
)
from training.data.pixels import Random, Rgb, Rgba, resize, unit_alpha

_POINTS = 56
_OPAQUE = 0.25
_OPACITY = (0.1, 0.6)
"""Share of heads whose strands are solid, and how opaque those of the others are."""

_LAYERS = 10
_SHADES = 4
"""Pieces of a strand, each with a brightness of its own."""

_SOLID = 127
_LEAST_ALPHA = 1e-3
_SMOOTHED = 40
"""A head is sought in alpha smoothed over this part of its height: frizz is no outline."""

_LEAST_RADIUS_PX = 20
_LEAST_RADIUS = 0.05
"""A head's least radius as a share of the person's height: a raised hand is smaller."""

_ROOM = 3.2
_MOST_ROOM_PX = 360
"""How far hair may leave a person's frame: so many radii of the head, and so many pixels."""

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
class Head:
    """A circle that fits the top of a person: centre and radius in pixels."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Style:
    """How hair falls; lengths are shares of the head's radius, pairs are ranges to draw from.

    Attributes:
        locks: How many locks.
        strands: Strands of a lock.
        length: Of a lock.
        pull: How much a step turns towards the pull of gravity or wind.
        coil: Radius of the coil.
        wave: Length of one turn of the coil.
        spread: How far strands lie from the lock's path.
        tangle: How much a lock's direction wanders.
    """

    locks: tuple[int, int]
    strands: tuple[int, int]
    length: tuple[float, float]
    pull: tuple[float, float]
    coil: tuple[float, float]
    wave: tuple[float, float]
    spread: tuple[float, float]
    tangle: tuple[float, float]


STYLES = {
    "afro": Style(
        locks=(150, 400),
        strands=(6, 14),
        length=(0.3, 1.1),
        pull=(0, 0.03),
        coil=(0.02, 0.07),
        wave=(0.08, 0.25),
        spread=(0.02, 0.06),
        tangle=(0, 0.06),
    ),
    "curls": Style(
        locks=(50, 170),
        strands=(8, 22),
        length=(0.4, 1.8),
        pull=(0.01, 0.1),
        coil=(0.04, 0.13),
        wave=(0.18, 0.5),
        spread=(0.015, 0.05),
        tangle=(0, 0.05),
    ),
    "long": Style(
        locks=(50, 120),
        strands=(14, 32),
        length=(1.2, 3.2),
        pull=(0.06, 0.25),
        coil=(0, 0.06),
        wave=(0.5, 1.6),
        spread=(0.02, 0.08),
        tangle=(0, 0.03),
    ),
    "short": Style(
        locks=(60, 260),
        strands=(4, 14),
        length=(0.12, 0.6),
        pull=(0, 0.06),
        coil=(0, 0.03),
        wave=(0.3, 1.2),
        spread=(0.01, 0.06),
        tangle=(0, 0.08),
    ),
}


def find_head(alpha: NDArray[np.uint8]) -> Head | None:
    """Return a circle at the top of a person; None where no head is likely.

    The topmost solid part is followed down until it is no wider than a circle of that height. A
    wide first row is where a picture ended, not a crown.
    """
    around = len(alpha) // _SMOOTHED | 1
    solid = cv2.blur(alpha, (around, around)) > _SOLID
    rows = np.flatnonzero(solid.any(1))
    if not len(rows):
        return None
    top, bottom = int(rows[0]), int(rows[-1])
    columns = np.flatnonzero(solid[top])
    middle = int(columns[len(columns) // 2])
    for depth in range(1, (bottom - top) // 2):
        first, last = _run_around(solid[top + depth], middle)
        middle = (first + last) // 2
        if last - first <= 2 * depth:
            least = max(_LEAST_RADIUS_PX, _LEAST_RADIUS * (bottom - top))
            radius = (last - first) / 2
            is_head = radius >= least and len(columns) < radius
            return Head(middle, top + depth, radius) if is_head else None
    return None


def grow_hair(person: Rgba, cut: Cut, rng: Random) -> Rgba:
    """Return a straight RGBA person with hair, its frame as large as that needs.

    Unchanged where the person ends at the top or has no head there.

    Args:
        person: ``[H, W, 4]``.
        cut: The sides at which the person ends with the frame, which does not grow there.
    """
    head = None if cut[0] else find_head(person[..., 3])
    if head is None:
        return person
    room = min(_MOST_ROOM_PX, round(_ROOM * head.radius))
    return trim_room(*draw_hair(*give_room(person, cut, room), rng), cut)


def draw_hair(colour: Rgb, alpha: Floats, rng: Random) -> tuple[Rgb, Floats]:
    """Return straight colours ``[H, W, 3]`` and alpha ``[H, W]`` with a head of hair added.

    Unchanged where there is no head.
    """
    head = find_head(np.rint(alpha * 255).astype(np.uint8))
    if head is None:
        return colour, alpha
    hair = _grow(STYLES[str(rng.choice(list(STYLES)))], head, rng)
    return _put_on(colour, alpha, hair, _choose_colour(colour, head, rng), rng)


def _run_around(row: NDArray[np.bool_], middle: int) -> tuple[int, int]:
    """Return the first and last column of the solid run that holds a column or lies nearest."""
    columns = np.flatnonzero(row)
    if not len(columns):
        return middle, middle
    at = int(np.argmin(np.abs(columns - middle)))
    breaks = np.flatnonzero(np.diff(columns) > 1)
    first = breaks[breaks < at].max(initial=-1) + 1
    last = breaks[breaks >= at].min(initial=len(columns) - 1)
    return int(columns[first]), int(columns[last])


@dataclass(frozen=True, slots=True)
class _Hair:
    """Strands.

    Attributes:
        curves: ``[N, points, 2]``, x and y.
        lock: The lock of each ``[N]``.
        is_front: Whether a strand grows over the head and not behind it ``[N]``.
    """

    curves: Vectors
    lock: NDArray[np.intp]
    is_front: NDArray[np.bool_]


def _grow(style: Style, head: Head, rng: Random) -> _Hair:
    count = int(rng.integers(*style.locks))
    reach = math.radians(rng.uniform(70, 150))
    angle = rng.uniform(-reach, reach, count) + rng.normal(0, 0.2)
    roots = _around(head, angle, rng.uniform(0.55, 1.0, count))
    way = turn(_outward(angle), rng.normal(0, 0.25, count))
    length = head.radius * rng.uniform(*style.length) * rng.uniform(0.5, 1.1, count)
    pull = _draw_pull(style, rng)
    tangle = rng.uniform(*style.tangle)
    steps = (length / _POINTS)[:, None]
    place, paths, ways = roots, [], []
    for _ in range(_POINTS):
        paths.append(place)
        ways.append(way)
        way = unit(turn(way + pull, rng.normal(0, tangle, count)))
        place = place + way * steps
    lock = np.repeat(np.arange(count), rng.integers(*style.strands, count))
    path, across = np.stack(paths, 1)[lock], _across(np.stack(ways, 1))[lock]
    curves = path + _coil(style, head, lock, length, across, rng)
    is_front = (np.abs(angle) < math.radians(100))[lock] & (rng.random(len(lock)) < 0.5)
    return _Hair(curves, lock, is_front)


def _draw_pull(style: Style, rng: Random) -> Vectors:
    """Return what all locks are pulled by: mostly gravity, now and then wind."""
    strength = rng.uniform(*style.pull)
    side = rng.normal(0, 0.3) if rng.random() < 0.75 else rng.choice((-1, 1)) * rng.uniform(0.8, 2)
    return np.array([side, 1.0]) * strength


def _coil(
    style: Style,
    head: Head,
    lock: NDArray[np.intp],
    length: Vectors,
    across: Vectors,
    rng: Random,
) -> Vectors:
    """Return how far each strand's points are from its lock's path, ``[N, points, 2]``."""
    count, strands = len(length), len(lock)
    radius = head.radius * rng.uniform(*style.coil) * rng.uniform(0.6, 1.4, count)[lock]
    wave = head.radius * rng.uniform(*style.wave) * rng.uniform(0.8, 1.25, count)[lock]
    share = np.linspace(0, 1, _POINTS)[None]
    turns = length[lock][:, None] * share / wave[:, None]
    phase = rng.uniform(0, 2 * math.pi, count)[lock] + rng.normal(0, 0.35, strands)
    grown = radius[:, None] * np.minimum(1, 4 * share)
    beside = grown * np.sin(2 * math.pi * turns + phase[:, None])
    along = 0.6 * grown * np.cos(2 * math.pi * turns + phase[:, None])
    spread = head.radius * rng.uniform(*style.spread)
    offset = rng.normal(0, spread, (strands, 1)) * (0.5 + share) + beside
    forward = np.stack([across[..., 1], -across[..., 0]], -1)
    return np.asarray(offset[..., None] * across + along[..., None] * forward)


def _choose_colour(colour: Rgb, head: Head, rng: Random) -> Vectors:
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


def _put_on(
    colour: Rgb, alpha: Floats, hair: _Hair, base: Vectors, rng: Random
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
    ends = np.linspace(0, _POINTS - 1, _SHADES + 1).astype(int)
    for line, colours in zip(lines, shades.tolist(), strict=True):
        for colour, first, last in zip(colours, ends[:-1], ends[1:], strict=True):
            piece = [line[first : last + 1]]
            cv2.polylines(ink, piece, False, colour, thick + 1, cv2.LINE_8, SUBPIXEL_BITS)
        cv2.polylines(drawn, [line], False, 1, thick + 1, cv2.LINE_8, SUBPIXEL_BITS)
    share = resize(drawn.astype(np.float32), shape[1], shape[0], cv2.INTER_AREA)[..., None]
    mean = resize(ink.astype(np.float32), shape[1], shape[0], cv2.INTER_AREA) / (share + 1e-4)
    return mean.astype(np.float32)


def _around(head: Head, angle: Vectors, share: Vectors) -> Vectors:
    """Return points ``[N, 2]`` of a head by angle from the crown and share of the radius."""
    return np.array([head.x, head.y]) + _outward(angle) * (head.radius * share)[:, None]


def _outward(angle: Vectors) -> Vectors:
    return np.stack([np.sin(angle), -np.cos(angle)], -1)


def _across(ways: Vectors) -> Vectors:
    return np.stack([-ways[..., 1], ways[..., 0]], -1)
