"""Times, with fakes in place of networks."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from training.evaluation.baseline import Box
from training.evaluation.speed import (
    BASELINE_PEOPLE,
    PICTURES,
    SpeedReport,
    Timing,
    measure_speed,
    speed_document,
    speed_lines,
    time_side_by_side,
)


class EmptyNetwork:
    """Find nobody."""

    def predict(
        self, images: torch.Tensor, score_floor: float | None = None
    ) -> Sequence[SimpleNamespace]:
        """Return no people, of the size that came in."""
        return [SimpleNamespace(score=torch.zeros(0), alpha=torch.zeros(0, *images.shape[2:]))]


class TwoBoxBaseline:
    """Find two boxes in every photo, and note which boxes are matted."""

    def __init__(self) -> None:
        self.matted: list[list[Box]] = []
        self.detector = self

    def find_boxes(self, photo: np.ndarray) -> list[Box]:
        """Return two boxes."""
        return [Box(0, 0, 9, 9, 0.9), Box(9, 9, 20, 20, 0.8)]

    def matte_boxes(self, photo: np.ndarray, boxes: list[Box]) -> list[tuple[np.ndarray, float]]:
        """Note the boxes."""
        self.matted.append(boxes)
        return [(np.zeros(photo.shape[:2], np.float32), box.score) for box in boxes]


def test_actions_run_in_turns_and_the_first_round_is_not_counted():
    calls: list[str] = []

    def note(name: str, people: int) -> int:
        calls.append(name)
        return people

    timings = time_side_by_side(
        {"a": [lambda: note("a", 2), lambda: note("a", 4)], "b": [lambda: note("b", 1)]}, repeats=2
    )
    assert calls == ["a", "a", "b"] * 3
    assert (timings["a"].people, timings["b"].people) == (3, 1)
    assert timings["a"].seconds >= 0


def test_the_baseline_mattes_exactly_as_many_boxes_as_people(data_root: Path):
    baseline = TwoBoxBaseline()
    report = measure_speed(EmptyNetwork(), baseline, data_root, repeats=1)
    assert len(baseline.matted) == 2 * PICTURES
    assert {len(boxes) for boxes in baseline.matted} == {BASELINE_PEOPLE}
    # The true boxes stand in for those that the detector missed.
    assert all(box.score == 1 and box.y1 > box.y0 for box in baseline.matted[0][2:])
    assert report.baseline.people == BASELINE_PEOPLE
    assert report.network.people == 0


def test_ratios_and_lines():
    report = SpeedReport(Timing(0.1, 6), Timing(0.8, 6), Timing(0.1, 1), Timing(0.11, 10))
    assert report.times_faster == pytest.approx(8)
    assert report.growth == pytest.approx(1.1)
    assert "8.00" in speed_lines(report)[-2]
    assert speed_document(report)["many"] == {"seconds": 0.11, "people": 10}
