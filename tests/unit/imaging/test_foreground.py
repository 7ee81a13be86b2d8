from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from himapp.imaging.foreground import estimate_foreground

FloatArray = npt.NDArray[np.float32]
# Made by make_foreground_oracle.py beside it.
ORACLE = Path(__file__).parents[2] / "data" / "foreground_oracle.npz"


class Scene:
    """A composite of known parts and pymatting's estimate for it."""

    def __init__(self) -> None:
        with np.load(ORACLE) as stored:
            values = {name: stored[name].astype(np.float32) / 255 for name in stored.files}
        self.image, self.alpha = values["image"], values["alpha"]
        self.foreground, self.pymatting = values["foreground"], values["pymatting"]
        self.soft = (self.alpha > 0) & (self.alpha < 1)

    def error(self, estimate: FloatArray) -> float:
        """Mean absolute error in the soft band."""
        return float(np.abs(estimate - self.foreground)[self.soft].mean())


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


def test_the_estimate_is_as_good_as_pymattings(scene: Scene) -> None:
    ours = scene.error(estimate_foreground(scene.image, scene.alpha))
    assert ours <= 1.2 * scene.error(scene.pymatting)


def test_wrong_formulas_fail_the_same_bound(scene: Scene) -> None:
    bound = 1.2 * scene.error(scene.pymatting)
    assert scene.error(scene.image * scene.alpha[:, :, None]) > 2 * bound
    assert scene.error(scene.foreground * scene.alpha[:, :, None]) > 2 * bound
    assert scene.error(scene.image) > 2 * bound


def test_a_cut_out_on_any_colour_is_near_the_true_one(scene: Scene) -> None:
    estimate = estimate_foreground(scene.image, scene.alpha)
    share = scene.alpha[:, :, None]
    for backdrop in ((0, 0, 0), (1, 1, 1), (1, 0, 0)):
        wanted = share * scene.foreground + (1 - share) * np.float32(backdrop)
        made = share * estimate + (1 - share) * np.float32(backdrop)
        assert np.abs(wanted - made)[scene.soft].mean() < 4 / 255  # the photo itself gives 12


def test_solid_pixels_keep_the_photos_colours_exactly(scene: Scene) -> None:
    estimate = estimate_foreground(scene.image, scene.alpha)
    solid = scene.alpha == 1
    np.testing.assert_array_equal(estimate[solid], scene.image[solid])


def test_colours_bleed_outwards_from_the_nearest_person_pixel() -> None:
    image = np.zeros((5, 40, 3), np.float32)
    image[:, 20:] = (0, 0, 1)
    image[:, :3], image[:, -3:] = (1, 0, 0), (0, 1, 0)
    alpha = np.zeros((5, 40), np.float32)
    alpha[:, :3] = alpha[:, -3:] = 1
    estimate = estimate_foreground(image, alpha)
    np.testing.assert_array_equal(estimate[:, :20], np.broadcast_to([1, 0, 0], (5, 20, 3)))
    np.testing.assert_array_equal(estimate[:, 20:], np.broadcast_to([0, 1, 0], (5, 20, 3)))


@pytest.mark.parametrize("value", [0, 1])
def test_without_a_soft_band_the_photo_comes_back(value: int) -> None:
    image = np.random.default_rng(0).random((7, 9, 3), np.float32)
    np.testing.assert_array_equal(
        estimate_foreground(image, np.full((7, 9), value, np.float32)), image
    )


@settings(deadline=None, max_examples=40)
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(
        lambda size: st.tuples(
            arrays(np.float32, (*size, 3), elements=st.floats(0, 1, width=32)),
            arrays(np.float32, size, elements=st.floats(0, 1, width=32)),
        )
    )
)
def test_any_picture_gives_colours_in_range(parts: tuple[FloatArray, FloatArray]) -> None:
    image, alpha = parts
    image.flags.writeable = alpha.flags.writeable = False
    estimate = estimate_foreground(image, alpha)
    assert estimate.shape == image.shape
    assert estimate.dtype == np.float32
    assert np.isfinite(estimate).all()
    assert estimate.min() >= 0
    assert estimate.max() <= 1


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        estimate_foreground(np.zeros((4, 4, 3), np.float32), np.zeros((4, 5), np.float32))
