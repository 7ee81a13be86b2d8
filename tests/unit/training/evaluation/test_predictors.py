"""From a photo to people and back, with a fake network."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from training.evaluation.predictors import PADDING_GREY, letterbox, network_predictor


@dataclass
class FakePrediction:
    """Hold what a network would find."""

    score: torch.Tensor
    alpha: torch.Tensor


class RedFinder:
    """Find what is red; remember what came in."""

    def __init__(self, *, speck: bool = False) -> None:
        self.speck = speck
        self.image = torch.zeros(0)
        self.score_floor: float | None = None

    def predict(
        self, images: torch.Tensor, score_floor: float | None = None
    ) -> Sequence[FakePrediction]:
        """Return red as alpha, and a speck as a second person when asked to."""
        self.image, self.score_floor = images, score_floor
        red = images[:, 0] * (1 - images[:, 1])
        alpha = torch.cat([red, torch.zeros_like(red)])
        alpha[1, 2:4, 2:4] = 1
        found = 2 if self.speck else 1
        return [FakePrediction(torch.tensor([0.9, 0.4])[:found], alpha[:found])]


def red_photo() -> np.ndarray:
    """Make a 100 x 200 photo with a red box in the lower right quarter."""
    photo = np.zeros((100, 200, 3), np.uint8)
    photo[50:, 100:, 0] = 255
    return photo


def test_letterbox_keeps_the_shape_and_pads_right_and_bottom_with_grey():
    image, placement = letterbox(red_photo(), 80)
    assert image.shape == (1, 3, 64, 96)
    assert (placement.content_height, placement.content_width) == (40, 80)
    assert image[0, :, 40:].unique().tolist() == pytest.approx([PADDING_GREY])
    assert image[0, :, :, 80:].unique().tolist() == pytest.approx([PADDING_GREY])
    assert image[0, 0, 30, 60] == 1


@pytest.mark.parametrize("side", [64, 100, 320])
def test_mattes_come_back_where_the_people_are(side: int):
    predict = network_predictor(RedFinder(), side)
    ((alpha, score),) = predict(red_photo())
    assert alpha.shape == (100, 200)
    assert alpha.dtype == np.float32
    assert score == pytest.approx(0.9)
    found = alpha > 0.5
    assert found[55:95, 105:195].all()
    assert not found[:45].any()
    assert not found[:, :95].any()


def test_specks_are_dropped():
    # 2 x 2 pixels at half the photo's size are at most 16 of the 30 asked for.
    assert len(network_predictor(RedFinder(speck=True), 100)(red_photo())) == 1


def test_photo_without_people_gives_none():
    assert network_predictor(RedFinder(), 64)(np.zeros((40, 40, 3), np.uint8)) == []


def test_the_floor_reaches_the_network():
    network = RedFinder()
    network_predictor(network, 64, score_floor=0.3)(red_photo())
    assert network.score_floor == 0.3


def test_a_strip_keeps_at_least_one_row():
    image, placement = letterbox(np.zeros((1, 500, 3), np.uint8), 64)
    assert image.shape == (1, 3, 32, 64)
    assert placement.content_height == 1
