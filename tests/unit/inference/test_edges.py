import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from himapp.errors import Cancelled
from himapp.inference import edges
from himapp.inference.edges import Guide, crop_visible, quantise, upsample_matte
from himapp.inference.session import CancelToken

Floats = npt.NDArray[np.float32]


def _disc(height: int, width: int, radius: float) -> Floats:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    distance = np.hypot(y - height / 2 + 0.5, x - width / 2 + 0.5)
    return np.clip(radius - distance + 0.5, 0, 1)


def _portrait(alpha: Floats) -> npt.NDArray[np.uint8]:
    """Return a bright person over a dark background."""
    colours = alpha[..., None] * np.array([220, 170, 140]) + (1 - alpha[..., None]) * 40
    return colours.round().astype(np.uint8)


def _upsample(pixels: npt.NDArray[np.uint8], small: Floats) -> Floats:
    """Return the up-sampled matte in the photo's frame, 0..1."""
    grid = cv2.resize(pixels, small.shape[::-1], interpolation=cv2.INTER_AREA)
    guide = Guide.measure(pixels, grid.astype(np.float32) / np.iinfo(pixels.dtype).max)
    frame = np.zeros(pixels.shape[:2], np.float32)
    found = upsample_matte(guide, small, CancelToken())
    if found is not None:
        alpha, left, top = found
        frame[top : top + alpha.shape[0], left : left + alpha.shape[1]] = alpha / 65535
    return frame


def test_edges_follow_the_photo_where_interpolation_smears_them() -> None:
    truth = _disc(400, 600, 120)
    small = cv2.resize(truth, (60, 40), interpolation=cv2.INTER_AREA)
    plain = cv2.resize(small, (600, 400), interpolation=cv2.INTER_LINEAR)
    filtered = _upsample(_portrait(truth), small)
    band = cv2.dilate((np.abs(plain - truth) > 0.01).astype(np.uint8), np.ones((5, 5))) > 0
    error = np.abs(filtered - truth)[band].mean()
    # A tenth of linear interpolation's error on two flat colours; the bound is generous.
    assert error < 0.25 * np.abs(plain - truth)[band].mean()


def test_inside_is_exactly_one_and_outside_exactly_nothing() -> None:
    truth = _disc(400, 600, 120)
    filtered = _upsample(
        _portrait(truth), cv2.resize(truth, (60, 40), interpolation=cv2.INTER_AREA)
    )
    assert (filtered[_disc(400, 600, 90) == 1] == 1).all()
    assert (filtered[_disc(400, 600, 160) == 0] == 0).all()


def test_8_and_16_bit_photos_give_the_same_matte() -> None:
    truth = _disc(200, 300, 60)
    small = cv2.resize(truth, (60, 40), interpolation=cv2.INTER_AREA)
    pixels = _portrait(truth)
    fine = _upsample(pixels.astype(np.uint16) * 257, small)
    # The guides' means differ by rounding to 8 bit.
    np.testing.assert_allclose(_upsample(pixels, small), fine, atol=0.02)


def test_tiles_leave_no_seams() -> None:
    ramp = np.tile(np.linspace(0, 1, 96, dtype=np.float32), (64, 1))
    frame = _upsample(np.full((640, 960, 3), 128, np.uint8), ramp)
    # The ramp climbs by 1/950 a pixel; a seam between tiles would be a step.
    assert np.abs(np.diff(frame, axis=1)).max() < 2 / 950
    assert np.abs(np.diff(frame, axis=0)).max() < 1e-4


def test_a_matte_that_nobody_can_see_is_nobody() -> None:
    guide = Guide.measure(np.zeros((64, 64, 3), np.uint8), np.zeros((16, 16, 3), np.float32))
    assert upsample_matte(guide, np.full((16, 16), 0.001, np.float32), CancelToken()) is None


def test_of_a_matte_only_a_part_may_be_wanted() -> None:
    pixels = _portrait(_disc(200, 200, 70))
    guide = Guide.measure(pixels, edges.in_unit_range(cv2.resize(pixels, (100, 100))))
    small = _disc(100, 100, 35)
    within = np.zeros((100, 100), bool)
    within[40:44, 80:90] = True
    full, part = (upsample_matte(guide, small, CancelToken(), within=w) for w in (None, within))
    assert full is not None
    assert part is not None
    left, top = part[1] - full[1], part[2] - full[2]
    place = np.s_[top : top + part[0].shape[0], left : left + part[0].shape[1]]
    np.testing.assert_allclose(part[0], full[0][place], atol=2)
    assert part[0].size < 0.05 * full[0].size
    nowhere = np.zeros_like(within)
    assert upsample_matte(guide, small, CancelToken(), within=nowhere) is None


def test_a_cancelled_matte_stops() -> None:
    guide = Guide.measure(np.zeros((64, 64, 3), np.uint8), np.zeros((16, 16, 3), np.float32))
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        upsample_matte(guide, np.ones((16, 16), np.float32), token)


def _filter_everywhere(pixels: npt.NDArray[np.uint8], small: Floats) -> Floats:
    """Return the fast guided filter's matte, as published: all pixels at once, numpy's solver.

    He, Sun, Tang, Guided Image Filtering, 2013, equations 19 and 20; radius 2, epsilon 1e-4.
    """

    def mean(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        blurred = cv2.blur(values, (5, 5), borderType=cv2.BORDER_REFLECT)
        return np.asarray(blurred, np.float64).reshape(values.shape)

    grid = cv2.resize(pixels, small.shape[::-1], interpolation=cv2.INTER_AREA) / 255
    colour, alpha = mean(grid), mean(small.astype(np.float64))
    products = (grid[..., None] * grid[..., None, :]).reshape(*small.shape, 9)
    covariance = (
        mean(products).reshape(*small.shape, 3, 3) - colour[..., None] * colour[..., None, :]
    )
    pull = mean(grid * small[..., None]) - colour * alpha[..., None]
    slopes = np.linalg.solve(covariance + 1e-4 * np.eye(3), pull[..., None])[..., 0]
    functions = mean(np.dstack([slopes, alpha - (slopes * colour).sum(axis=2)]))
    large = cv2.resize(functions, pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    filtered = (large[..., :3] * pixels / 255).sum(axis=2) + large[..., 3]
    return np.clip(filtered, 0, 1).astype(np.float32)


def test_tiles_of_the_undecided_give_what_filtering_everything_gives() -> None:
    # Same grid step on both sides, so that the reference's plain enlarging fits exactly.
    truth = _disc(400, 600, 120)
    small = cv2.resize(truth, (60, 40), interpolation=cv2.INTER_AREA)
    random = np.random.default_rng(5)
    pixels = np.clip(_portrait(truth) + random.normal(0, 3, (400, 600, 3)), 0, 255)
    guide = pixels.round().astype(np.uint8)
    # Tiles that vary by less than two steps of 8 bit are not filtered, the ends are made clean.
    expected = _filter_everywhere(guide, small)
    np.testing.assert_allclose(_upsample(guide, small), expected, atol=3 / 255)


def _strands(height: int, width: int) -> Floats:
    """Return a head with thin strands round it."""
    canvas = np.zeros((height, width), np.uint8)
    centre = (width // 2, height // 2)
    cv2.circle(canvas, centre, height // 5, 255, -1, cv2.LINE_AA)
    for angle in np.linspace(0, 2 * np.pi, 90, endpoint=False):
        tip = (
            int(width / 2 + 0.38 * height * np.cos(angle)),
            int(height * (0.5 + 0.38 * np.sin(angle))),
        )
        cv2.line(canvas, centre, tip, 255, 1, cv2.LINE_AA)
    return canvas.astype(np.float32) / 255


def _errors_in_hair(
    person: npt.NDArray[np.float64],
    background: npt.NDArray[np.float64],
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[float, float]:
    """Return the mean errors among the strands: as it is, and with small windows alone."""
    truth = _strands(400, 600)
    mixed = truth[..., None] * person + (1 - truth[..., None]) * background
    pixels = mixed.round().astype(np.uint8)
    smooth = cv2.GaussianBlur(truth, (0, 0), 16)  # as a network sees hair
    small = cv2.resize(smooth, (150, 100), interpolation=cv2.INTER_AREA)
    hair = (smooth > 0.1) & (smooth < 0.6)
    mixed_windows = np.abs(_upsample(pixels, small) - truth)[hair].mean()
    monkeypatch.setattr(edges, "_measure_softness", np.zeros_like)
    small_windows = np.abs(_upsample(pixels, small) - truth)[hair].mean()
    return float(mixed_windows), float(small_windows)


def test_wide_windows_find_strands_before_a_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    dark, wall = np.array([40.0, 30.0, 20.0]), np.array([200.0, 200.0, 200.0])
    mixed, small = _errors_in_hair(dark, wall, monkeypatch)
    assert mixed < 0.9 * small


def test_wide_windows_are_not_trusted_where_colours_tell_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leaves = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 1, (400, 600)), (0, 0), 4)
    leaves = np.where(leaves > 0, 200.0, 25.0)[..., None] * np.ones(3)
    mixed, small = _errors_in_hair(leaves, leaves, monkeypatch)
    assert mixed == pytest.approx(small, rel=1e-3)


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 150),
    width=st.integers(1, 150),
    rows=st.integers(1, 40),
    columns=st.integers(1, 40),
    seed=st.integers(0, 9),
)
def test_any_sizes_stay_in_the_frame_and_near_the_matte(
    height: int, width: int, rows: int, columns: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (height, width, 3), np.uint8)
    frame = _upsample(pixels, np.full((rows, columns), 0.5, np.float32))
    # A constant matte needs no filter: one half is one half everywhere (16 bit rounded down).
    np.testing.assert_allclose(frame, 0.5, atol=2 / 65535)


def test_quantising_rounds_down_and_cleans_the_ends() -> None:
    alpha = np.array([-0.5, 0, 0.0019, 0.5, 0.9981, 1, 1.5], np.float32)
    assert quantise(alpha).tolist() == [0, 0, 0, 32767, 65535, 65535, 65535]


def test_a_crop_holds_exactly_what_is_visible() -> None:
    alpha = np.zeros((10, 12), np.uint16)
    alpha[2, 3], alpha[5, 9] = 1, 65535
    crop = crop_visible(alpha)
    assert crop is not None
    assert (crop[0].shape, crop[1], crop[2]) == ((4, 7), 3, 2)
    assert crop_visible(np.zeros((3, 3), np.uint16)) is None
