"""The pixels of an exported file: rendered, made smaller or larger, put on paper, converted.

Everything but the finished picture is worked on in stripes. The order of steps::

    render ─► pad beyond the photo ─► resize, weighted by alpha ─► JPEG's background
        ─► grey or RGB ─► colour space ─► bit depth
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

import cv2
import numpy as np

from himapp.document.background import ImageBackground, TransparentBackground
from himapp.document.document import Document
from himapp.document.document_color import is_colourless, working_profile
from himapp.document.export_options import ExportOptions
from himapp.document.export_plan import PlannedFile
from himapp.document.person_pixels import read_edited_photo
from himapp.document.pixel_values import Array, FloatImage, unweigh, weigh
from himapp.document.regions import Region
from himapp.document.render import render_level, render_person
from himapp.document.render_cache import RenderCache
from himapp.imaging.bit_depth import from_float, to_float, to_uint8, to_uint16
from himapp.imaging.profile_conversion import convert_pixels
from himapp.imaging.resampling import Resampling, resample
from himapp.imaging.working_spaces import profile_of

_BLEED_PX: Final = 4
"""So far beyond alpha a resized cut-out keeps colour, as the renderer does at full size."""

_STRIPE_ROWS: Final = 512


class Stripes(Protocol):
    """Is told about every stripe, and can stop the work there."""

    def raise_if_cancelled(self) -> None:
        """Stop here if the user withdrew the task."""

    def advance(self, steps: int = 1) -> None:
        """Count stripes."""


@dataclass(frozen=True, slots=True)
class FilePixels:
    """A file's picture.

    Attributes:
        pixels: uint8 or uint16 with straight alpha: grey ``[H, W]``, grey with alpha
            ``[H, W, 2]``, RGB ``[H, W, 3]`` or RGBA ``[H, W, 4]``.
        icc: the profile the colours are in; None means sRGB, and nothing for a matte.
    """

    pixels: Array
    icc: bytes | None


@dataclass(frozen=True, slots=True)
class PictureSource:
    """What a file's pixels come from.

    Attributes:
        document: what is shown.
        options: how.
        file: which part of it, how large.
        cache: the renderer's.
    """

    document: Document
    options: ExportOptions
    file: PlannedFile
    cache: RenderCache

    @property
    def is_resized(self) -> bool:
        """Whether the file has other pixels than the photo."""
        return self.file.size != (self.file.region.width, self.file.region.height)

    @property
    def resampling(self) -> Resampling:
        """From the region's size to the file's."""
        return Resampling((self.file.region.width, self.file.region.height), self.file.size)


def count_stripes(source: PictureSource) -> int:
    """Return how often :func:`render_file` will tell of a stripe."""
    if source.is_resized:
        return len(source.resampling.split_rows())
    return len(split_rows(source.file.region))


def split_rows(region: Region) -> list[Region]:
    """Return a region's stripes from the top."""
    return [
        Region(region.x, top, region.width, min(_STRIPE_ROWS, region.bottom - top))
        for top in range(region.y, region.bottom, _STRIPE_ROWS)
    ]


def render_file(source: PictureSource, stripes: Stripes) -> FilePixels:
    """Render a file's picture at its size, depth and colour space.

    Raises:
        Cancelled: the stripes stopped the work.
    """
    pixels = _render(source, stripes)
    if source.options.content == "matte":
        return FilePixels(_at_depth(pixels, source), None)
    if source.is_resized and source.options.is_decontaminated and _has_alpha(pixels):
        bleed_colours(pixels, _BLEED_PX)
    return _finish_colours(source, pixels)


def _render(source: PictureSource, stripes: Stripes) -> Array:
    """Return the whole picture, still in the document's colours."""
    pixels: Array | None = None
    width, height = source.file.size
    parts = _resized_stripes(source) if source.is_resized else _stripes(source)
    stripes.raise_if_cancelled()
    for top, part in parts:
        flat = _put_on_background(part, source)
        if pixels is None:
            pixels = np.empty((height, width, *flat.shape[2:]), flat.dtype)
        pixels[top : top + len(flat)] = flat
        stripes.advance()
        stripes.raise_if_cancelled()
    if pixels is None:
        raise ValueError(f"A picture needs pixels, not {source.file.size}")
    return pixels


def _stripes(source: PictureSource) -> Iterator[tuple[int, Array]]:
    region = source.file.region
    for rows in split_rows(region):
        yield rows.y - region.y, _render_rows(source, rows)


def _resized_stripes(source: PictureSource) -> Iterator[tuple[int, Array]]:
    region, dtype = source.file.region, _working_dtype(source)

    def read(first: int, last: int) -> FloatImage:
        rows = Region(region.x, region.y + first, region.width, last - first)
        return _weigh_by_alpha(to_float(_render_rows(source, rows)))

    for top, part in resample(read, source.resampling):
        yield top, from_float(_unweigh_by_alpha(part), dtype)


def _weigh_by_alpha(values: FloatImage) -> FloatImage:
    if values.ndim == 2:
        return values[..., np.newaxis]
    if values.shape[2] == 4:
        values[..., :3] = weigh(values[..., :3], np.ascontiguousarray(values[..., 3]))
    return values


def _unweigh_by_alpha(values: FloatImage) -> FloatImage:
    if values.shape[2] == 1:
        return values[..., 0]
    if values.shape[2] == 4:
        values[..., :3] = unweigh(values[..., :3], np.ascontiguousarray(values[..., 3]))
    return values


def _render_rows(source: PictureSource, rows: Region) -> Array:
    """Render rows of a file's region: ``[h, w]`` for a matte, ``[h, w, 3]`` if opaque, or RGBA."""
    inside = rows.intersect(source.document.frame)
    if inside == rows:
        return _render_inside(source, rows)
    # What hangs over the photo is clear.
    channels = () if source.options.content == "matte" else (4,)
    padded = np.zeros((*rows.shape, *channels), _working_dtype(source))
    if not inside.is_empty:
        padded[inside.slices_in(rows)] = _render_inside(source, inside)
    return padded


def _render_inside(source: PictureSource, rows: Region) -> Array:
    document, layer_id, dtype = source.document, source.file.layer_id, _working_dtype(source)
    if layer_id is None:
        rgba = render_level(document, rows, 0, cache=source.cache, dtype=dtype)
        return np.asarray(cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB)) if _is_opaque(document) else rgba
    if source.options.content == "matte":
        return document.find_layer(layer_id).matte.read_region(rows)
    rgba = render_person(document, layer_id, rows, 0, cache=source.cache, dtype=dtype)
    if source.options.is_decontaminated:
        return rgba
    # The photo's own colours, edited, under the person's alpha.
    layer = document.find_layer(layer_id)
    colours = read_edited_photo(source.cache, document.photo, layer, rows, 0)
    rgba[..., :3] = from_float(colours, rgba.dtype)
    rgba[..., :3][rgba[..., 3] == 0] = 0
    return rgba


def _is_opaque(document: Document) -> bool:
    background = document.background
    has_bars = isinstance(background, ImageBackground) and background.fit == "fit"
    return not has_bars and not isinstance(background, TransparentBackground)


def _put_on_background(part: Array, source: PictureSource) -> Array:
    """Return RGB where the format has no alpha."""
    if source.options.coding.image_format != "jpeg" or not _has_alpha(part):
        return part
    values = to_float(part)
    alpha = np.ascontiguousarray(values[..., 3])
    behind = np.broadcast_to(_find_paper(source), (*alpha.shape, 3))
    flat = weigh(values[..., :3], alpha) + weigh(np.ascontiguousarray(behind), 1 - alpha)
    return from_float(flat, part.dtype)


def _find_paper(source: PictureSource) -> FloatImage:
    """Return the colour behind a JPEG as the document's: ``[1, 1, 3]``."""
    chosen = np.array([[source.options.coding.background]], np.uint8)
    return to_float(convert_pixels(chosen, None, working_profile(source.document.photo)))


def _has_alpha(pixels: Array) -> bool:
    return pixels.ndim == 3 and pixels.shape[2] == 4


def bleed_colours(rgba: Array, reach_px: int) -> None:
    """Let colours go on under alpha 0, for programs that resample; changes the array.

    Args:
        rgba: uint8 or uint16 ``[H, W, 4]``, straight alpha.
        reach_px: how far, to each side; beyond, colours are 0.
    """
    side = 2 * reach_px + 1
    has_colour = (rgba[..., 3] > 0).astype(np.uint8)
    for rows in split_rows(Region(0, 0, rgba.shape[1], rgba.shape[0])):
        wide = slice(max(rows.y - reach_px, 0), rows.bottom + reach_px)
        inner = slice(rows.y - wide.start, rows.bottom - wide.start)
        known = has_colour[wide].astype(np.float32)
        weighted = weigh(to_float(rgba[wide, :, :3]), known)
        sums = np.asarray(cv2.boxFilter(weighted, -1, (side, side)), np.float32)[inner]
        shares = np.asarray(cv2.boxFilter(known, -1, (side, side)), np.float32)[inner]
        colours = unweigh(sums, shares)
        colours[shares < 0.5 / side**2] = 0
        target, is_clear = rgba[rows.y : rows.bottom], has_colour[rows.y : rows.bottom] == 0
        target[..., :3][is_clear] = from_float(colours[is_clear], rgba.dtype)


def _finish_colours(source: PictureSource, pixels: Array) -> FilePixels:
    """Bring colours into the file's space: grey stays grey where nothing coloured it."""
    photo = source.document.photo
    icc, convert = pick_conversion(source.document, source.options)
    if convert is not None:
        _replace_colours(pixels, convert)
    elif photo.is_grey and _can_be_grey(source.options) and is_colourless(pixels):
        grey = pixels[..., [0, 3]] if _has_alpha(pixels) else pixels[..., 0]
        return FilePixels(_at_depth(np.ascontiguousarray(grey), source), photo.grey_icc)
    return FilePixels(_at_depth(pixels, source), icc)


def pick_conversion(
    document: Document, options: ExportOptions
) -> tuple[bytes, Callable[[Array], Array] | None]:
    """Return a file's RGB profile, and what brings RGB of any depth into it; None if nothing.

    A photo without a profile is taken for sRGB, and its files say so.
    """
    before, choice = working_profile(document.photo), options.coding.color_space
    if choice == "keep":
        return before or profile_of("srgb"), None
    after = profile_of(choice)
    return after, lambda rgb: convert_pixels(rgb, before, after)


def _can_be_grey(options: ExportOptions) -> bool:
    return options.coding.image_format != "webp" and not options.is_zipped


def _replace_colours(pixels: Array, convert: Callable[[Array], Array]) -> None:
    """Convert the colours of RGB or RGBA in its own array, stripe by stripe."""
    for rows in split_rows(Region(0, 0, pixels.shape[1], pixels.shape[0])):
        part = pixels[rows.y : rows.bottom, :, :3]
        part[...] = convert(np.ascontiguousarray(part))


def _working_dtype(source: PictureSource) -> np.dtype[Any]:
    """Return the deeper of the document's and the file's bit depth; mattes are 16 bit."""
    is_matte, is_deep = source.options.content == "matte", source.options.coding.bit_depth == "16"
    return np.dtype(np.uint16) if is_matte or is_deep else source.document.photo.pixels.dtype


def _at_depth(pixels: Array, source: PictureSource) -> Array:
    """Return the pixels at the file's own bit depth."""
    coding, photo_dtype = source.options.coding, source.document.photo.pixels.dtype
    is_deep = coding.bit_depth == "16" or (coding.bit_depth == "keep" and photo_dtype == np.uint16)
    if is_deep and coding.image_format not in ("jpeg", "webp"):
        return to_uint16(pixels)
    return to_uint8(pixels)
