"""A person's cropped matte as pictures of the photo's size: the matte in grey, and the cut-out."""

from typing import Any

import numpy as np
import numpy.typing as npt

from himapp.imaging.foreground import estimate_foreground
from himapp.inference.session import ALPHA_ONE, InstanceMatte

_PER_8_BIT = ALPHA_ONE // 255
# Colours bleed this far beyond the matte, so that resampling the cut-out meets no black.
_BLEED_PX = 8


def draw_matte(matte: InstanceMatte, height: int, width: int) -> npt.NDArray[np.uint8]:
    """Return the matte as an 8-bit grey picture ``[height, width]``, 255 = fully this person."""
    picture = np.zeros((height, width), np.uint8)
    rows, columns = crop_of(matte)
    picture[rows, columns] = to_8_bit(matte.alpha)
    return picture


def cut_out(pixels: npt.NDArray[Any], matte: InstanceMatte) -> npt.NDArray[Any]:
    """Return the person alone: straight RGBA ``[H, W, 4]`` of the photo's depth and size.

    Where the person is fully there the photo's colours are kept bit for bit; in the soft band the
    person's own colours are estimated, and they bleed a little beyond the matte.

    Args:
        pixels: uint8 or uint16 ``[H, W, 3]``; only read.
        matte: the person, in the same frame.

    Reference:
        Germer et al., Fast Multi-Level Foreground Estimation, 2021.
    """
    cutout = np.zeros((*pixels.shape[:2], 4), pixels.dtype)
    rows, columns = crop_of(matte)
    alpha = matte.alpha if pixels.dtype == np.uint16 else to_8_bit(matte.alpha)
    cutout[rows, columns, 3] = alpha
    rows, columns, soft = _grow(matte, *pixels.shape[:2])
    top = np.iinfo(pixels.dtype).max
    colours = estimate_foreground(pixels[rows, columns].astype(np.float32) / top, soft)
    estimated = np.rint(np.clip(colours, 0, 1) * top).astype(pixels.dtype)
    is_whole = (soft >= 1)[..., None]
    cutout[rows, columns, :3] = np.where(is_whole, pixels[rows, columns], estimated)
    return cutout


def crop_of(matte: InstanceMatte) -> tuple[slice, slice]:
    """Return the rows and columns of the photo that the matte covers."""
    height, width = matte.alpha.shape
    return slice(matte.top, matte.top + height), slice(matte.left, matte.left + width)


def to_8_bit(alpha: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
    """Return alpha rounded to 8 bit, 65535 becoming 255."""
    # 257 steps of 16 bit are one of 8; half of them rounds. 65535 + 128 does not fit in 16 bit.
    return (alpha // _PER_8_BIT + (alpha % _PER_8_BIT > _PER_8_BIT // 2)).astype(np.uint8)


def _grow(
    matte: InstanceMatte, height: int, width: int
) -> tuple[slice, slice, npt.NDArray[np.float32]]:
    """Return the matte's crop with a margin inside the photo, and its alpha in 0..1 there."""
    rows, columns = crop_of(matte)
    top, left = max(0, rows.start - _BLEED_PX), max(0, columns.start - _BLEED_PX)
    bottom, right = min(height, rows.stop + _BLEED_PX), min(width, columns.stop + _BLEED_PX)
    alpha = np.zeros((bottom - top, right - left), np.float32)
    inner = alpha[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    np.divide(matte.alpha, np.float32(ALPHA_ONE), out=inner)
    return slice(top, bottom), slice(left, right), alpha
