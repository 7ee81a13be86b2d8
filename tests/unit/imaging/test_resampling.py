import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from himapp.imaging import resampling
from himapp.imaging.resampling import Resampling, resample


def picture(height, width, channels=4):
    rng = np.random.default_rng(height * width)
    return rng.random((height, width, channels)).astype(np.float32)


def resize(pixels, size):
    height, width = pixels.shape[:2]
    asked = []

    def read(first, last):
        assert 0 <= first < last <= height
        asked.append(last - first)
        return pixels[first:last].copy()

    change = Resampling((width, height), size)
    made = np.full((size[1], size[0], pixels.shape[2]), np.nan, np.float32)
    for top, part in resample(read, change):
        made[top : top + len(part)] = part
    assert len(asked) == len(change.split_rows())
    return made, max(asked)


@pytest.mark.parametrize("size", [(40, 30), (33, 29), (79, 59), (1, 1), (7, 60)])
def test_shrinking_is_the_mean_over_areas(size):
    pixels = picture(60, 80)
    expected = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], 4)
    np.testing.assert_allclose(resize(pixels, size)[0], expected, atol=2e-5)


@pytest.mark.parametrize("size", [(160, 120), (97, 61), (80, 60)])
def test_enlarging_is_lanczos(size):
    pixels = picture(60, 80)
    expected = cv2.resize(pixels, size, interpolation=cv2.INTER_LANCZOS4)
    # OpenCV tabulates the window in steps of 1/32 pixel.
    np.testing.assert_allclose(resize(pixels, size)[0], expected, atol=0.03)


@settings(max_examples=40)
@given(
    st.integers(1, 70), st.integers(1, 20), st.integers(1, 140), st.integers(1, 40),
    st.integers(1, 30),
)  # fmt: skip
def test_stripes_do_not_show(height, width, new_height, new_width, stripe):
    pixels = picture(height, width, 1)
    whole = resize(pixels, (new_width, new_height))[0]
    normal = resampling._STRIPE_ROWS
    try:
        resampling._STRIPE_ROWS = stripe
        parts, most_rows = resize(pixels, (new_width, new_height))
    finally:
        resampling._STRIPE_ROWS = normal
    np.testing.assert_allclose(parts, whole, atol=1e-5)
    # Never more of the old picture than a stripe, one new row's area, and the window's reach.
    assert most_rows <= stripe + 2 + 2 * 4 + height / new_height


def test_a_flat_picture_stays_flat():
    pixels = np.full((50, 40, 3), 0.3, np.float32)
    for size in ((17, 23), (90, 110), (40, 50)):
        np.testing.assert_allclose(resize(pixels, size)[0], 0.3, atol=1e-6)
