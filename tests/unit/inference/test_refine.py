import numpy as np
import numpy.typing as npt
import pytest
import torch

from himapp.imaging.geometry import place_with_multiple
from himapp.inference.devices import ComputeDevice
from himapp.inference.postprocess import Candidate, bring_to_photo
from himapp.inference.preprocess import ModelInput
from himapp.inference.refine import (
    PLANS,
    MatteRefinement,
    RefinePlan,
    Refining,
    level_sizes,
)
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
    pixels: npt.NDArray[np.uint8], plan: RefinePlan
) -> tuple[MatteRefinement, BrightIsPerson]:
    network = BrightIsPerson()
    refiner = TileRefiner(network, ComputeDevice("cpu", "CPU"))
    return MatteRefinement(refiner, pixels, plan, 1), network


def _scene() -> tuple[npt.NDArray[np.uint8], Floats, Floats]:
    """Return a photo of a bright disc, its matte, and a coarse matte at a tenth that is off."""
    truth = _disc(900, 1200, 300)
    pixels = np.repeat((truth[..., None] * 200 + 20).astype(np.uint8), 3, 2)
    return pixels, truth, _disc(90, 120, 29)


@pytest.mark.parametrize("plan", [RefinePlan(None), RefinePlan(500, 20)])
def test_the_refiner_decides_at_the_edge(plan: RefinePlan) -> None:
    pixels, truth, small = _scene()
    refinement, _ = _refinement(pixels, plan)
    found = refinement.enlarge(small, CancelToken())
    assert found is not None
    alpha, left, top = found
    frame = np.zeros(truth.shape)
    frame[top : top + alpha.shape[0], left : left + alpha.shape[1]] = alpha / 65535
    # The fake knows no halves: up to half a pixel along the outline is its own error.
    assert np.abs(frame - truth).mean() < 1.2 * 300 * np.pi / truth.size
    assert (frame[_disc(900, 1200, 250) == 1] == 1).all()


def test_best_looks_at_the_photos_own_pixels_and_normal_at_fewer() -> None:
    pixels, _, small = _scene()
    most, own = _refinement(pixels, RefinePlan(None))
    fewer, some = _refinement(pixels, RefinePlan(500))
    most.enlarge(small, CancelToken())
    fewer.enlarge(small, CancelToken())
    assert own.pixels > 1.5 * some.pixels


def test_levels_grow_to_the_last_one() -> None:
    sizes = level_sizes((300, 150), (3000, 1500), RefinePlan(None))
    assert sizes == [(600, 300), (1500, 750), (3000, 1500)]
    assert level_sizes((300, 150), (3000, 1500), RefinePlan(1280)) == [(600, 300), (1280, 640)]
    assert level_sizes((500, 400), (5000, 4000), PLANS["normal"]) == [(1280, 1024)]
    # A photo smaller than the network's input is looked at as it is.
    assert level_sizes((300, 150), (200, 100), PLANS["best"]) == [(200, 100)]


def test_an_empty_matte_is_nobody() -> None:
    refinement, _ = _refinement(np.zeros((90, 120, 3), np.uint8), RefinePlan(None))
    assert refinement.enlarge(np.zeros((30, 40), np.float32), CancelToken()) is None


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
        refining=Refining(network, PLANS["best"]),
    )
    total = np.zeros((300, 400), np.int64)
    for person in people:
        height, width = person.alpha.shape
        total[person.top : person.top + height, person.left : person.left + width] += person.alpha
    assert len(people) == 2
    assert total.max() <= 65535
    assert total[:, 195:205].min() > 65000
