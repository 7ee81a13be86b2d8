"""Read 16-bit PNG and 10- and 12-bit AVIF, which Pillow would cut to 8 bit, with OpenCV."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from himapp.imaging.photo import PhotoFormat, PixelArray
from himapp.imaging.readers.decoded import DecodedFile
from himapp.imaging.readers.iso_boxes import find_avif_bits
from himapp.imaging.readers.limits import check_size, pixel_bytes
from himapp.imaging.readers.pillow_files import (
    PNG_BITS_BYTE,
    describe,
    open_with_pillow,
    orientation_of_facts,
    stored_profile,
)

_PNG_LATE_MARKS: Final = (b"eXIf", b"Raw profile type", b"XML:com.adobe.xmp")
_SILENT: Final = 0
_PNG_COLOR_BYTE: Final = 25
_PNG_GREY: Final = (0, 4)


def is_deep(data: bytes, file_format: PhotoFormat) -> bool:
    """Return whether a PNG or AVIF file has more than 8 bits per sample."""
    if file_format == "PNG":
        return len(data) > PNG_BITS_BYTE and data[PNG_BITS_BYTE] == 16
    return file_format == "AVIF" and find_avif_bits(data) > 8


def read_deep(data: bytes, name: str, file_format: PhotoFormat) -> DecodedFile:
    """Decode a file for which :func:`is_deep` holds, to 16 bit.

    Args:
        data: the whole file.
        name: the file as the user sees it.
        file_format: ``"PNG"`` or ``"AVIF"``.

    Raises:
        PhotoError: it is too large.
    """
    with open_with_pillow(data, file_format) as image:
        check_size(name, image.width, image.height, pixel_bytes(8, 16))
        if file_format == "PNG" and any(mark in data for mark in _PNG_LATE_MARKS):
            image.load()  # these may stand behind the pixels
        facts = describe(image)
        icc, mode, size = stored_profile(image, data), image.mode, image.size
        clear_grey = image.info.get("transparency")
    if file_format == "PNG":  # OpenCV returns what it could read of a cut file without a word
        open_with_pillow(data, file_format).verify()
    stored: PixelArray = _decode(data)
    if stored.shape[1::-1] != size:
        raise ValueError(f"OpenCV sees {stored.shape[1::-1]} pixels, not {size}")
    if file_format == "AVIF":
        stored = widen(stored, find_avif_bits(data))
    # Pillow calls 16-bit grey with alpha RGBA; the header's colour type knows (PNG 11.2.1).
    is_grey = stored.ndim == 2 or (file_format == "PNG" and data[_PNG_COLOR_BYTE] in _PNG_GREY)
    color, alpha = _split(stored, is_grey=is_grey)
    if alpha is None and isinstance(clear_grey, int):  # OpenCV heeds a transparent colour alone
        alpha = np.where(color == clear_grey, np.uint16(0), np.uint16(65535))
    return DecodedFile(
        color,
        "GRAY" if is_grey else "RGB",
        mode,
        alpha,
        orientation=orientation_of_facts(facts),
        icc=icc,
        facts=facts,
    )


def widen(samples: PixelArray, bits: int) -> PixelArray:
    """Stretch values of 10 or 12 bits over the 16 of their type, uint16."""
    top = np.uint32(2**bits - 1)
    wide = (samples.astype(np.uint32) * np.uint32(65535) + top // 2) // top
    return wide.astype(np.uint16)


def _decode(data: bytes) -> npt.NDArray[np.uint16]:
    said = cv2.utils.logging.setLogLevel(_SILENT)  # damage reaches the user as a PhotoError
    try:
        stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    finally:
        cv2.utils.logging.setLogLevel(said)
    if stored is None or stored.dtype != np.uint16:
        raise ValueError("OpenCV does not decode this file at 16 bit")
    return stored.astype(np.uint16, copy=False)


def _split(stored: PixelArray, *, is_grey: bool) -> tuple[PixelArray, PixelArray | None]:
    """Return colour in RGB order (or one grey channel), and alpha."""
    if stored.ndim == 2:
        return stored, None
    alpha = np.ascontiguousarray(stored[:, :, 3]) if stored.shape[2] == 4 else None
    if is_grey:
        return np.ascontiguousarray(stored[:, :, 0]), alpha
    code = cv2.COLOR_BGR2RGB if alpha is None else cv2.COLOR_BGRA2RGB
    return cv2.cvtColor(stored, code).astype(np.uint16, copy=False), alpha
