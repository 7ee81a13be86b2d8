"""A person's cropped matte as pictures of the photo's size: the matte in grey, and the cut-out."""

import numpy as np
import numpy.typing as npt

from himapp.imaging.bit_depth import to_uint8
from himapp.imaging.foreground import BLEED_PX, estimate_foreground
from himapp.imaging.photo import PixelArray
from himapp.inference.session import InstanceMatte


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
    cutout = np.zeros((*pixels.shape[:2], 4), pixels.dtype)
    alpha = to_uint8(matte.alpha) if pixels.dtype == np.uint8 else matte.alpha
    cutout[(*crop_of(matte), 3)] = alpha
    near = _bleeding_crop(matte, *pixels.shape[:2])
    part = cutout[near]
    # Estimated for the alpha of the file, so that both together give the photo back.
    part[..., :3] = estimate_foreground(pixels[near], part[..., 3])
    return cutout


def crop_of(matte: InstanceMatte) -> tuple[slice, slice]:
    """Return the rows and columns of the photo that the matte covers."""
    height, width = matte.alpha.shape
    return slice(matte.top, matte.top + height), slice(matte.left, matte.left + width)


def _bleeding_crop(matte: InstanceMatte, height: int, width: int) -> tuple[slice, slice]:
    """Return the matte's rows and columns with room for the colours beyond it."""
    rows, columns = crop_of(matte)
    return (
        slice(max(0, rows.start - BLEED_PX), min(height, rows.stop + BLEED_PX)),
        slice(max(0, columns.start - BLEED_PX), min(width, columns.stop + BLEED_PX)),
    )
