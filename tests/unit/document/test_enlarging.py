import cv2
import numpy as np
import pytest

from himapp.document.enlarging import enlarge_part
from himapp.document.regions import Region


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("shape", "size", "part"),
    [
        ((7, 40), (90, 90 * 7), Region(0, 100, 90, 60)),
        ((7, 40), (90, 90 * 7), Region(0, 0, 90, 5)),
        ((40, 7), (630, 90), Region(550, 0, 80, 90)),
        ((1, 3), (1200, 400), Region(17, 3, 900, 300)),
        ((600, 1), (1, 1300), Region(0, 500, 1, 800)),
    ],
)
def test_a_part_is_what_the_whole_would_be(dtype, shape, size, part):
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, np.iinfo(dtype).max, (*shape, 3), dtype, endpoint=True)
    whole = cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC)
    expected = whole[part.slices_in(Region(0, 0, *size))]
    found = enlarge_part(pixels, size, part)
    assert (found.dtype, found.shape) == (dtype, expected.shape)
    # OpenCV's weights have 11 bits at 8 bit; at 16 its places are float32.
    assert np.abs(found.astype(int) - expected).max() <= (1 if dtype == np.uint8 else 4)
