import numpy as np
import pytest

from himapp.imaging.photo import Photo


def test_a_photo_cannot_be_written_to() -> None:
    photo = Photo(np.zeros((5, 7, 3), np.uint8))
    with pytest.raises(ValueError, match="read-only"):
        photo.pixels[0, 0, 0] = 1
    assert (photo.height, photo.width, photo.bit_depth) == (5, 7, 8)


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((2, 2), np.uint8), np.zeros((0, 2, 3), np.uint8), np.zeros((2, 2, 3), np.float32)],
)
def test_a_photo_refuses_other_arrays(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a photo needs"):
        Photo(pixels)
