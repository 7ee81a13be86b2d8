"""Take the time of the network and of the baseline, side by side in one run.

The two are timed in turns on the same pictures, so that a machine that slows down slows both;
medians are reported. The pictures are group composites with a known number of people.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.evaluation.baseline import Box, TwoStageBaseline
from training.evaluation.composites import compose_group
from training.evaluation.datasets import Scene
from training.evaluation.predictors import Network, letterbox
from training.metrics.arrays import Matte

PASS_SIDE = 640
BASELINE_PEOPLE = 6
FEW_PEOPLE, MANY_PEOPLE = 1, 10
PICTURES = 3
REPEATS = 7


@dataclass(frozen=True, slots=True)
class Timing:
    """Hold the median seconds of an action and how many people came out, on average."""

    seconds: float
    people: float


@dataclass(frozen=True, slots=True)
class SpeedReport:
    """Hold the times of the network's pass at 640 x 640 beside the baseline's to final mattes.

    Attributes:
        network, baseline: 6 people.
        few, many: the network's pass with 1 and with 10 people.
    """

    network: Timing
    baseline: Timing
    few: Timing
    many: Timing

    @property
    def times_faster(self) -> float:
        """Return how many times faster the network is than the baseline."""
        return self.baseline.seconds / self.network.seconds

    @property
    def growth(self) -> float:
        """Return time(10 people) / time(1 person) of the network's pass."""
        return self.many.seconds / self.few.seconds


def measure_speed(
    network: Network, baseline: TwoStageBaseline, data_root: Path, repeats: int = REPEATS
) -> SpeedReport:
    """Time the default pass at 640 x 640 and the baseline.

    Args:
        network: the network, with its own score threshold.
        baseline: the two-stage baseline.
        data_root: the folder that holds `splits.json`.
        repeats: how often each picture is timed.

    Raises:
        FileNotFoundError: there is no data at `data_root`.
    """
    six = group_scenes(data_root, BASELINE_PEOPLE, (PASS_SIDE, PASS_SIDE))
    few, many = (
        group_scenes(data_root, count, (PASS_SIDE, PASS_SIDE))
        for count in (FEW_PEOPLE, MANY_PEOPLE)
    )
    timings = time_side_by_side(
        {
            "network": _pass_actions(network, six),
            "baseline": [_baseline_action(baseline, scene) for scene in six],
            "few": _pass_actions(network, few),
            "many": _pass_actions(network, many),
        },
        repeats,
    )
    return SpeedReport(**timings)


def group_scenes(data_root: Path, count: int, size_px: tuple[int, int]) -> list[Scene]:
    """Compose the pictures of `count` people that are timed, of size (height, width)."""
    return [compose_group(data_root, count, size_px, index) for index in range(PICTURES)]


def time_side_by_side(
    actions: Mapping[str, Sequence[Callable[[], int]]], repeats: int = REPEATS
) -> dict[str, Timing]:
    """Time several lists of actions in turns, after one round that is not counted.

    Args:
        actions: by name; each action returns how many people it found.
        repeats: how often every action runs.

    Returns:
        By name, the median time over actions and repeats, and the mean number of people.
    """
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    people: dict[str, list[int]] = {name: [] for name in actions}
    for round_number in range(repeats + 1):
        for name, listed in actions.items():
            for action in listed:
                start = time.perf_counter()
                found = action()
                if round_number:
                    seconds[name].append(time.perf_counter() - start)
                    people[name].append(found)
    return {
        name: Timing(float(np.median(seconds[name])), float(np.mean(people[name])))
        for name in actions
    }


def speed_lines(report: SpeedReport) -> list[str]:
    """Say the report in lines for people to read."""
    rows = {
        f"network, {PASS_SIDE}x{PASS_SIDE}, {BASELINE_PEOPLE} people": report.network,
        f"two-stage baseline, {BASELINE_PEOPLE} people": report.baseline,
        f"network, {FEW_PEOPLE} person": report.few,
        f"network, {MANY_PEOPLE} people": report.many,
    }
    lines = [f"{name:36} {t.seconds:7.3f} s  ({t.people:.1f} found)" for name, t in rows.items()]
    return [
        *lines,
        f"times faster than the baseline: {report.times_faster:.2f}",
        f"time({MANY_PEOPLE} people) / time({FEW_PEOPLE}): {report.growth:.3f}",
    ]


def speed_document(report: SpeedReport) -> dict[str, Any]:
    """Return the report as a document for JSON."""
    rows = {"network": report.network, "baseline": report.baseline}
    rows |= {"few": report.few, "many": report.many}
    timings = {name: {"seconds": t.seconds, "people": t.people} for name, t in rows.items()}
    return {**timings, "times_faster": report.times_faster, "growth": report.growth}


def _pass_actions(network: Network, scenes: Sequence[Scene]) -> list[Callable[[], int]]:
    return [_pass_action(network, letterbox(scene.photo, PASS_SIDE)[0]) for scene in scenes]


def _pass_action(network: Network, image: torch.Tensor) -> Callable[[], int]:
    def run_pass() -> int:
        with torch.inference_mode():
            return len(network.predict(image)[0].score)

    return run_pass


def _baseline_action(baseline: TwoStageBaseline, scene: Scene) -> Callable[[], int]:
    """Time both stages with exactly as many boxes as people.

    The detector's best boxes are taken; where it finds too few, true boxes stand in, so that the
    second stage has the same work whatever the first one misses.
    """
    true_boxes = [_box_round(alpha) for alpha in scene.alphas]

    def run_baseline() -> int:
        found = baseline.detector.find_boxes(scene.photo)[: len(true_boxes)]
        boxes = found + true_boxes[len(found) :]
        return len(baseline.matte_boxes(scene.photo, boxes))

    return run_baseline


def _box_round(alpha: Matte) -> Box:
    mask: NDArray[np.bool_] = alpha > 0.5
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return Box(float(columns[0]), float(rows[0]), float(columns[-1]), float(rows[-1]), 1.0)
