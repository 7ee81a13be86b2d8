from typing import Any

import numpy as np
import pytest
import torch

from himapp.inference.both_ways import join_predictions, predict_both_ways
from himapp.inference.devices import NetworkRunner, Prediction, cpu_device
from models.e2e_him.output import InstancePrediction

SIDE = 32


def predict(*people: tuple[int, int, float]) -> Prediction:
    """Make a prediction of upright bars: ``(left, right, score)``."""
    alpha = np.zeros((len(people), SIDE, SIDE), np.float32)
    for matte, (left, right, _) in zip(alpha, people, strict=True):
        matte[:, left:right] = 1
    boxes = [(left, 0, right, SIDE) for left, right, _ in people]
    score = np.array([score for *_, score in people], np.float32)
    return Prediction(score, np.array(boxes, np.float32).reshape(-1, 4), alpha)


class Leftist:
    """Sees one bar at the left of whatever it looks at."""

    score_threshold = 0.4
    input_side = SIDE

    def __init__(self, *scores: float) -> None:
        self.scores = list(scores)

    def to(self, device: str) -> Any:
        return self

    def predict(
        self, images: torch.Tensor, score_floor: float | None = None
    ) -> list[InstancePrediction]:
        assert score_floor is not None
        assert score_floor < self.score_threshold
        found = predict((0, 10, self.scores.pop(0)))
        tensors = (torch.from_numpy(x) for x in (found.score, found.box, found.alpha))
        return [InstancePrediction(*tensors)]


def test_whoever_is_found_both_ways_has_the_mean() -> None:
    joined = join_predictions(predict((0, 10, 0.9), (20, 28, 0.5)), predict((20, 30, 0.7)))
    np.testing.assert_allclose(joined.score, [0.6, 0.45])
    np.testing.assert_allclose(joined.alpha[0, 0, 20:30], [1] * 8 + [0.5] * 2)
    np.testing.assert_array_equal(joined.box, [[20, 0, 28, 32], [0, 0, 10, 32]])


def test_the_better_pair_is_made_and_the_rest_stands_alone() -> None:
    joined = join_predictions(predict((0, 10, 0.8)), predict((0, 7, 0.8), (0, 9, 0.6)))
    np.testing.assert_allclose(joined.score, [0.7, 0.4])
    assert joined.alpha.sum(0).max() <= 1 + 1e-6


def test_nobody_one_way_halves_the_score() -> None:
    somebody, nobody = predict((3, 9, 0.8)), predict()
    for pair in ((somebody, nobody), (nobody, somebody)):
        np.testing.assert_allclose(join_predictions(*pair).score, [0.4])
    assert len(join_predictions(predict(), predict()).score) == 0


def test_the_mirrored_look_is_mirrored_back() -> None:
    runner = NetworkRunner(Leftist(0.9, 0.9), cpu_device())
    image = np.zeros((3, SIDE, SIDE), np.float32)
    found = predict_both_ways(runner, image)
    assert sorted(found.box[:, 0].tolist()) == [0, 22]
    assert found.alpha[:, 5, :10].sum() == pytest.approx(10)
    assert found.alpha[:, 5, 22:].sum() == pytest.approx(10)


def test_people_below_the_threshold_are_left_out() -> None:
    runner = NetworkRunner(Leftist(0.9, 0.3), cpu_device())
    found = predict_both_ways(runner, np.zeros((3, SIDE, SIDE), np.float32))
    assert found.box[:, 0].tolist() == [0]
    assert found.score[0] == pytest.approx(0.45 / 0.85)
