"""Part a matte into what is surely the person, surely not, and the unknown band between."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

BACKGROUND: Final = 0
UNKNOWN: Final = 128
FOREGROUND: Final = 255

AlphaArray = npt.NDArray[np.uint8 | np.uint16 | np.float32]


def make_trimap(
    alpha: AlphaArray, band_radius_px: float, *, tolerance: float = 0.0
) -> npt.NDArray[np.uint8]:
    """Make a trimap whose unknown band holds every soft or edge pixel and what is near one.

    Args:
        alpha: ``[H, W]`` uint8, uint16, or float32 in 0..1.
        band_radius_px: How far from solid or empty pixels' edge the band reaches; below 1 only
            the soft pixels themselves are unknown.
        tolerance: How far from 0 or 1 alpha still counts as empty or solid, 0 to below 0.5.

    Returns:
        ``[H, W]`` uint8 of :data:`BACKGROUND`, :data:`UNKNOWN` and :data:`FOREGROUND`.

    Raises:
        ValueError: The matte is not two-dimensional, or a parameter is out of range.
    """
    if alpha.ndim != 2:
        raise ValueError(f"a matte is [H, W], not {alpha.shape}")
    if band_radius_px < 0 or not 0 <= tolerance < 0.5:
        raise ValueError(f"radius {band_radius_px} or tolerance {tolerance} is out of range")
    top = 1.0 if alpha.dtype == np.float32 else float(np.iinfo(str(alpha.dtype)).max)
    trimap = np.full(alpha.shape, UNKNOWN, np.uint8)
    trimap[_deep_inside(alpha >= top * (1 - tolerance), band_radius_px)] = FOREGROUND
    trimap[_deep_inside(alpha <= top * tolerance, band_radius_px)] = BACKGROUND
    return trimap


def _deep_inside(region: npt.NDArray[np.bool_], radius_px: float) -> npt.NDArray[np.bool_]:
    """Return the region's pixels farther than the radius from any pixel outside it.

    The picture's border is no edge: a person cut off by it is solid up to it.
    """
    if region.all():
        return region
    distance = cv2.distanceTransform(region.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    inside: npt.NDArray[np.bool_] = distance > radius_px
    return inside
