"""Blur that looks at some pixels only: normalised convolution on a level coarse enough to be fast.

Reference: H. Knutsson, C.-F. Westin, "Normalized and differential convolution", CVPR 1993:
blur(weight * picture) / blur(weight) uses exactly the pixels whose weight is above 0.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from himapp.document.mip_levels import MAX_LEVEL
from himapp.document.pixel_values import FloatImage, unweigh, weigh
from himapp.document.regions import Region, split_into_tiles, tile_region
from himapp.document.render_cache import RenderCache
from himapp.imaging.bit_depth import from_float, to_float

Plane = npt.NDArray[np.uint16]

_TILE_PX = 512
_SMALLEST_SIGMA = 2.0
"""From this standard deviation on, in pixels of a level, linear enlarging shows no facets."""

_TRUST = 1e-4
"""Where the blurred weight is not far above this, the fallback shows."""


@dataclass(frozen=True, slots=True)
class BlurSource:
    """What is blurred, read on demand so that a big photo is never held in float32 at once.

    Attributes:
        name: tells apart what is made from the same objects.
        made_from: the immutable objects that decide the picture.
        sigma_px: standard deviation in photo pixels.
        level: the level it is blurred on, see :func:`pick_blur_level`.
        read: returns pixels ``[h, w, 3]``, weights ``[h, w]`` and the fallback ``[h, w, 3]`` of a
            region, float32 0..1.
        region: what exists, in pixels of the level; outside it the weight is 0.
    """

    name: str
    made_from: tuple[object, ...]
    sigma_px: float
    level: int
    read: Callable[[Region], tuple[FloatImage, FloatImage, FloatImage]]
    region: Region


def pick_blur_level(sigma_px: float, level: int) -> int:
    """Return the level to blur on: as coarse as the blur allows, never finer than the view's.

    Args:
        sigma_px: standard deviation in photo pixels.
        level: the view's level.
    """
    coarsest = math.floor(math.log2(max(sigma_px / _SMALLEST_SIGMA, 1.0)))
    return min(max(level, coarsest), MAX_LEVEL)


def read_blurred(cache: RenderCache, source: BlurSource, region: Region, level: int) -> FloatImage:
    """Return a region of a blurred picture; the blur is reckoned tile by tile and kept.

    Args:
        cache: holds the tiles.
        source: what to blur.
        region: in pixels of the view's level, inside the source's region but for few pixels.
        level: the view's level, at most the source's.

    Returns:
        float32 ``[height, width, 3]``, 0..1; a new array.
    """
    steps = source.level - level
    # One pixel around for the linear enlarging.
    needed = region.at_level(steps).grow(1).intersect(source.region)
    plane = np.empty((*needed.shape, 3), np.uint16)
    for place in split_into_tiles(needed, _TILE_PX):
        area = tile_region(place, _TILE_PX).intersect(source.region)
        key = (source.name, source.level, source.sigma_px, place)
        tile = cache.fetch(key, source.made_from, partial(_blur_tile, source, area))
        shared = area.intersect(needed)
        plane[shared.slices_in(needed)] = tile[shared.slices_in(area)]
    return enlarge_plane(plane, needed, region, steps)


def _blur_tile(source: BlurSource, tile: Region) -> Plane:
    sigma = source.sigma_px / 2**source.level
    margin = math.ceil(3 * sigma)
    area = tile.grow(margin).intersect(source.region)
    pixels, weights, fallback = source.read(area)
    inner = tile.slices_in(area)
    kernel = (2 * margin + 1, 2 * margin + 1)
    weighted = _blur(weigh(pixels, weights), kernel, sigma)[inner]
    total = _blur(weights, kernel, sigma)[inner]
    weighted += np.float32(_TRUST) * fallback[inner]
    weighted /= (total + np.float32(_TRUST))[..., np.newaxis]
    return from_float(weighted, np.uint16)


def _blur(values: FloatImage, kernel: tuple[int, int], sigma: float) -> FloatImage:
    border = cv2.BORDER_CONSTANT  # nothing lies outside, so its weight is 0
    blurred = cv2.GaussianBlur(values, kernel, sigma, borderType=border)
    return np.asarray(blurred, np.float32)


def enlarge_plane(plane: Plane, outline: Region, region: Region, steps: int) -> FloatImage:
    """Read a region from a plane that is some levels coarser, linearly.

    Args:
        plane: uint16 ``[h, w, 3]``.
        outline: what the plane covers, in pixels of its level.
        region: what to read, in pixels of the level wanted.
        steps: how many levels the plane is coarser, 0 or more.

    Returns:
        float32 ``[height, width, 3]``, 0..1; beyond its edges the plane goes on as it ends.
    """
    if steps == 0 and region.intersect(outline) == region:
        return to_float(plane[region.slices_in(outline)])
    scale = 0.5**steps
    # The centre of pixel 0 lies at 0.5 on every level.
    shift_x = (region.x + 0.5) * scale - 0.5 - outline.x
    shift_y = (region.y + 0.5) * scale - 0.5 - outline.y
    matrix = np.array([[scale, 0, shift_x], [0, scale, shift_y]], np.float64)
    enlarged = cv2.warpAffine(
        plane,
        matrix,
        (region.width, region.height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return to_float(np.asarray(enlarged))


def fill_unknown(pixels: FloatImage, weights: FloatImage) -> FloatImage:
    """Fill where the weight is 0 smoothly from where it is not, by pull and push.

    Args:
        pixels: float32 ``[h, w, 3]``.
        weights: float32 ``[h, w]``, 0..1.

    Returns:
        float32 ``[h, w, 3]``; black if all weights are 0.

    Reference:
        S. Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4.
    """
    colours = weigh(pixels, weights)
    height, width = weights.shape
    if height == 1 and width == 1:
        return np.asarray(colours / max(float(weights[0, 0]), 1e-6), np.float32)
    half = (width + 1) // 2, (height + 1) // 2
    mean_weights = np.asarray(cv2.resize(weights, half, interpolation=cv2.INTER_AREA), np.float32)
    mean_colours = np.asarray(cv2.resize(colours, half, interpolation=cv2.INTER_AREA), np.float32)
    known = unweigh(mean_colours, mean_weights)
    # A pixel that saw anything at all counts fully, else far colours would win over near ones.
    filled = fill_unknown(known, np.minimum(4 * mean_weights, 1))
    coarse = np.asarray(cv2.resize(filled, (width, height)), np.float32)
    return np.add(colours, weigh(coarse, 1 - weights))
