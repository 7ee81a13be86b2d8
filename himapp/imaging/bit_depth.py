"""Between integer pixels and the float32 values in 0..1 that the calculations use."""

from typing import TypeVar, cast

import cv2
import numpy as np
import numpy.typing as npt

from himapp.imaging.photo import PixelArray

Depth = TypeVar("Depth", bound=np.uint8 | np.uint16)


def to_float(pixels: PixelArray) -> npt.NDArray[np.float32]:
    """Return uint8 or uint16 values of any shape as float32 in 0..1.

    Raises:
        ValueError: The values are of another type.
    """
    if pixels.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"pixels must be uint8 or uint16, not {pixels.dtype}")
    return pixels.astype(np.float32) * np.float32(1 / np.iinfo(pixels.dtype).max)


def from_float(
    values: npt.NDArray[np.float32], depth: np.dtype[Depth] | type[Depth]
) -> npt.NDArray[Depth]:
    """Round values to integers once; what lies outside 0..1 is limited.

    Args:
        values: float32 of any shape, without NaN.
        depth: uint8 or uint16.
    """
    top = np.float32(np.iinfo(depth).max)
    scaled = np.multiply(values, top, dtype=np.float32)
    np.clip(scaled, 0, top, out=scaled)
    return np.rint(scaled, out=scaled).astype(depth)


def to_uint16(pixels: PixelArray) -> npt.NDArray[np.uint16]:
    """Return pixels at 16 bit: 8-bit ones times 257, so that 255 becomes 65535."""
    if pixels.dtype == np.uint16:
        return cast(npt.NDArray[np.uint16], pixels)
    return pixels.astype(np.uint16) * np.uint16(257)


def to_depth(
    pixels: PixelArray, depth: np.dtype[Depth] | type[Depth]
) -> npt.NDArray[np.uint8 | np.uint16]:
    """Return pixels as uint8 or uint16; those that are so already as they are."""
    return to_uint16(pixels) if depth == np.uint16 else to_uint8(pixels)


def to_uint8(pixels: PixelArray) -> npt.NDArray[np.uint8]:
    """Return pixels at 8 bit, rounded to the nearest level; 8-bit pixels as they are."""
    if pixels.dtype == np.uint8 or not pixels.size:
        return cast(npt.NDArray[np.uint8], pixels.astype(np.uint8, copy=False))
    # OpenCV's rounding is exact for every level, and ten times as fast as whole numbers in numpy.
    flat = cv2.convertScaleAbs(pixels.reshape(1, -1), alpha=1 / 257)
    return flat.reshape(pixels.shape).astype(np.uint8, copy=False)
