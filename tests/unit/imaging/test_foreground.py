from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from himapp.imaging import foreground
from himapp.imaging.bit_depth import from_float, to_float
from himapp.imaging.foreground import BLEED_PX, estimate_foreground

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
    image = np.full((5, 40, 3), (0, 0, 1), np.float32)
    image[:, :3], image[:, 15:18] = (1, 0, 0), (0, 1, 0)
    alpha = np.zeros((5, 40), np.float32)
    alpha[:, :3] = alpha[:, 15:18] = 1
    estimate = estimate_foreground(image, alpha)
    np.testing.assert_array_equal(estimate[:, :9], np.broadcast_to([1, 0, 0], (5, 9, 3)))
    end = 18 + BLEED_PX
    np.testing.assert_array_equal(estimate[:, 9:end], np.broadcast_to([0, 1, 0], (5, end - 9, 3)))
    assert (estimate[:, end:] == 0).all()


@pytest.mark.parametrize("size", [(7, 9), (1, 1), (8, 600)])
def test_a_solid_matte_gives_the_photo_and_an_empty_one_nothing(size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).random((*size, 3), np.float32)
    solid, empty = np.ones(size, np.float32), np.zeros(size, np.float32)
    np.testing.assert_array_equal(estimate_foreground(image, solid), image)
    np.testing.assert_array_equal(estimate_foreground(image, empty), 0)


@pytest.mark.parametrize("tile_px", [64, 128])
def test_tiles_give_what_one_piece_gives(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tile_px: int
) -> None:
    monkeypatch.setattr(foreground, "_TILE_PX", 1 << 20)
    whole = estimate_foreground(scene.image, scene.alpha)
    monkeypatch.setattr(foreground, "_TILE_PX", tile_px)
    tiled = estimate_foreground(scene.image, scene.alpha)
    # Exactly so, because a tile's margin is wider than what its border could change.
    np.testing.assert_array_equal(tiled[scene.alpha > 0], whole[scene.alpha > 0])
    # Of two equally near pixels either may lend its colour.
    assert (tiled == whole).all(axis=2).mean() > 0.99


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_integer_pixels_give_the_same_colours_rounded(scene: Scene, depth: type) -> None:
    top = np.iinfo(depth).max
    image, alpha = from_float(scene.image, depth), from_float(scene.alpha, depth)
    estimate = estimate_foreground(image, alpha)
    assert estimate.dtype == depth
    np.testing.assert_array_equal(estimate[alpha == top], image[alpha == top])
    wanted = estimate_foreground(to_float(image), to_float(alpha))
    assert np.abs(estimate / np.float32(top) - wanted).max() <= 0.6 / top


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
