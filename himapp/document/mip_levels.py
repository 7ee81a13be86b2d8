"""The photo and the mattes at half, quarter, … size, so that a small view reads few pixels.

Level ``n`` is the picture halved ``n`` times: its pixel ``j`` is the mean of the pixels
``2 j`` and ``2 j + 1`` of level ``n - 1``; at an odd edge the last pixel counts twice. Levels of
mattes lie on the same grid as those of the photo.
"""

import cv2
import numpy as np

from himapp.document.layers import PersonLayer
from himapp.document.matte_tiles import TILE_PX, MatteTiles
from himapp.document.pixel_values import Array, FloatImage
from himapp.document.regions import Region, frame_region
from himapp.document.render_cache import RenderCache
from himapp.imaging.bit_depth import to_float
from himapp.imaging.photo import Photo

MAX_LEVEL = 8
"""A matte tile is one pixel then; no screen needs a coarser level of a photo."""


def halve(pixels: Array) -> Array:
    """Return the next coarser level of uint8 or uint16 ``[h, w]`` or ``[h, w, c]``."""
    height, width = pixels.shape[:2]
    if height % 2 or width % 2:
        pixels = cv2.copyMakeBorder(
            pixels, 0, height % 2, 0, width % 2, borderType=cv2.BORDER_REPLICATE
        )
    size = pixels.shape[1] // 2, pixels.shape[0] // 2
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def build_photo_levels(photo: Photo) -> RenderCache:
    """Return a cache with all levels of a photo, so that no view of it has to wait for them."""
    cache = RenderCache()
    _photo_level(cache, photo, MAX_LEVEL)
    return cache


def read_photo_level(cache: RenderCache, photo: Photo, region: Region, level: int) -> Array:
    """Return a region of the photo at a level, in the photo's own dtype; read-only.

    Args:
        cache: holds the levels.
        photo: the photo.
        region: in pixels of the level, inside the picture.
        level: 0..8; 0 is the photo itself.
    """
    pixels = _photo_level(cache, photo, level)
    return pixels[region.slices_in(frame_region(pixels.shape))]


def read_alpha(cache: RenderCache, matte: MatteTiles, region: Region, level: int) -> FloatImage:
    """Return a region of a matte at a level as float32 ``[height, width]``, 0..1; a new array.

    Args:
        cache: holds the levels above 0.
        matte: the matte.
        region: in pixels of the level; outside the matte alpha is 0.
        level: 0..8.
    """
    if level == 0:
        return to_float(matte.read_region(region))
    outline = _matte_outline(matte).at_level(level)
    shared = region.intersect(outline)
    alpha = np.zeros(region.shape, np.float32)
    if not shared.is_empty:
        values = _matte_level(cache, matte, level)[shared.slices_in(outline)]
        alpha[shared.slices_in(region)] = to_float(values)
    return alpha


def read_total_alpha(
    cache: RenderCache, layers: tuple[PersonLayer, ...], region: Region, level: int
) -> FloatImage:
    """Return how much of each pixel is people, limited to 1; eyes and opacities do not count."""
    total = np.zeros(region.shape, np.float32)
    for layer in layers:
        area = layer.bounds.at_level(level).intersect(region)
        if not area.is_empty:
            total[area.slices_in(region)] += read_alpha(cache, layer.matte, area, level)
    return np.minimum(total, 1, out=total)


def _photo_level(cache: RenderCache, photo: Photo, level: int) -> Array:
    if level == 0:
        return photo.pixels
    key = ("photo", level)
    return cache.fetch(key, (photo,), lambda: halve(_photo_level(cache, photo, level - 1)))


def _matte_outline(matte: MatteTiles) -> Region:
    """Return the bounds with the left and top side on the tile grid, which all levels share."""
    left = matte.bounds.x // TILE_PX * TILE_PX
    top = matte.bounds.y // TILE_PX * TILE_PX
    right = min(-(-matte.bounds.right // TILE_PX) * TILE_PX, matte.frame[1])
    bottom = min(-(-matte.bounds.bottom // TILE_PX) * TILE_PX, matte.frame[0])
    return Region(left, top, right - left, bottom - top)


def _matte_level(cache: RenderCache, matte: MatteTiles, level: int) -> Array:
    def build() -> Array:
        if level == 1:
            return halve(matte.read_region(_matte_outline(matte)))
        return halve(_matte_level(cache, matte, level - 1))

    return cache.fetch(("matte", level), (matte,), build)
