"""Between a document's colours and those of the screen.

The one place that knows the screen: what is shown of a document, its tiles and thumbnails, is in
:func:`screen_profile`, and so is a colour that the user picks. Qt tells a window's own colour space
and not the monitor's, so the screen is taken as sRGB, which is what X11, Windows and macOS assume
of a program that says nothing. Where a system tells the monitor's profile (X11 in the root window's
``_ICC_PROFILE``, Windows by ``GetICMProfile``), it belongs here.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from himapp.document.document_color import working_profile
from himapp.imaging.photo import Photo
from himapp.imaging.profile_conversion import convert_pixels, convert_to_bytes

Rgb = tuple[int, int, int]
"""Red, green and blue, 0..255."""


def screen_profile() -> bytes | None:
    """Return the profile of the screen; None means sRGB."""
    return None


def show_pixels(pixels: npt.NDArray[Any], photo: Photo) -> npt.NDArray[np.uint8]:
    """Return a document's pixels as the screen needs them; those of sRGB bit for bit.

    Args:
        pixels: uint8 or uint16, RGB or RGBA with straight alpha, in the photo's colours.
        photo: the document's.
    """
    return convert_to_bytes(pixels, working_profile(photo), screen_profile())


def show_colour(rgb: Rgb, photo: Photo) -> Rgb:
    """Return how a colour of the document looks on the screen."""
    return _convert_colour(rgb, working_profile(photo), screen_profile())


def take_colour(rgb: Rgb, photo: Photo) -> Rgb:
    """Return a colour picked on the screen as the document's."""
    return _convert_colour(rgb, screen_profile(), working_profile(photo))


def _convert_colour(rgb: Rgb, source: bytes | None, target: bytes | None) -> Rgb:
    red, green, blue = convert_pixels(np.array([[rgb]], np.uint8), source, target)[0, 0].tolist()
    return red, green, blue
