"""The one renderer: a region of a document becomes pixels, for the screen and for files.

Over the original background the photo itself is edited through the mattes,
``out = I + sum of alpha * opacity * (edit(I) - I)``, so people without edits give back the photo
bit for bit. Over any other background the people's own colours F are drawn with their mattes;
people in place share edge pixels and combine by disjoint over. All in float32 in the photo's
encoded colour space, rounded once at the end.
"""

import math
from typing import Any

import cv2
import numpy as np

from himapp.document.backdrop import Backdrop, read_backdrop
from himapp.document.background import PhotoBackground
from himapp.document.document import Document
from himapp.document.layers import PersonLayer
from himapp.document.mip_levels import MAX_LEVEL, read_alpha, read_photo_level
from himapp.document.person_pixels import (
    read_cutout_colours,
    read_edited_foreground,
    read_edited_photo,
)
from himapp.document.pixel_values import (
    Array,
    FloatImage,
    unweigh,
    weigh,
)
from himapp.document.regions import Region, frame_region
from himapp.document.render_cache import RenderCache
from himapp.imaging.bit_depth import from_float, to_depth, to_float

_ROUNDING = 1e-6
"""So much may alphas that add up to 1 exceed it in float32."""

_BLEED_PX = 4
"""So far beyond the matte a cut-out keeps colour under alpha 0, for programs that resample it."""


def render(
    document: Document,
    region: tuple[int, int, int, int],
    scale: float = 1.0,
    *,
    cache: RenderCache,
) -> Array:
    """Render a region of a document.

    Powers of two are fast and exact: see :func:`render_level`. Other scales are resampled from
    the next finer level.

    Args:
        document: what to render.
        region: ``(x, y, width, height)`` in photo pixels; limited to the photo.
        scale: pixels of the result per photo pixel, above 0 up to 1.
        cache: keeps what later calls need again.

    Returns:
        ``[h, w, 4]`` RGBA with straight alpha in the photo's dtype.

    Raises:
        ValueError: the scale is out of range.
    """
    level = pick_level(scale)
    wanted = Region(*region).intersect(document.frame)
    pixels = render_level(document, wanted.at_level(level), level, cache=cache)
    if scale == 0.5**level or wanted.is_empty:
        return pixels
    size = max(round(wanted.width * scale), 1), max(round(wanted.height * scale), 1)
    return _resize_straight(pixels, size)


def render_level(
    document: Document,
    region: Region,
    level: int,
    *,
    cache: RenderCache,
    dtype: np.dtype[Any] | None = None,
) -> Array:
    """Render a region of a document at a mip level.

    Neighbouring regions fit: a pixel does not depend on the region it is rendered in, except for
    rounding by 1 code value.

    Args:
        document: what to render.
        region: in pixels of the level; limited to the picture.
        level: how often the photo is halved, 0..8.
        cache: keeps what later calls need again.
        dtype: uint8 or uint16, what is rounded to; None means the photo's.

    Returns:
        ``[height, width, 4]`` RGBA with straight alpha; colours are 0 where alpha is 0.
    """
    dtype = document.photo.pixels.dtype if dtype is None else dtype
    region = region.intersect(frame_region(document.photo.pixels.shape, level))
    if region.is_empty:
        return np.zeros((0, 0, 4), dtype)
    if isinstance(document.background, PhotoBackground):
        return _render_over_photo(document, region, level, cache, dtype)
    return _render_over_backdrop(document, region, level, cache, dtype)


def render_person(
    document: Document,
    layer_id: int,
    region: Region,
    level: int,
    *,
    cache: RenderCache,
    dtype: np.dtype[Any] | None = None,
) -> Array:
    """Render one person's cut-out: own colours with edits; eye and opacity do not count.

    Args:
        document: the document.
        layer_id: the person.
        region: in pixels of the level; limited to the picture.
        level: how often the photo is halved, 0..8.
        cache: keeps what later calls need again.
        dtype: uint8 or uint16, what is rounded to; None means the photo's.

    Returns:
        ``[height, width, 4]`` RGBA with straight alpha. Under alpha 0 the person's colours go on
        for 4 pixels and are 0 beyond.

    Raises:
        ValueError: no layer has the id.
    """
    layer = document.find_layer(layer_id)
    region = region.intersect(frame_region(document.photo.pixels.shape, level))
    dtype = document.photo.pixels.dtype if dtype is None else dtype
    cutout = np.zeros((*region.shape, 4), dtype)
    area = layer.bounds.at_level(level).grow(_BLEED_PX).intersect(region)
    if area.is_empty:
        return cutout
    wide = read_alpha(cache, layer.matte, area.grow(_BLEED_PX), level)
    kernel = np.ones((2 * _BLEED_PX + 1, 2 * _BLEED_PX + 1), np.uint8)
    inner = area.slices_in(area.grow(_BLEED_PX))
    is_near = cv2.dilate((wide > 0).view(np.uint8), kernel)[inner].astype(np.uint8)
    colours = read_cutout_colours(cache, document.photo, layer, area, level, dtype)
    target = cutout[area.slices_in(region)]
    target[..., :3] = cv2.bitwise_and(colours, colours, mask=is_near)
    target[..., 3] = from_float(wide[inner], dtype)
    return cutout


def pick_level(scale: float) -> int:
    """Return the coarsest mip level that has at least the pixels of a scale.

    Raises:
        ValueError: the scale is not above 0 and at most 1.
    """
    if not 0.0 < scale <= 1.0:
        raise ValueError(f"scale must be above 0 and at most 1, not {scale}")
    return min(math.floor(-math.log2(scale) + 1e-9), MAX_LEVEL)


def _render_over_photo(
    document: Document, region: Region, level: int, cache: RenderCache, dtype: np.dtype[Any]
) -> Array:
    base = read_photo_level(cache, document.photo, region, level)
    layers = [layer for layer in document.layers if layer.edits_photo]
    touching = [layer for layer in layers if not _area(layer, region, level).is_empty]
    if not touching:
        return _make_opaque(to_depth(base, dtype))
    original = to_float(base)
    edited = original.copy()
    for layer in touching:
        area = _area(layer, region, level)
        inner = area.slices_in(region)
        change = read_edited_photo(cache, document.photo, layer, area, level)
        change = np.asarray(cv2.subtract(change, original[inner]))
        edited[inner] += weigh(change, _read_coverage(cache, layer, area, level))
    return _make_opaque(from_float(edited, dtype))


def _render_over_backdrop(
    document: Document, region: Region, level: int, cache: RenderCache, dtype: np.dtype[Any]
) -> Array:
    people = np.zeros((*region.shape, 3), np.float32)
    coverage = np.zeros(region.shape, np.float32)
    for layer in document.layers:
        area = _area(layer, region, level)
        if layer.is_drawn and not area.is_empty:
            inner = area.slices_in(region)
            colours = read_edited_foreground(cache, document.photo, layer, area, level)
            alpha = _read_coverage(cache, layer, area, level)
            _draw_disjoint(people[inner], coverage[inner], colours, alpha)
    backdrop = read_backdrop(cache, document, region, level)
    if backdrop.alpha is None:
        people += weigh(backdrop.colours, 1 - coverage)
        return _make_opaque(from_float(people, dtype))
    return _put_over_clear(people, coverage, backdrop, backdrop.alpha, dtype)


def _draw_disjoint(
    people: FloatImage, coverage: FloatImage, colours: FloatImage, alpha: FloatImage
) -> None:
    """Add a person to weighted colours and coverage: alphas add; beyond 1 the lower give way."""
    if np.max(coverage + alpha) > 1 + _ROUNDING:
        keep = np.minimum(1, (1 - alpha) / np.maximum(coverage, np.float32(1e-6)))
        people[...] = weigh(people, keep)
        coverage *= keep
    people += weigh(colours, alpha)
    coverage += alpha


def _put_over_clear(
    people: FloatImage,
    coverage: FloatImage,
    backdrop: Backdrop,
    backdrop_alpha: FloatImage,
    dtype: np.dtype[Any],
) -> Array:
    """Composite over a background that is not opaque and make alpha straight."""
    behind = (1 - coverage) * backdrop_alpha
    alpha = coverage + behind
    weighted = people + weigh(backdrop.colours, behind)
    straight = unweigh(weighted, alpha)
    rgba = np.dstack([from_float(straight, dtype), from_float(alpha, dtype)])
    rgba[rgba[..., 3] == 0] = 0
    return rgba


def _area(layer: PersonLayer, region: Region, level: int) -> Region:
    return layer.bounds.at_level(level).intersect(region)


def _read_coverage(cache: RenderCache, layer: PersonLayer, area: Region, level: int) -> FloatImage:
    return read_alpha(cache, layer.matte, area, level) * np.float32(layer.opacity)


def _make_opaque(rgb: Array) -> Array:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA))


def _resize_straight(pixels: Array, size: tuple[int, int]) -> Array:
    """Shrink RGBA with straight alpha: weighted by alpha, so that clear pixels lend no colour."""
    values = to_float(pixels)
    values[..., :3] *= values[..., 3:]
    small = np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)
    small[..., :3] = unweigh(small[..., :3], small[..., 3])
    return from_float(small, pixels.dtype)
