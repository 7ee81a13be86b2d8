"""Whole heads of hair drawn on people, their coverage exact: variety that rendering cannot afford.

Locks grow from the scalp along paths that gravity or wind bends; the strands of a lock follow its
path, coiled round it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.catalogue import Cut
from training.data.compose import give_room, trim_room
from training.data.curves import Floats, Vectors, turn, unit
from training.data.hair_drawing import Hair, choose_colour, put_on
from training.data.heads import Head, find_head
from training.data.pixels import Random, Rgb, Rgba

_POINTS = 56
_ROOM = 3.2
_MOST_ROOM_PX = 360
"""How far hair may leave a person's frame: so many radii of the head, and so many pixels."""


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
    colour, alpha = give_room(person, cut, room)
    moved = Head(head.x + (0 if cut[2] else room), head.y + room, head.radius)
    return trim_room(*_dress(colour, alpha, moved, rng), cut)


def draw_hair(colour: Rgb, alpha: Floats, rng: Random) -> tuple[Rgb, Floats]:
    """Return straight colours ``[H, W, 3]`` and alpha ``[H, W]`` with a head of hair added.

    Unchanged where there is no head.
    """
    head = find_head(np.rint(alpha * 255).astype(np.uint8))
    return (colour, alpha) if head is None else _dress(colour, alpha, head, rng)


def _dress(colour: Rgb, alpha: Floats, head: Head, rng: Random) -> tuple[Rgb, Floats]:
    hair = _grow(STYLES[str(rng.choice(list(STYLES)))], head, rng)
    return put_on(colour, alpha, hair, choose_colour(colour, head, rng), rng)


def _grow(style: Style, head: Head, rng: Random) -> Hair:
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
    return Hair(curves, lock, is_front)


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


def _around(head: Head, angle: Vectors, share: Vectors) -> Vectors:
    """Return points ``[N, 2]`` of a head by angle from the crown and share of the radius."""
    return np.array([head.x, head.y]) + _outward(angle) * (head.radius * share)[:, None]


def _outward(angle: Vectors) -> Vectors:
    return np.stack([np.sin(angle), -np.cos(angle)], -1)


def _across(ways: Vectors) -> Vectors:
    return np.stack([-ways[..., 1], ways[..., 0]], -1)
