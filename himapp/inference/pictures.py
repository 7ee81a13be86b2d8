"""A person's cropped matte as pictures of the photo's size: the matte in grey, and the cut-out."""

import numpy as np
import numpy.typing as npt

from himapp.imaging.bit_depth import from_float, to_float, to_uint8
from himapp.imaging.foreground import estimate_foreground
from himapp.imaging.photo import PixelArray
from himapp.inference.session import ALPHA_ONE, InstanceMatte

# Colours bleed this far beyond the matte, so that resampling the cut-out meets no black.
_BLEED_PX = 8


def draw_matte(matte: InstanceMatte, height: int, width: int) -> npt.NDArray[np.uint8]:
    """Return the matte as an 8-bit grey picture ``[height, width]``, 255 = fully this person."""
    picture = np.zeros((height, width), np.uint8)
    rows, columns = crop_of(matte)
    picture[rows, columns] = to_uint8(matte.alpha)
    return picture


def cut_out(pixels: PixelArray, matte: InstanceMatte) -> PixelArray:
    """Return the person alone: straight RGBA ``[H, W, 4]`` of the photo's depth and size.

    Where the person is fully there the photo's colours are kept bit for bit; in the soft band the
    person's own colours are estimated, and they bleed a little beyond the matte.

    Args:
        pixels: uint8 or uint16 ``[H, W, 3]``; only read.
        matte: the person; its frame is the photo's.

    Reference:
        Germer et al., Fast Multi-Level Foreground Estimation, 2021.
    """
    top = np.iinfo(pixels.dtype).max
    cutout = np.zeros((*pixels.shape[:2], 4), pixels.dtype)
    cutout[(*crop_of(matte), 3)] = to_uint8(matte.alpha) if top == 255 else matte.alpha
    rows, columns, soft = _grow(matte, *pixels.shape[:2])
    part, own = cutout[rows, columns], pixels[rows, columns]
    colours = estimate_foreground(to_float(own), soft)
    rounded = from_float(colours, np.uint8) if top == 255 else from_float(colours, np.uint16)
    part[..., :3] = np.where(part[..., 3:] == top, own, rounded)
    return cutout


def crop_of(matte: InstanceMatte) -> tuple[slice, slice]:
    """Return the rows and columns of the photo that the matte covers."""
    height, width = matte.alpha.shape
    return slice(matte.top, matte.top + height), slice(matte.left, matte.left + width)


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
