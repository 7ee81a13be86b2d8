import numpy as np
import pytest

from himapp.imaging.trimap import BACKGROUND, FOREGROUND, UNKNOWN, make_trimap


def hard_edge(dtype: type) -> np.ndarray:
    alpha = np.zeros((9, 20), dtype)
    alpha[:, 10:] = 1 if dtype == np.float32 else np.iinfo(dtype).max
    return alpha


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_band_has_the_radius_on_both_sides_of_an_edge(dtype: type) -> None:
    trimap = make_trimap(hard_edge(dtype), 3)
    wanted = [BACKGROUND] * 7 + [UNKNOWN] * 6 + [FOREGROUND] * 7
    assert trimap.dtype == np.uint8
    np.testing.assert_array_equal(trimap, np.broadcast_to(wanted, (9, 20)))


def test_without_a_radius_only_soft_pixels_are_unknown() -> None:
    alpha = np.array([[0, 1, 32768, 65534, 65535]], np.uint16)
    np.testing.assert_array_equal(make_trimap(alpha, 0), [[0, 128, 128, 128, 255]])
    np.testing.assert_array_equal(make_trimap(alpha, 0, tolerance=0.01), [[0, 0, 128, 255, 255]])


def test_the_band_around_a_point_is_round() -> None:
    alpha = np.zeros((21, 21), np.float32)
    alpha[10, 10] = 0.5
    y, x = np.mgrid[:21, :21] - 10
    np.testing.assert_array_equal(make_trimap(alpha, 6) == UNKNOWN, np.hypot(x, y) <= 6)


@pytest.mark.parametrize(("value", "wanted"), [(0, BACKGROUND), (1, FOREGROUND), (0.5, UNKNOWN)])
def test_one_alpha_everywhere_makes_one_region(value: float, wanted: int) -> None:
    assert (make_trimap(np.full((4, 5), value, np.float32), 3) == wanted).all()


def test_mistakes_of_the_caller_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\[H, W\]"):
        make_trimap(np.zeros((2, 2, 1), np.float32), 1)
    with pytest.raises(ValueError, match="out of range"):
        make_trimap(np.zeros((2, 2), np.float32), -1)
    with pytest.raises(ValueError, match="out of range"):
        make_trimap(np.zeros((2, 2), np.float32), 1, tolerance=0.5)
