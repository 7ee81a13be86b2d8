"""Which colours a document is in: the profile it works in, and whether a picture is grey.

A document works in the photo's own space. A grey photo's numbers stand in all three channels; it
works in an RGB space in which they mean the same greys, so that a coloured background changes none
of them, and what is drawn of it is grey until something coloured is added.
"""

from typing import Final

import numpy as np

from himapp.document.pixel_values import Array
from himapp.imaging.photo import Photo
from himapp.imaging.profile_conversion import rgb_profile_of_grey

_ROWS_AT_A_TIME: Final = 256


def working_profile(photo: Photo) -> bytes | None:
    """Return the RGB profile that a photo's document works in; None means sRGB."""
    return rgb_profile_of_grey(photo.grey_icc) if photo.is_grey else photo.icc


def is_colourless(pixels: Array) -> bool:
    """Return whether red, green and blue are alike, but for the rounding of one step in 255.

    Args:
        pixels: uint8 or uint16 ``[H, W, 3]``, or ``[H, W, 4]``; alpha does not count.
    """
    step = np.iinfo(pixels.dtype).max // 255
    for top in range(0, len(pixels), _ROWS_AT_A_TIME):
        part = pixels[top : top + _ROWS_AT_A_TIME, :, :3].astype(np.int32)
        if (np.ptp(part, axis=2) > step).any():
            return False
    return True
