from dataclasses import fields, replace

import numpy as np
import pytest

from himapp.document import edits
from himapp.document.adjustments import Adjustments
from himapp.document.background import (
    BlurBackground,
    ColourBackground,
    TransparentBackground,
)
from himapp.document.document import Document
from himapp.document.document_color import is_colourless, working_profile
from himapp.document.render import render_level
from himapp.document.render_cache import RenderCache
from himapp.imaging.photo import Photo
from himapp.imaging.profile_conversion import convert_pixels, grey_to_rgb
from himapp.imaging.working_spaces import grey_profile, profile_of
from himapp.inference.session import InstanceMatte

RAMP = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(1, 256, 3).repeat(20, axis=0)


def make_linear_grey() -> bytes:
    """The grey profile with a straight curve: its parametric curve's power and slopes are 1."""
    icc = bytearray(grey_profile())
    start = icc.index(b"para") + 8
    icc[start : start + 8] = bytes((0, 0, 0, 0, 0, 1, 0, 0))
    return bytes(icc)


@pytest.fixture
def grey() -> Document:
    photo = Photo(RAMP, is_grey=True, grey_icc=make_linear_grey())
    matte = InstanceMatte(np.full((20, 100), 65535, np.uint16), 50, 0, 0.9, (50, 0, 150, 20))
    return edits.add_person_layers(Document.for_photo(photo), [matte])


def draw(document: Document) -> np.ndarray:
    return render_level(document, document.frame, 0, cache=RenderCache())


def test_a_grey_photo_stays_grey(grey: Document) -> None:
    for background in (TransparentBackground(), BlurBackground(5.0), ColourBackground((9, 9, 9))):
        assert is_colourless(draw(edits.set_background(grey, background)))


def test_every_adjustment_there_is_keeps_grey_grey(grey: Document) -> None:
    # A new adjustment has to be looked at: temperature, for one, would colour a grey photo.
    values = {"exposure_stops": 1.0, "saturation": 0.8, "blur_px": 3.0}
    assert {field.name for field in fields(Adjustments)} == values.keys()
    changed = grey
    for name, value in values.items():
        changed = edits.set_adjustment(changed, grey.layers[0].id, name, value)
    assert is_colourless(draw(changed))
    assert not np.array_equal(draw(changed)[..., :3], RAMP)


def test_a_colour_behind_the_people_is_a_colour(grey: Document) -> None:
    assert not is_colourless(draw(edits.set_background(grey, ColourBackground((9, 30, 9)))))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_one_step_of_rounding_is_no_colour(dtype: type) -> None:
    step = np.iinfo(dtype).max // 255
    pixels = np.full((700, 4, 4), 100 * step, dtype)
    pixels[..., 3] = 0
    pixels[-1, -1, 0] += step
    assert is_colourless(pixels)
    pixels[-1, -1, 0] += 1
    assert not is_colourless(pixels)


def test_a_document_works_in_the_photos_profile() -> None:
    assert working_profile(Photo(RAMP)) is None
    assert working_profile(Photo(RAMP, icc=profile_of("adobe-rgb"))) == profile_of("adobe-rgb")
    assert working_profile(Photo(RAMP, is_grey=True)) is None


def test_grey_numbers_mean_the_same_greys_in_the_space_a_grey_photo_works_in(
    grey: Document,
) -> None:
    through_rgb = convert_pixels(RAMP, working_profile(grey.photo), None)
    np.testing.assert_array_equal(through_rgb, grey_to_rgb(RAMP[..., 0], grey.photo.grey_icc))
    assert int(through_rgb[0, 128, 0]) == pytest.approx(188, abs=1)  # half of the light
    dark = replace(grey.photo, grey_icc=b"damaged")
    assert working_profile(dark) is None
