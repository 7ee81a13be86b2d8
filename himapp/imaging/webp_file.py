"""WebP: 8-bit pictures with or without losses, encoded by Pillow's libwebp."""

import io
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image

from himapp.atomic_file import write_atomically
from himapp.errors import ExportError
from himapp.imaging.bit_depth import to_uint8
from himapp.imaging.file_tags import NO_TAGS, FileTags, check_picture
from himapp.imaging.photo import PixelArray
from himapp.paths import display_name

_LARGEST_SIDE: Final = 16_383
# libwebp's effort: of the seven methods of lossless files, and how hard each tries.
_LOSSLESS_METHOD: Final = 1
_LOSSLESS_EFFORT: Final = 50
_LOSSY_METHOD: Final = 4


def write_webp(
    path: Path,
    pixels: PixelArray,
    tags: FileTags = NO_TAGS,
    *,
    quality: int | None = None,
) -> None:
    """Write a WebP file; 16-bit pixels are rounded to 8 bit.

    Colours under alpha 0 are kept. Alpha has no losses at any quality.

    Args:
        path: The file to make or replace.
        pixels: uint8 or uint16, grey ``[H, W]``, RGB ``[H, W, 3]`` or RGBA ``[H, W, 4]`` with
            straight alpha; at most 16,383 px a side. Grey is stored as RGB.
        tags: Profile (of RGB, left out where the pixels are grey) and metadata; a WebP has no dpi.
        quality: 1 to 100; None keeps every pixel.

    Raises:
        ValueError: The array is no picture, the profile does not fit it, or the quality is
            unknown.
        ExportError: The file cannot be written; nothing is left behind.

    Reference:
        RFC 9649: 2.5 (VP8L), 2.7 (extended files).
    """
    check_picture(pixels, None, (1, 3, 4))
    if pixels.ndim == 3:
        check_picture(pixels, tags.icc, (3, 4))
    if quality is not None and not 1 <= quality <= 100:
        raise ValueError(f"the quality must be 1 to 100, or None, not {quality}")
    if max(pixels.shape) > _LARGEST_SIDE:
        raise ExportError(f"“{display_name(path)}” is too large for WebP (16,383 px a side).")
    icc = tags.icc if pixels.ndim == 3 else None
    carried = {"icc_profile": icc, "exif": tags.exif, "xmp": tags.xmp}
    buffer = io.BytesIO()
    try:
        _as_picture(pixels).save(
            buffer,
            "WEBP",
            lossless=quality is None,
            quality=_LOSSLESS_EFFORT if quality is None else quality,
            method=_LOSSLESS_METHOD if quality is None else _LOSSY_METHOD,
            exact=True,
            **{name: value for name, value in carried.items() if value},
        )
    except (OSError, ValueError) as error:
        raise ExportError(f"“{display_name(path)}” cannot be made into a WebP.") from error
    write_atomically(path, [buffer.getbuffer()])


def _as_picture(pixels: PixelArray) -> Image.Image:
    """Return the pixels for Pillow, as RGB where they are grey: WebP has nothing else."""
    rounded = to_uint8(pixels)
    if rounded.ndim == 2:
        rounded = np.asarray(cv2.cvtColor(rounded, cv2.COLOR_GRAY2RGB), np.uint8)
    return Image.fromarray(rounded)
