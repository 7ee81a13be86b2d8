"""Pixels of a document as images that Qt draws fast."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage


def to_qimage(pixels: npt.NDArray[Any]) -> QImage:
    """Return pixels as a premultiplied 32 bit image, the format Qt draws fastest.

    Args:
        pixels: uint8 or uint16, RGB ``[h, w, 3]`` or RGBA with straight alpha ``[h, w, 4]``;
            copied as they are: what is to be seen goes through ``screen_color`` first.

    Raises:
        ValueError: the array has another shape or is empty.
    """
    if pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or pixels.size == 0:
        raise ValueError(f"pixels must be [h, w, 3] or [h, w, 4] and not empty, not {pixels.shape}")
    pixels = _to_bytes(pixels)
    image = QImage(pixels.shape[1], pixels.shape[0], QImage.Format.Format_ARGB32_Premultiplied)
    if pixels.shape[2] == 4 and pixels[..., 3].min() < 255:
        pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGBA2mRGBA), np.uint8)
    code = cv2.COLOR_RGB2BGRA if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    # Blue, green, red, alpha in memory is what Qt calls ARGB32 on little-endian machines.
    cv2.cvtColor(pixels, code, dst=view_bgra(image))
    return image


def view_bgra(image: QImage) -> npt.NDArray[np.uint8]:
    """Return the memory of a 32 bit image as a writable ``[h, w, 4]`` array.

    The array is valid only as long as the image lives; the image is detached from its copies.
    """
    memory = np.frombuffer(image.bits(), np.uint8)
    return memory.reshape(image.height(), image.width(), 4)


def _to_bytes(pixels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return pixels
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=255 / 65535))
