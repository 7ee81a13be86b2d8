"""The pixels of one person: their own colours F, and their edits."""

from typing import Any

import numpy as np

from himapp.document.adjustments import adjust_tone
from himapp.document.blurring import BlurSource, pick_blur_level, read_blurred
from himapp.document.layers import PersonLayer
from himapp.document.matte_tiles import MatteTiles
from himapp.document.mip_levels import read_alpha, read_photo_level
from himapp.document.pixel_values import Array, FloatImage
from himapp.document.regions import Region, frame_region, split_into_tiles, tile_region
from himapp.document.render_cache import RenderCache
from himapp.imaging.bit_depth import from_float, to_depth, to_float
from himapp.imaging.foreground import BLEED_PX, estimate_foreground
from himapp.imaging.photo import Photo

_TILE_PX = 1024
_MARGIN_PX = 64
"""What F is estimated with around its tile, so that neighbouring tiles agree."""

_LEAST_SHARE = np.float32(1 / 510)
_BLUR_MARGIN_PX = 8
"""So far around the matte a blurred person has colours, for cut-outs that bleed under alpha 0."""


def read_photo_float(cache: RenderCache, photo: Photo, region: Region, level: int) -> FloatImage:
    """Return a region of the photo at a level as float32 ``[h, w, 3]``, 0..1; a new array."""
    return to_float(read_photo_level(cache, photo, region, level))


def read_foreground(
    cache: RenderCache, photo: Photo, matte: MatteTiles, region: Region, level: int
) -> Array:
    """Return the person's own colours F: the photo's, cleaned of the background in soft pixels.

    F is estimated tile by tile, when first asked for, at the level asked for; it goes on a few
    pixels beyond the matte.

    Args:
        cache: holds the estimated tiles.
        photo: the photo.
        matte: the person's matte.
        region: in pixels of the level, inside the picture.
        level: 0..8.

    Returns:
        ``[height, width, 3]`` in the photo's dtype; a new array.
    """
    colours = read_photo_level(cache, photo, region, level).copy()
    reached = matte.bounds.at_level(level).grow(BLEED_PX).intersect(region)
    for place in split_into_tiles(reached, _TILE_PX):
        tile = _foreground_tile(cache, photo, matte, place, level)
        if tile.size:
            area = _tile_area(photo, place, level)
            shared = area.intersect(region)
            colours[shared.slices_in(region)] = tile[shared.slices_in(area)]
    return colours


def read_edited_photo(
    cache: RenderCache, photo: Photo, layer: PersonLayer, region: Region, level: int
) -> FloatImage:
    """Return the photo with a person's edits, as they look inside the person's matte."""
    if layer.adjustments.blur_px > 0:
        pixels = _read_blurred(cache, photo, layer, region, level)
    else:
        pixels = read_photo_float(cache, photo, region, level)
    return adjust_tone(pixels, layer.adjustments)


def read_edited_foreground(
    cache: RenderCache, photo: Photo, layer: PersonLayer, region: Region, level: int
) -> FloatImage:
    """Return the person's own colours F with the person's edits."""
    if layer.adjustments.blur_px > 0:
        pixels = _read_blurred(cache, photo, layer, region, level)
    else:
        pixels = to_float(read_foreground(cache, photo, layer.matte, region, level))
    return adjust_tone(pixels, layer.adjustments)


def read_cutout_colours(
    cache: RenderCache,
    photo: Photo,
    layer: PersonLayer,
    region: Region,
    level: int,
    dtype: np.dtype[Any],
) -> Array:
    """Return what ``read_edited_foreground`` does, rounded to uint8 or uint16."""
    if layer.adjustments.is_neutral:
        return to_depth(read_foreground(cache, photo, layer.matte, region, level), dtype)
    return from_float(read_edited_foreground(cache, photo, layer, region, level), dtype)


def _tile_area(photo: Photo, place: tuple[int, int], level: int) -> Region:
    return tile_region(place, _TILE_PX).intersect(frame_region(photo.pixels.shape, level))


def _foreground_tile(
    cache: RenderCache, photo: Photo, matte: MatteTiles, place: tuple[int, int], level: int
) -> Array:
    """Return F of a tile, as deep as the photo; an empty array where F is the photo's colours."""

    def build() -> Array:
        area = _tile_area(photo, place, level)
        wide = area.grow(_MARGIN_PX).intersect(frame_region(photo.pixels.shape, level))
        alpha = read_alpha(cache, matte, wide, level)
        if alpha.min() == 1 or alpha.max() == 0:
            return np.zeros((0, 0, 3), photo.pixels.dtype)
        # Neither colour shows where the other covers all but half a step of 8 bit.
        alpha = np.where(alpha < _LEAST_SHARE, 0, np.where(alpha > 1 - _LEAST_SHARE, 1, alpha))
        colours = estimate_foreground(read_photo_level(cache, photo, wide, level), alpha)
        return np.ascontiguousarray(colours[area.slices_in(wide)])

    return cache.fetch(("foreground", level, place), (photo, matte), build)


def _read_blurred(
    cache: RenderCache, photo: Photo, layer: PersonLayer, region: Region, level: int
) -> FloatImage:
    """Return the person blurred with nothing but the person's own pixels."""
    sigma_px, matte = layer.adjustments.blur_px, layer.matte
    blur_level = pick_blur_level(sigma_px, level)
    frame = frame_region(photo.pixels.shape, blur_level)
    outline = layer.bounds.at_level(blur_level).grow(_BLUR_MARGIN_PX).intersect(frame)

    def read(area: Region) -> tuple[FloatImage, FloatImage, FloatImage]:
        pixels = to_float(read_foreground(cache, photo, matte, area, blur_level))
        return pixels, read_alpha(cache, matte, area, blur_level), pixels

    source = BlurSource("person", (photo, matte), sigma_px, blur_level, read, outline)
    return read_blurred(cache, source, region, level)
