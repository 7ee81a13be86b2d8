import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch

from himapp.imaging.geometry import place_with_multiple
from himapp.inference.devices import ComputeDevice
from himapp.inference.postprocess import Candidate, bring_to_photo
from himapp.inference.preprocess import ModelInput
from himapp.inference.refine import MatteRefinement, limit_growth
from himapp.inference.session import CancelToken
from himapp.inference.tiles import TileRefiner
from models import AlphaRefiner

Floats = npt.NDArray[np.float32]


class BrightIsPerson(AlphaRefiner):
    """A refiner that knows: whatever is bright is the person."""

    def __init__(self) -> None:
        super().__init__()
        self.eval()
        self.pixels = 0

    def refine(self, images: torch.Tensor, coarse: torch.Tensor) -> torch.Tensor:
        self.pixels += coarse.numel()
        return (images[:, :1] > 0.5).float()


def _disc(height: int, width: int, radius: float) -> Floats:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    distance = np.hypot(y - height / 2 + 0.5, x - width / 2 + 0.5)
    return np.clip(radius - distance + 0.5, 0, 1)


def _refinement(
    pixels: npt.NDArray[np.uint8], step: float
) -> tuple[MatteRefinement, BrightIsPerson]:
    network = BrightIsPerson()
    refiner = TileRefiner(network, ComputeDevice("cpu", "CPU"))
    return MatteRefinement(refiner, pixels, step), network


def _scene(missing_px: int = 4) -> tuple[npt.NDArray[np.uint8], Floats, npt.NDArray[np.uint16]]:
    """Return a photo of a bright disc, its alpha, and a matte whose radius is so much too small."""
    truth = _disc(900, 1200, 300)
    pixels = np.repeat((truth[..., None] * 200 + 20).astype(np.uint8), 3, 2)
    return pixels, truth, (_disc(900, 1200, 300 - missing_px) * 65535).astype(np.uint16)


@pytest.mark.parametrize("step", [1.5, 4.0, 9.0])
def test_the_refiner_decides_at_the_edge(step: float) -> None:
    own = max(1, round(step / 2))
    pixels, truth, matte = _scene(-3 * own)
    refinement, _ = _refinement(pixels, step)
    top, left = 100, 250
    alpha = matte[top:, left:].copy()
    refinement.refine(alpha, left, top, CancelToken())
    error = np.abs(alpha / 65535 - truth[top:, left:])
    # The fake knows no halves: up to half one of its pixels along the outline is its own error.
    assert error.sum() < 1.2 * own * 300 * np.pi
    assert error.mean() < 0.5 * np.abs(matte / 65535 - truth).mean()
    assert (alpha[_disc(900, 1200, 250)[top:, left:] == 1] == 65535).all()


def test_a_matte_does_not_grow_where_it_says_nothing() -> None:
    pixels, _, matte = _scene(20)
    refinement, _ = _refinement(pixels, 2.0)
    alpha = matte.copy()
    refinement.refine(alpha, 0, 0, CancelToken())
    assert (alpha >= matte).all()
    far = cv2.dilate(matte, np.ones((5, 5), np.uint8)) == 0
    assert not alpha[far].any()


@pytest.mark.parametrize(("share", "most"), [(0.0, 0.0), (0.02, 0.02), (0.2, 0.7), (0.5, 1.0)])
def test_haze_may_become_strands_and_less_than_haze_may_not(share: float, most: float) -> None:
    limit = limit_growth(np.full((20, 20), round(share * 65535), np.uint16))
    np.testing.assert_allclose(limit / 65535, most, atol=1e-3)


def test_of_a_large_photo_the_refiner_sees_fewer_pixels() -> None:
    pixels, _, matte = _scene()
    most, own = _refinement(pixels, 2.0)
    fewer, some = _refinement(pixels, 4.0)
    most.refine(matte.copy(), 0, 0, CancelToken())
    fewer.refine(matte.copy(), 0, 0, CancelToken())
    assert own.pixels > 1.5 * some.pixels


def test_what_the_refiner_leaves_stays_to_the_last_bit() -> None:
    class LeavesAll(BrightIsPerson):
        def refine(self, images: torch.Tensor, coarse: torch.Tensor) -> torch.Tensor:
            return coarse * (1 - 2 / 255) + 1 / 255

    pixels, _, matte = _scene()
    refiner = TileRefiner(LeavesAll(), ComputeDevice("cpu", "CPU"))
    refinement = MatteRefinement(refiner, pixels, 8.0)
    alpha = matte.copy()
    refinement.refine(alpha, 0, 0, CancelToken())
    assert np.abs(alpha.astype(np.int64) - matte).max() <= 2


@pytest.mark.parametrize(("photo_px", "is_refined"), [(64, True), (48, True), (32, False)])
def test_photos_much_smaller_than_the_grid_are_not_refined(
    photo_px: int, *, is_refined: bool
) -> None:
    network = BrightIsPerson()
    bring_to_photo(
        [Candidate(_disc(64, 64, 20), 0.9, (0, 0, 1, 1))],
        ModelInput(np.ones((3, 64, 64), np.float32), place_with_multiple(photo_px, photo_px, 64)),
        np.full((photo_px, photo_px, 3), 255, np.uint8),
        progress=lambda *_: None,
        cancel=CancelToken(),
        refiner=TileRefiner(network, ComputeDevice("cpu", "CPU")),
    )
    assert (network.pixels > 0) == is_refined


def test_refined_neighbours_still_sum_to_at_most_one() -> None:
    # Both neighbours take all of what is bright where they touch.
    pixels = np.full((300, 400, 3), 255, np.uint8)
    placement = place_with_multiple(300, 400, 64)
    shape = (placement.content_height, placement.content_width)
    model_input = ModelInput(
        np.ones((3, placement.model_height, placement.model_width), np.float32), placement
    )
    halves = [np.zeros(shape, np.float32) for _ in range(2)]
    halves[0][:, :32], halves[1][:, 32:] = 1, 1
    network = TileRefiner(BrightIsPerson(), ComputeDevice("cpu", "CPU"))
    people = bring_to_photo(
        [Candidate(alpha, 0.9, (0, 0, 1, 1)) for alpha in halves],
        model_input,
        pixels,
        progress=lambda *_: None,
        cancel=CancelToken(),
        refiner=network,
    )
    total = np.zeros((300, 400), np.int64)
    for person in people:
        height, width = person.alpha.shape
        total[person.top : person.top + height, person.left : person.left + width] += person.alpha
    assert len(people) == 2
    assert total.max() <= 65535
    assert total[:, 195:205].min() > 65000
