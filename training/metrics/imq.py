"""Measure instance matting quality (IMQ): found people, weighted by how good their matte is.

Reference: Sun, Tang, Tai, "Human Instance Matting via Mutual Guidance and Multi-Instance
Refinement" (InstMatt), CVPR 2022, section 5. Masks are alpha > 0 after rounding to 8 bit, as in
the files that are written: a softmax leaves no alpha at exactly 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from training.metrics.arrays import Mask, Matte
from training.metrics.matching import PAIR_IOU, iou_matrix, pair_masks
from training.metrics.matte_errors import connectivity_error_map, gradient_error_map

ErrorKind = Literal["mad", "mse", "grad", "conn"]
ERROR_KINDS: tuple[ErrorKind, ...] = get_args(ErrorKind)

ERROR_WEIGHT = 10.0
"""An error of a tenth of the matte's range and more scores 0 (weight of the reference)."""


@dataclass(frozen=True, slots=True)
class ImqResult:
    """Hold the scores of a set of photos at one IoU threshold, all in 0..100.

    Attributes:
        imq: matting and recognition together, by kind of error; imq = mq · rq / 100.
        mq: mean score of the pairs, by kind of error.
        rq: pairs / (pairs + half the false predictions + half the missed people).
    """

    imq: Mapping[ErrorKind, float]
    mq: Mapping[ErrorKind, float]
    rq: float


@dataclass(slots=True)
class InstanceMattingQuality:
    """Add up the matte scores of many photos whose mattes are exact everywhere."""

    iou_floor: float = PAIR_IOU
    _scores: dict[ErrorKind, list[float]] = field(
        default_factory=lambda: {kind: [] for kind in ERROR_KINDS}
    )
    _false_predictions: int = 0
    _missed_people: int = 0

    def add(self, predicted: Matte, truth: Matte) -> None:
        """Add the mattes of one photo, predicted [K, H, W] and true [N, H, W], in 0..1."""
        masks, true_masks = _visible(predicted), _visible(truth)
        pairs = pair_masks(iou_matrix(masks, true_masks), self.iou_floor)
        for pair in pairs:
            union = masks[pair.prediction] | true_masks[pair.person]
            errors = _mean_errors(predicted[pair.prediction], truth[pair.person], union)
            for kind, error in errors.items():
                self._scores[kind].append(1 - min(ERROR_WEIGHT * error, 1))
        self._false_predictions += len(predicted) - len(pairs)
        self._missed_people += len(truth) - len(pairs)

    def result(self) -> ImqResult:
        """Return the scores so far; 0 when nothing was found."""
        pairs = len(self._scores["mad"])
        weight = max(pairs + 0.5 * self._false_predictions + 0.5 * self._missed_people, 0.5)
        sums = {kind: 100 * sum(scores) for kind, scores in self._scores.items()}
        return ImqResult(
            imq={kind: total / weight for kind, total in sums.items()},
            mq={kind: total / max(pairs, 1) for kind, total in sums.items()},
            rq=100 * pairs / weight,
        )


def _visible(mattes: Matte) -> Mask:
    return mattes >= 0.5 / 255


def _mean_errors(alpha: Matte, truth: Matte, union: Mask) -> dict[ErrorKind, float]:
    """Average the four errors over the union of both masks, which the pair made non-empty."""
    difference = alpha - truth
    maps: dict[ErrorKind, Matte] = {
        "mad": np.abs(difference),
        "mse": np.square(difference),
        "grad": gradient_error_map(alpha, truth),
        "conn": connectivity_error_map(alpha, truth),
    }
    return {kind: float(error[union].mean(dtype=np.float64)) for kind, error in maps.items()}
