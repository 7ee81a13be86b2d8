"""The outline of a person, to be drawn over the photo."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath, QPolygonF

from himapp.document.matte_tiles import MatteTiles
from himapp.document.mip_levels import read_alpha
from himapp.document.regions import Region
from himapp.document.render_cache import RenderCache

_INSIDE_ALPHA = 0.25
"""The outline runs where a click begins to mean the person."""

_TOLERANCE_PX = 0.3
"""Points that lie so near to the line through their neighbours are left out."""

_SMOOTHING_ROUNDS = 3
"""Averaging each point with its neighbours so often turns the steps of pixels into a line."""


def trace_outline(
    matte: MatteTiles, region: Region, level: int, cache: RenderCache
) -> QPainterPath:
    """Return the outline of a person as far as it lies in a region.

    Args:
        matte: the person's matte.
        region: in pixels of the level; where it cuts the person, the line follows its edge.
        level: 0..8.
        cache: the renderer's.

    Returns:
        A closed path in photo coordinates; empty where the person is not.
    """
    path = QPainterPath()
    area = matte.bounds.at_level(level).grow(1).intersect(region)
    if area.is_empty:
        return path
    inside = (read_alpha(cache, matte, area, level) >= _INSIDE_ALPHA).astype(np.uint8)
    lines, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    for line in lines:
        corners = cv2.approxPolyDP(_smooth(line), _TOLERANCE_PX, closed=True)[:, 0]
        # A pixel's middle is half a pixel from its corner.
        points = np.add(corners, (area.x + 0.5, area.y + 0.5)) * 2.0**level
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in points.tolist()]))
        path.closeSubpath()
    return path


def _smooth(line: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Return a closed line of pixels ``[n, 1, 2]`` without its steps."""
    points = np.asarray(line, np.float32)
    for _ in range(_SMOOTHING_ROUNDS):
        neighbours = np.roll(points, 1, axis=0) + np.roll(points, -1, axis=0)
        points = np.asarray(points / 2 + neighbours / 4, np.float32)
    return points
