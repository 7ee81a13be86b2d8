"""Where a person's head is, as far as the outline tells."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_SMOOTHED = 40
"""A head is sought in alpha smoothed over this part of its height: frizz is no outline."""

_LEAST_RADIUS_PX = 20
_LEAST_RADIUS = 0.05
"""A head's least radius as a share of the person's height: a raised hand is smaller."""

_SOLID = 127


@dataclass(frozen=True, slots=True)
class Head:
    """A circle that fits the top of a person: centre and radius in pixels."""

    x: float
    y: float
    radius: float


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
