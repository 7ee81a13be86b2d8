"""What stands behind the people, as pixels."""

from dataclasses import dataclass

import cv2
import numpy as np

from himapp.document.background import (
    BlurBackground,
    ColourBackground,
    ImageBackground,
    PhotoBackground,
    TransparentBackground,
)
from himapp.document.blurring import (
    BlurSource,
    enlarge_plane,
    fill_unknown,
    pick_blur_level,
    read_blurred,
)
from himapp.document.document import Document
from himapp.document.enlarging import enlarge_part
from himapp.document.mip_levels import MAX_LEVEL, read_total_alpha
from himapp.document.person_pixels import read_photo_float
from himapp.document.pixel_values import Array, FloatImage
from himapp.document.regions import Region, frame_region
from himapp.document.render_cache import RenderCache
from himapp.imaging.bit_depth import from_float, to_float

_PEOPLE_MARGIN_PX = 2
"""Pixels this near to a person may carry the person's colour and stay out of the blur."""

_CLEAN_ALPHA = 0.02
"""From this alpha on a pixel is no background to blur."""

_MOST_FRAMES = 4
"""An enlarged image is made as a whole while it has at most so many times the frame's pixels."""

_FILL_SIDE_PX = 512
"""The fill behind people is estimated on the level whose longer side is at most this."""


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A region of the background.

    Attributes:
        colours: float32 ``[h, w, 3]``, 0..1.
        alpha: float32 ``[h, w]``, 0..1; None where the background is opaque everywhere.
    """

    colours: FloatImage
    alpha: FloatImage | None = None


def read_backdrop(cache: RenderCache, document: Document, region: Region, level: int) -> Backdrop:
    """Return a region of the document's background.

    Args:
        cache: holds resized images and blurs.
        document: the document.
        region: in pixels of the level, inside the picture.
        level: 0..8.
    """
    match document.background:
        case PhotoBackground():
            return Backdrop(read_photo_float(cache, document.photo, region, level))
        case TransparentBackground():
            empty = np.zeros((*region.shape, 3), np.float32)
            return Backdrop(empty, np.zeros(region.shape, np.float32))
        case ColourBackground(rgb):
            planes = [np.full(region.shape, value / 255, np.float32) for value in rgb]
            return Backdrop(np.asarray(cv2.merge(planes), np.float32))
        case ImageBackground() as image:
            return _read_image(cache, image, document.frame, region, level)
        case BlurBackground(radius_px):
            return Backdrop(_read_blur(cache, document, radius_px, region, level))


def _read_image(
    cache: RenderCache, image: ImageBackground, frame: Region, region: Region, level: int
) -> Backdrop:
    place = place_image(image, frame)
    size = max(place.width >> level, 1), max(place.height >> level, 1)
    outline = Region(place.x >> level, place.y >> level, *size)
    part = _find_resized_part(image.pixels, outline, frame.at_level(level))

    def build() -> Array:
        if part.shape != outline.shape:
            return enlarge_part(image.pixels, size, part)
        shrinks = size[0] < image.pixels.shape[1]
        method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(image.pixels, size, interpolation=method))

    resized = cache.fetch(("image", size, part), (image.pixels,), build)
    resized_region = part.shift(outline.x, outline.y)
    if image.fit == "fit":
        return _put_with_bars(resized, resized_region, region)
    # Rounding may leave the outline a pixel short of the frame: its edge goes on.
    rows = np.clip(np.arange(region.y, region.bottom) - resized_region.y, 0, part.height - 1)
    columns = np.clip(np.arange(region.x, region.right) - resized_region.x, 0, part.width - 1)
    return Backdrop(to_float(resized[rows[:, np.newaxis], columns]))


def _find_resized_part(pixels: Array, outline: Region, frame: Region) -> Region:
    """Return which part of a resized image is made, in its own pixels: mostly all of it.

    A narrow image that is enlarged to fill the frame would be thousands of times as large as what
    is seen of it. Else the whole serves every position.
    """
    whole = Region(0, 0, outline.width, outline.height)
    is_enlarged = whole.width >= pixels.shape[1] and whole.height >= pixels.shape[0]
    most = _MOST_FRAMES * frame.width * frame.height
    if not is_enlarged or whole.width * whole.height <= most:
        return whole
    return outline.intersect(frame).shift(-outline.x, -outline.y)


def _put_with_bars(resized: Array, outline: Region, region: Region) -> Backdrop:
    backdrop = Backdrop(
        np.zeros((*region.shape, 3), np.float32), np.zeros(region.shape, np.float32)
    )
    shared = outline.intersect(region)
    if not shared.is_empty and backdrop.alpha is not None:
        inner = shared.slices_in(region)
        backdrop.colours[inner] = to_float(resized[shared.slices_in(outline)])
        backdrop.alpha[inner] = 1
    return backdrop


def place_image(image: ImageBackground, frame: Region) -> Region:
    """Return where the whole image lies in photo pixels; parts may hang over the frame."""
    height, width = image.pixels.shape[:2]
    if image.fit == "stretch":
        return frame
    ratios = frame.width / width, frame.height / height
    ratio = max(ratios) if image.fit == "fill" else min(ratios)
    new_width, new_height = max(round(width * ratio), 1), max(round(height * ratio), 1)
    left = round((frame.width - new_width) * image.position[0])
    top = round((frame.height - new_height) * image.position[1])
    return Region(left, top, new_width, new_height)


def _read_blur(
    cache: RenderCache, document: Document, radius_px: float, region: Region, level: int
) -> FloatImage:
    blur_level = pick_blur_level(radius_px, level)
    outline = document.frame.at_level(blur_level)

    def read(area: Region) -> tuple[FloatImage, FloatImage, FloatImage]:
        pixels, weights = _read_clean_background(cache, document, area, blur_level)
        return pixels, weights, _read_fill(cache, document, area, blur_level)

    source = BlurSource("backdrop", _sources(document), radius_px, blur_level, read, outline)
    return read_blurred(cache, source, region, level)


def _sources(document: Document) -> tuple[object, ...]:
    return (document.photo, *(layer.matte for layer in document.layers))


def _read_clean_background(
    cache: RenderCache, document: Document, area: Region, level: int
) -> tuple[FloatImage, FloatImage]:
    """Return the photo, and weights that are 0 wherever a person may have left colour."""
    reach = max(_PEOPLE_MARGIN_PX >> level, 1)
    wide = area.grow(reach)
    people = read_total_alpha(cache, document.layers, wide, level)
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    near = np.asarray(cv2.dilate(people, kernel))[area.slices_in(wide)]
    weights = np.clip(1 - near / np.float32(_CLEAN_ALPHA), 0, 1)
    return read_photo_float(cache, document.photo, area, level), weights.astype(np.float32)


def _read_fill(cache: RenderCache, document: Document, area: Region, level: int) -> FloatImage:
    """Return colours for behind the people, smooth and from the background alone."""
    fill_level = level
    while max(document.frame.at_level(fill_level).shape) > _FILL_SIDE_PX and fill_level < MAX_LEVEL:
        fill_level += 1
    frame = frame_region(document.photo.pixels.shape, fill_level)

    def build() -> Array:
        pixels, weights = _read_clean_background(cache, document, frame, fill_level)
        return from_float(fill_unknown(pixels, weights), np.uint16)

    fill = cache.fetch(("fill", fill_level), _sources(document), build)
    return enlarge_plane(fill, frame, area, fill_level - level)
