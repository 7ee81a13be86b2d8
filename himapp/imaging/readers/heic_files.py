"""Read HEIC with libheif, if the module is there."""

import io
from typing import Any

import numpy as np

from himapp.errors import PhotoError
from himapp.imaging.photo import PixelArray
from himapp.imaging.readers.decoded import DecodedFile
from himapp.imaging.readers.deep_files import widen
from himapp.imaging.readers.facts import collect_facts
from himapp.imaging.readers.iso_boxes import find_profile
from himapp.imaging.readers.limits import check_size, pixel_bytes


def read_heic(data: bytes, name: str) -> DecodedFile:
    """Decode the primary picture; 10 and 12 bit become 16.

    libheif turns the picture upright itself, and what EXIF says of it does not count (ISO 23008-12,
    A.2.1): the file's own turning stands in its boxes.

    Args:
        data: the whole file.
        name: the file as the user sees it.

    Raises:
        PhotoError: pillow-heif is not installed, or the photo is too large.
    """
    try:
        import pillow_heif
    except ImportError as error:
        raise PhotoError(
            f"“{name}” is a HEIC photo: save it as JPEG or TIFF first, or add the Python package "
            "pillow-heif, which opens it."
        ) from error
    picture = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
    bits = int(picture.info.get("bit_depth", 8))
    width, height = picture.size
    check_size(name, width, height, pixel_bytes(8, 8 if bits == 8 else 16))
    # A copy: the pixels are libheif's, and go with the picture.
    stored: PixelArray = np.array(picture)
    if bits > 8:  # handed out shifted up, with zeros below
        stored = widen(stored >> np.uint16(16 - bits), bits)
    color, alpha = _split(stored)
    return DecodedFile(
        color,
        "GRAY" if color.ndim == 2 else "RGB",
        str(picture.mode).split(";")[0],
        alpha,
        is_associated=bool(picture.premultiplied_alpha),
        icc=_profile_of(picture.info) or find_profile(data),
        facts=collect_facts(picture.info.get("exif"), xmp=picture.info.get("xmp")),
    )


def _profile_of(info: dict[str, Any]) -> bytes | None:
    icc = info.get("icc_profile")
    return icc if isinstance(icc, bytes) and icc else None


def _split(stored: PixelArray) -> tuple[PixelArray, PixelArray | None]:
    """Return ``[H, W]`` or ``[H, W, 3]`` colour, and alpha."""
    if stored.ndim == 2:
        return stored, None
    channels = stored.shape[2]
    alpha = stored[:, :, channels - 1] if channels in (2, 4) else None
    return (stored[:, :, 0] if channels < 3 else stored[:, :, :3]), alpha
