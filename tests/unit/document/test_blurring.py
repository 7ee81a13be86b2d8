import cv2
import numpy as np
import pytest

from himapp.document import edits
from himapp.document.adjustments import Adjustments
from himapp.document.background import BlurBackground, ColourBackground
from himapp.document.blurring import fill_unknown, pick_blur_level
from himapp.document.document import Document
from himapp.document.edits import add_person_layers
from himapp.document.regions import frame_region
from himapp.document.render import render_level
from himapp.imaging.photo import Photo

GREY = 128


class Person:
    """What inference hands over."""

    def __init__(self, alpha):
        self.alpha, self.left, self.top, self.score = alpha, 0, 0, 1.0


def red_person_on_grey(height=360, width=480):
    rows, columns = np.mgrid[:height, :width]
    distance = np.hypot((columns - width / 2) / 70, (rows - height / 2) / 120)
    alpha = np.clip((1.0 - distance) * 12, 0, 1)
    red, grey = np.array([230.0, 10, 10]), np.array([GREY] * 3)
    picture = alpha[..., None] * red + (1 - alpha[..., None]) * grey
    photo = Photo(np.rint(picture).astype(np.uint8))
    matte = Person(np.rint(alpha * 65535).astype(np.uint16))
    return add_person_layers(Document.for_photo(photo), [matte])


def full(document, cache, level=0):
    return render_level(
        document, frame_region(document.photo.pixels.shape, level), level, cache=cache
    )


def far_from_person(document, reach_px=2):
    alpha = document.layers[0].matte.read_region(document.frame)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach_px + 1, 2 * reach_px + 1))
    return cv2.dilate(alpha, kernel) == 0


@pytest.mark.parametrize("radius_px", [1.0, 6.0, 20.0, 100.0])
def test_a_blurred_background_has_no_red_beyond_two_pixels_of_the_matte(cache, radius_px):
    document = edits.set_background(red_person_on_grey(), BlurBackground(radius_px))
    picture = full(document, cache)
    far = far_from_person(document)
    assert np.abs(picture[far][:, :3].astype(int) - GREY).max() <= 1
    inside = document.layers[0].matte.read_region(document.frame) == 65535
    np.testing.assert_array_equal(picture[inside][:, :3], document.photo.pixels[inside])


@pytest.mark.parametrize("level", [1, 2])
def test_a_small_view_of_the_blur_has_no_red_either(cache, level):
    document = edits.set_background(red_person_on_grey(), BlurBackground(20))
    picture = full(document, cache, level)
    far = far_from_person(document)[:: 2**level, :: 2**level]
    far = cv2.erode(far.astype(np.uint8), np.ones((3, 3))) > 0  # a pixel is 2 or 4 of the photo's
    assert np.abs(picture[far][:, :3].astype(int) - GREY).max() <= 1


def test_behind_a_hidden_person_the_blur_goes_on(cache):
    document = edits.set_background(red_person_on_grey(), BlurBackground(20))
    hidden = edits.set_visible(document, 1, visible=False)
    assert np.abs(full(hidden, cache)[..., :3].astype(int) - GREY).max() <= 1


def test_behind_a_hidden_person_of_a_large_photo_the_blur_goes_on_without_a_seam(cache):
    document = edits.set_background(red_person_on_grey(900, 1200), BlurBackground(4))
    hidden = edits.set_visible(document, 1, visible=False)
    assert np.abs(full(hidden, cache)[..., :3].astype(int) - GREY).max() <= 1


def test_a_blurred_background_is_the_gaussian_far_from_people(cache):
    rng = np.random.default_rng(5)
    photo = Photo(rng.integers(0, 256, (200, 300, 3), np.uint8))
    document = edits.set_background(Document.for_photo(photo), BlurBackground(3.0))
    expected = cv2.GaussianBlur(photo.pixels.astype(np.float32), (0, 0), 3.0)
    inner = (slice(20, -20), slice(20, -20))
    # The kernel ends at three standard deviations.
    np.testing.assert_allclose(full(document, cache)[..., :3][inner], expected[inner], atol=1.5)


def test_a_blurred_person_takes_no_colour_from_the_background(cache):
    document = edits.set_adjustments(red_person_on_grey(), 1, Adjustments(blur_px=25))
    inside = document.layers[0].matte.read_region(document.frame) == 65535
    for shown in (document, edits.set_background(document, ColourBackground((0, 0, 0)))):
        change = full(shown, cache)[inside][:, :3] - np.array([230, 10, 10])
        # Foreground colours at the edge are estimated.
        assert np.abs(change).max() <= 4


def test_a_blurred_person_leaves_the_background_alone(cache):
    document = edits.set_adjustments(red_person_on_grey(), 1, Adjustments(blur_px=25))
    outside = document.layers[0].matte.read_region(document.frame) == 0
    np.testing.assert_array_equal(
        full(document, cache)[outside][:, :3], document.photo.pixels[outside]
    )


@pytest.mark.parametrize(
    ("sigma_px", "level", "expected"), [(0.5, 0, 0), (3.9, 0, 0), (4, 0, 1), (40, 0, 4), (4, 3, 3)]
)
def test_the_blur_level_is_as_coarse_as_the_blur_allows(sigma_px, level, expected):
    assert pick_blur_level(sigma_px, level) == expected


def test_the_fill_meets_what_is_known_and_is_smooth_between():
    pixels = np.repeat(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None], 64, axis=0)
    pixels = np.repeat(pixels, 3, axis=2)
    weights = np.ones((64, 64), np.float32)
    weights[20:40, 20:40] = 0
    hidden = np.where(weights[..., None] > 0, pixels, 9)
    filled = fill_unknown(hidden.astype(np.float32), weights)
    np.testing.assert_allclose(filled[weights > 0], pixels[weights > 0], atol=1e-5)
    assert np.abs(filled - pixels).max() < 0.2


def test_a_photo_of_nothing_but_people_fills_with_black():
    assert fill_unknown(np.ones((5, 7, 3), np.float32), np.zeros((5, 7), np.float32)).max() == 0
