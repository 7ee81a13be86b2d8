"""The words of the status bar about a photo."""

import numpy as np

from himapp.gui.facts import describe_photo
from himapp.imaging.photo import Photo
from himapp.imaging.working_spaces import grey_profile, profile_of

PIXELS = np.zeros((40, 60, 3), np.uint16)


def test_a_photos_profile_and_depth_are_named() -> None:
    assert describe_photo(Photo(PIXELS, icc=profile_of("display-p3"))) == (
        "60 × 40 · Display P3 16 bit"
    )
    assert describe_photo(Photo(PIXELS.astype(np.uint8))) == "60 × 40 · sRGB 8 bit"


def test_a_grey_photo_is_called_grey() -> None:
    photo = Photo(PIXELS, is_grey=True, grey_icc=grey_profile())
    assert describe_photo(photo) == "60 × 40 · grey 16 bit"
