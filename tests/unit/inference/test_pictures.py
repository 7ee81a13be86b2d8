import numpy as np
import pytest

from himapp.inference.pictures import cut_out, draw_matte
from himapp.inference.session import InstanceMatte


def _matte(alpha: list[list[int]], left: int = 0, top: int = 0) -> InstanceMatte:
    return InstanceMatte(np.array(alpha, np.uint16), left, top, 0.9, (0, 0, 1, 1))


def test_a_matte_is_drawn_in_its_place_and_nothing_else() -> None:
    picture = draw_matte(_matte([[65535, 32768]], left=2, top=1), 3, 5)
    assert picture.tolist() == [[0, 0, 0, 0, 0], [0, 0, 255, 128, 0], [0, 0, 0, 0, 0]]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_cut_out_keeps_depth_alpha_and_the_colours_of_what_is_fully_there(dtype: type) -> None:
    top = np.iinfo(dtype).max
    pixels = np.random.default_rng(0).integers(0, top + 1, (20, 30, 3), dtype)
    alpha = np.zeros((10, 12), np.uint16)
    alpha[2:8, 2:10] = 65535
    alpha[5, 5] = 20000
    cutout = cut_out(pixels, InstanceMatte(alpha.copy(), 9, 4, 0.9, (0, 0, 1, 1)))
    assert cutout.dtype == dtype
    assert cutout.shape == (20, 30, 4)
    whole = cutout[..., 3] == top
    assert whole.sum() == 47
    np.testing.assert_array_equal(cutout[whole, :3], pixels[whole])
    assert cutout[9, 14, 3] == round(20000 * top / 65535)
    assert cutout[..., 3].sum() == 47 * int(top) + int(cutout[9, 14, 3])


def test_soft_pixels_lose_the_background() -> None:
    alpha = np.clip((np.arange(60, dtype=np.float32) - 20) / 20, 0, 1)
    red, green = np.array([220, 20, 20]), np.array([10, 230, 30])
    row = alpha[:, None] * red + (1 - alpha[:, None]) * green
    pixels = np.tile(row.round().astype(np.uint8), (40, 1, 1))
    matte = np.tile((alpha * 65535).astype(np.uint16), (40, 1))
    cutout = cut_out(pixels, InstanceMatte(matte, 0, 0, 0.9, (0, 0, 60, 40)))
    soft = (cutout[..., 3] > 64) & (cutout[..., 3] < 255)
    # The estimate is smooth, not exact: a few levels, where the photo is off by up to 160.
    assert np.abs(cutout[soft, :3].astype(int) - red).mean() < 8
    assert np.abs(pixels[soft].astype(int) - red).mean() > 50


def test_straight_alpha_is_not_premultiplied() -> None:
    pixels = np.full((9, 9, 3), (200, 100, 50), np.uint8)
    cutout = cut_out(
        pixels, InstanceMatte(np.full((9, 9), 32896, np.uint16), 0, 0, 1, (0, 0, 9, 9))
    )
    assert cutout[4, 4].tolist() == pytest.approx([200, 100, 50, 128], abs=1)


def test_the_photo_is_only_read() -> None:
    pixels = np.full((9, 9, 3), 77, np.uint8)
    pixels.setflags(write=False)
    cut_out(pixels, _matte([[65535, 9000]], left=8 - 1, top=8))
