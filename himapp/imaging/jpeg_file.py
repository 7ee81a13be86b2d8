"""JPEG: pictures without alpha, encoded by Pillow's libjpeg-turbo."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from PIL import Image

from himapp.atomic_file import write_atomically
from himapp.errors import ExportError
from himapp.imaging.bit_depth import to_uint8
from himapp.imaging.file_tags import NO_TAGS, FileTags, check_picture
from himapp.imaging.metadata import shorten_xmp
from himapp.imaging.photo import PixelArray
from himapp.paths import display_name

_QUALITY: Final = 95
# The format has 16 bits for a side; libjpeg, here and in most readers, stops a little below.
_LARGEST_SIDE: Final = 65_500
# A segment is at most 65,533 bytes with its name.
_MOST_EXIF_BYTES: Final = 65_533 - 6
_MOST_XMP_BYTES: Final = 65_533 - 29


def write_jpeg(
    path: Path,
    pixels: PixelArray,
    tags: FileTags = NO_TAGS,
    *,
    quality: int = _QUALITY,
) -> None:
    """Write a JPEG file; 16-bit pixels are rounded to 8 bit, colour is kept at full resolution.

    Args:
        path: The file to make or replace.
        pixels: uint8 or uint16, grey ``[H, W]`` or RGB ``[H, W, 3]``; at most 65,500 px a side.
        tags: Profile, metadata and size in print, in whole pixels per inch. Of XMP that is too
            long for a JPEG, the file's history is left out, then all but author and rights.
        quality: 1 to 100.

    Raises:
        ValueError: The array is no picture without alpha, the profile does not fit it, or the
            quality is unknown.
        ExportError: The file cannot be written; nothing is left behind.
    """
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        raise ValueError("JPEG has no alpha: composite over a background first")
    check_picture(pixels, tags.icc, (1, 3))
    if not 1 <= quality <= 100:
        raise ValueError(f"the quality must be 1 to 100, not {quality}")
    if tags.xmp:
        tags = replace(tags, xmp=shorten_xmp(tags.xmp, _MOST_XMP_BYTES))
    _refuse_too_large(path, pixels, tags)
    buffer = io.BytesIO()
    picture = Image.fromarray(to_uint8(pixels))
    try:
        picture.save(buffer, "JPEG", quality=quality, subsampling="4:4:4", **_name_for_pillow(tags))
    except (OSError, ValueError) as error:
        raise ExportError(f"“{display_name(path)}” cannot be made into a JPEG.") from error
    write_atomically(path, [buffer.getbuffer()])


def _refuse_too_large(path: Path, pixels: PixelArray, tags: FileTags) -> None:
    """Refuse what a JPEG has no room for."""
    name = display_name(path)
    if max(pixels.shape) > _LARGEST_SIDE:
        raise ExportError(f"“{name}” is too large for JPEG (65,500 px a side).")
    if len(tags.exif or b"") > _MOST_EXIF_BYTES or len(tags.xmp or b"") > _MOST_XMP_BYTES:
        raise ExportError(f"“{name}” has more metadata than a JPEG can hold (64 KB of each kind).")


def _name_for_pillow(tags: FileTags) -> dict[str, Any]:
    """Return what Pillow is told about the tags that are there."""
    named = {
        "icc_profile": tags.icc,
        "exif": b"Exif\0\0" + tags.exif if tags.exif else None,
        "xmp": tags.xmp or None,
        "dpi": (tags.dpi, tags.dpi) if tags.dpi else None,
    }
    return {name: value for name, value in named.items() if value is not None}
