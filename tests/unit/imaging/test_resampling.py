import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from himapp.imaging import resampling
from himapp.imaging.resampling import guided_upsample, resize, resize_matte

FloatArray = npt.NDArray[np.float32]
DEPTHS = (np.uint8, np.uint16, np.float32)


def noise(height: int, width: int, dtype: type = np.uint8) -> np.ndarray:
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    return (np.random.default_rng(3).random((height, width, 3)) * top).astype(dtype)


def disc(side: int) -> FloatArray:
    """A soft-edged disc, drawn at any size."""
    y, x = (np.mgrid[:side, :side] + 0.5) / side - 0.5
    edge = (0.33 + 0.05 * np.sin(9 * np.arctan2(y, x)) - np.hypot(x, y)) * side
    return np.clip(edge + 0.5, 0, 1).astype(np.float32)


def mean_of_blocks(alpha: FloatArray, factor: int) -> FloatArray:
    height, width = (side // factor for side in alpha.shape)
    blocks = alpha[: height * factor, : width * factor]
    return blocks.reshape(height, factor, width, factor).mean(axis=(1, 3), dtype=np.float32)


def coloured_by(alpha: FloatArray) -> npt.NDArray[np.uint8]:
    """Two colours of equal lightness, mixed by alpha: grey cannot tell them apart."""
    person, behind = np.array([200, 60, 90]), np.array([40, 138, 100])
    share = alpha[:, :, None]
    return np.rint(share * person + (1 - share) * behind).astype(np.uint8)


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("function", [resize, resize_matte])
@pytest.mark.parametrize("size", [(40, 50), (5, 7), (40, 6), (3, 60), (16, 20), (1, 1)])
def test_resizing_keeps_type_channels_and_range(
    dtype: type, function: object, size: tuple[int, int]
) -> None:
    assert callable(function)
    pixels = np.kron(np.eye(4, 5), np.ones((4, 4)))  # hard edges make Lanczos overshoot
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    resized = function((pixels * top).astype(dtype), *size)
    assert resized.shape == size
    assert resized.dtype == dtype
    assert resized.min() >= 0
    assert resized.max() <= top


@pytest.mark.parametrize("dtype", DEPTHS)
def test_shrinking_takes_means(dtype: type) -> None:
    pixels = noise(12, 8, dtype)
    blocks = pixels.astype(np.float64).reshape(3, 4, 2, 4, 3).mean(axis=(1, 3))
    tolerance = 1e-6 if dtype == np.float32 else 0.5  # integers are rounded once
    assert np.abs(resize(pixels, 3, 2) - blocks).max() <= tolerance


@given(value=st.integers(0, 65535), size=st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_a_flat_matte_stays_flat(value: int, size: tuple[int, int]) -> None:
    assert (resize_matte(np.full((9, 13), value, np.uint16), *size) == value).all()


def test_resizing_to_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot resize to 0 x 4"):
        resize(noise(2, 2), 0, 4)


def test_a_panorama_wider_than_32767_pixels_is_resized() -> None:
    assert resize(noise(2, 40_000), 1, 36_000).shape == (1, 36_000, 3)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_edges_follow_the_guide(depth: type) -> None:
    alpha = disc(240)
    guide = coloured_by(alpha).astype(depth) * (257 if depth == np.uint16 else 1)
    small = mean_of_blocks(alpha, 6)
    soft = (alpha > 0) & (alpha < 1)
    guided = np.abs(guided_upsample(guide, small) - alpha)[soft].mean()
    linear = np.abs(resize_matte(small, 240, 240) - alpha)[soft].mean()
    assert guided < linear / 3


@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("size", [(97, 131), (24, 32), (10, 9), (1, 1)])
def test_a_constant_matte_stays_exact(value: int, size: tuple[int, int]) -> None:
    small = np.full((24, 32), value, np.float32)
    assert (guided_upsample(noise(*size), small, epsilon=1e-9) == value).all()


def test_far_from_edges_alpha_is_exactly_empty_or_solid() -> None:
    small = np.zeros((40, 40), np.float32)
    small[:, 20:] = 1
    alpha = guided_upsample(noise(200, 200), small, radius_px=2)
    assert (alpha[:, : (20 - 5) * 5] == 0).all()
    assert (alpha[:, (20 + 5) * 5 :] == 1).all()


@settings(deadline=None, max_examples=30)
@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    small_size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    radius=st.integers(1, 12),
    seed=st.integers(0, 99),
)
def test_any_size_gives_alpha_in_range(
    size: tuple[int, int], small_size: tuple[int, int], radius: int, seed: int
) -> None:
    small = np.random.default_rng(seed).random(small_size, np.float32)
    alpha = guided_upsample(noise(*size), small, radius_px=radius)
    assert alpha.shape == size
    assert alpha.dtype == np.float32
    assert alpha.min() >= 0
    assert alpha.max() <= 1


def test_strips_leave_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    alpha = disc(150)
    guide, small = coloured_by(alpha), mean_of_blocks(alpha, 5)
    monkeypatch.setattr(resampling, "_STRIP_ROWS", 1000)
    whole = guided_upsample(guide, small)
    monkeypatch.setattr(resampling, "_STRIP_ROWS", 7)
    # The same sums in another order: a few float32 steps.
    np.testing.assert_allclose(guided_upsample(guide, small), whole, atol=1e-5)


def test_parameters_out_of_range_are_refused() -> None:
    small = np.zeros((2, 2), np.float32)
    with pytest.raises(ValueError, match=r"must be \[H, W, 3\]"):
        guided_upsample(np.zeros((4, 4), np.uint8), small)
    with pytest.raises(ValueError, match=r"must be \[h, w\]"):
        guided_upsample(noise(4, 4), np.zeros((2, 2, 1), np.float32))
    with pytest.raises(ValueError, match="must be positive"):
        guided_upsample(noise(4, 4), small, radius_px=0)
