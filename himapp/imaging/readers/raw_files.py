"""Develop a camera's RAW file with LibRaw, if the module is there."""

import io
from datetime import datetime
from typing import Any, Final

import numpy as np

from himapp.errors import PhotoError
from himapp.imaging.readers.colors import choose_space
from himapp.imaging.readers.decoded import DecodedFile, FileFacts
from himapp.imaging.readers.facts import collect_facts, collect_tiff_facts
from himapp.imaging.readers.limits import check_size
from himapp.imaging.readers.tiff_directory import TIFF_LEADS
from himapp.imaging.working_spaces import profile_of

_BYTES_PER_PIXEL: Final = 32
"""LibRaw at its peak: 2 as stored, 8 + 12 while the colours are interpolated, 6 + 6 as RGB."""

_SRGB_CURVE: Final = (2.4, 12.92)
_JPEG_WITH_EXIF: Final = (b"\xff\xd8\xff", b"Exif\0\0")
_PREVIEW_WITHIN: Final = 2**20


def read_raw(data: bytes, name: str) -> DecodedFile:
    """Develop a RAW file: 16 bit, the camera's white balance, no automatic brightness.

    The colours come out in Display P3, or in sRGB where that holds them; LibRaw turns the picture
    upright.

    Args:
        data: the whole file.
        name: the file as the user sees it.

    Raises:
        PhotoError: LibRaw is not installed or does not know the camera, or the photo is too large.
    """
    try:
        import rawpy
    except ImportError as error:
        raise PhotoError(
            f"“{name}” is a RAW photo: save it as JPEG or TIFF first, or add the Python package "
            "rawpy, which opens it."
        ) from error
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            check_size(name, raw.sizes.width, raw.sizes.height, _BYTES_PER_PIXEL)
            stored = raw.postprocess(
                output_bps=16,
                use_camera_wb=True,
                no_auto_bright=True,
                gamma=_SRGB_CURVE,
                output_color=rawpy.ColorSpace.P3D65,
            )
            facts = _describe(raw, data)
    except (rawpy.LibRawFileUnsupportedError, rawpy.NotSupportedError) as error:
        raise PhotoError(f"“{name}” is a RAW photo of a kind that cannot be opened.") from error
    except rawpy.LibRawError as error:
        raise ValueError("LibRaw does not read this file") from error
    if stored.ndim == 2 or stored.shape[2] == 1:
        return DecodedFile(np.atleast_3d(stored)[:, :, 0], "GRAY", "L", facts=facts)
    pixels, icc = choose_space(stored, profile_of("display-p3"))
    return DecodedFile(pixels, "RGB", "RGB", icc=icc, facts=facts)


def _describe(raw: Any, data: bytes) -> FileFacts:
    """Return the facts of the file's own directory, else those of the preview JPEG in it."""
    captured = _find_date(raw)
    if data[:4] in TIFF_LEADS:
        return collect_tiff_facts(data, captured=captured)
    return collect_facts(_find_preview_exif(data), captured=captured)


def _find_date(raw: Any) -> str | None:
    """Return when LibRaw says the photo was taken: the camera's clock, read as local time."""
    stamp = getattr(raw.other, "timestamp", None)
    moment = datetime.fromtimestamp(stamp) if isinstance(stamp, int | float) and stamp else stamp
    return f"{moment:%Y:%m:%d %H:%M:%S}" if isinstance(moment, datetime) else None


def _find_preview_exif(data: bytes) -> bytes | None:
    """Return the EXIF block of the first JPEG inside the file."""
    start = data.find(_JPEG_WITH_EXIF[0], 0, _PREVIEW_WITHIN)
    lead = data.find(_JPEG_WITH_EXIF[1], start, start + 32) if start >= 0 else -1
    if lead < 0:
        return None
    size = int.from_bytes(data[lead - 2 : lead], "big")
    return data[lead : lead - 2 + size]
