"""Between integer pixels and the float32 values in 0..1 that the calculations use."""

from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt

from himapp.imaging.photo import PixelArray

Depth = TypeVar("Depth", np.uint8, np.uint16)


def to_float(pixels: PixelArray) -> npt.NDArray[np.float32]:
    """Return uint8 or uint16 values of any shape as float32 in 0..1.

    Raises:
        ValueError: The values are of another type.
    """
    if pixels.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"pixels must be uint8 or uint16, not {pixels.dtype}")
    return pixels.astype(np.float32) * np.float32(1 / np.iinfo(pixels.dtype).max)


def from_float(values: npt.NDArray[np.float32], depth: type[Depth]) -> npt.NDArray[Depth]:
    """Round values to integers once; what lies outside 0..1 is limited, NaN becomes 0.

    Args:
        values: float32 of any shape.
        depth: ``np.uint8`` or ``np.uint16``.
    """
    top = np.float32(np.iinfo(depth).max)
    scaled = np.multiply(values, top, dtype=np.float32)
    np.nan_to_num(scaled, copy=False, nan=0.0, posinf=float(top), neginf=0.0)
    np.clip(scaled, 0, top, out=scaled)
    return np.rint(scaled, out=scaled).astype(depth)


def to_uint8(pixels: PixelArray) -> npt.NDArray[np.uint8]:
    """Return pixels at 8 bit, rounded to the nearest level; 8-bit pixels as they are."""
    if pixels.dtype == np.uint8:
        return cast(npt.NDArray[np.uint8], pixels)
    wide = pixels.astype(np.uint32)
    return ((wide + 128) // 257).astype(np.uint8)
