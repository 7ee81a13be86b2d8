"""Which colours a document is in: the profile it works in, and whether it is grey.

A document works in the photo's own space. A grey photo's numbers stand in all three channels; it
works in an RGB space in which they mean the same greys, so that a coloured background changes none
of them, and it counts as grey until something coloured is added.
"""

from typing import Final

import numpy as np

from himapp.document.background import ColourBackground, ImageBackground
from himapp.document.document import Document
from himapp.document.pixel_values import Array
from himapp.imaging.photo import Photo
from himapp.imaging.profile_conversion import rgb_profile_of_grey

GREY_ADJUSTMENTS: Final = frozenset({"exposure_stops", "saturation", "blur_px"})
"""The adjustments that leave grey grey; any other would make the document one with colour."""

_ROWS_AT_A_TIME: Final = 256


def working_profile(photo: Photo) -> bytes | None:
    """Return the RGB profile that a photo's document works in; None means sRGB."""
    return rgb_profile_of_grey(photo.grey_icc) if photo.is_grey else photo.icc


def is_document_grey(document: Document) -> bool:
    """Return whether the document shows no colour: a grey photo to which none was added.

    Exposure, saturation and blur keep grey grey; so do a grey colour and a colourless image behind
    the people. Its channels are alike then, but for the rounding of one step in 255.
    """
    if not document.photo.is_grey:
        return False
    match document.background:
        case ColourBackground(rgb):
            return len(set(rgb)) == 1
        case ImageBackground() as image:
            return _is_colourless(image.pixels)
        case _:
            return True


def _is_colourless(pixels: Array) -> bool:
    """Return whether red, green and blue are alike, as a converted grey image's are: ± 1/255."""
    step = np.iinfo(pixels.dtype).max // 255
    for top in range(0, len(pixels), _ROWS_AT_A_TIME):
        part = pixels[top : top + _ROWS_AT_A_TIME].astype(np.int32)
        if (np.ptp(part, axis=2) > step).any():
            return False
    return True
