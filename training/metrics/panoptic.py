"""Measure panoptic quality: are the people found, each once, and well outlined?

Reference: Kirillov et al., "Panoptic Segmentation", CVPR 2019, equation 1, for the class person;
small people and crowds are left out as in section 4 of the project's network specification.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.metrics.arrays import Mask, Table
from training.metrics.matching import iou_matrix, pair_masks

MIN_HEIGHT = 0.15
"""People lower than this share of the photo's height are neither demanded nor charged."""

IGNORED_SHARE = 0.5
"""A prediction with more than this share of its area in ignored regions is not charged."""


@dataclass(frozen=True, slots=True)
class PhotoOverlaps:
    """Say how the predictions of one photo overlap its people.

    Attributes:
        iou: [K, N], predictions against demanded people.
        is_excused: [K], predictions that are not charged when they match nobody.
    """

    iou: Table
    is_excused: NDArray[np.bool_]

    def keep(self, is_kept: NDArray[np.bool_]) -> "PhotoOverlaps":
        """Drop the predictions whose entry in `is_kept` [K] is false."""
        return PhotoOverlaps(self.iou[is_kept], self.is_excused[is_kept])


@dataclass(frozen=True, slots=True)
class PanopticResult:
    """Hold the scores of a set of photos, all in 0..1.

    Attributes:
        pq: sum of the pairs' IoU / (pairs + half the false ones + half the missed people).
        acc: pairs / predictions that count.
        rec: pairs / people.
        miou: mean IoU of the pairs.
        lowest_iou: smallest IoU of any person, 0 when one is missed.
        pairs, false_predictions, missed_people: counts.
    """

    pq: float
    acc: float
    rec: float
    miou: float
    lowest_iou: float
    pairs: int
    false_predictions: int
    missed_people: int


def mask_heights(masks: Mask) -> NDArray[np.int64]:
    """Measure from the first to the last row of each mask [N, H, W]; 0 for an empty one."""
    is_row_used: Mask = np.any(masks, axis=2)
    first = is_row_used.argmax(1)
    last = masks.shape[1] - is_row_used[:, ::-1].argmax(1)
    return np.where(np.any(is_row_used, axis=1), last - first, 0)


def demand_people(
    people: Mask, ignore: Mask, least_height: float = MIN_HEIGHT
) -> tuple[NDArray[np.bool_], Mask]:
    """Part the people who must be found from those too small to be asked for.

    Args:
        people: masks [N, H, W].
        ignore: crowds and other undecided pixels [H, W].
        least_height: share of the photo's height from which people are demanded.

    Returns:
        Which people are demanded [N], and `ignore` with the other people added [H, W].
    """
    is_demanded: Mask = mask_heights(people) >= least_height * people.shape[1]
    return is_demanded, ignore | np.any(people[~is_demanded], axis=0)


def measure_overlaps(
    predicted: Mask, people: Mask, ignore: Mask, least_height: float = MIN_HEIGHT
) -> PhotoOverlaps:
    """Compare the predictions of one photo with its people.

    Args:
        predicted: masks [K, H, W] (alpha > .5).
        people: masks [N, H, W] of all people, small ones too.
        ignore: crowds and other undecided pixels [H, W].
        least_height: share of the photo's height from which people are demanded and charged.

    Returns:
        The overlaps with the demanded people.

    Raises:
        ValueError: the pictures differ in size.
    """
    is_demanded, ignored = demand_people(people, ignore, least_height)
    is_low = mask_heights(predicted) < least_height * people.shape[1]
    area = predicted.sum((1, 2))
    is_ignored = predicted[:, ignored].sum(1) > IGNORED_SHARE * area
    return PhotoOverlaps(iou_matrix(predicted, people[is_demanded]), is_low | is_ignored)


@dataclass(slots=True)
class PanopticQuality:
    """Add up the pairs of many photos."""

    _ious: list[float] = field(default_factory=list)
    _false_predictions: int = 0
    _missed_people: int = 0

    def add(self, overlaps: PhotoOverlaps) -> None:
        """Add the predictions and people of one photo."""
        pairs = pair_masks(overlaps.iou)
        is_charged = ~overlaps.is_excused
        is_charged[[pair.prediction for pair in pairs]] = False
        self._ious.extend(pair.iou for pair in pairs)
        self._false_predictions += int(is_charged.sum())
        self._missed_people += overlaps.iou.shape[1] - len(pairs)

    def result(self) -> PanopticResult:
        """Return the scores so far; a score without anything to measure is 0."""
        pairs, false, missed = len(self._ious), self._false_predictions, self._missed_people
        total = float(sum(self._ious))
        return PanopticResult(
            pq=total / max(pairs + 0.5 * false + 0.5 * missed, 0.5),
            acc=pairs / max(pairs + false, 1),
            rec=pairs / max(pairs + missed, 1),
            miou=total / max(pairs, 1),
            lowest_iou=min(self._ious, default=0.0) if not missed else 0.0,
            pairs=pairs,
            false_predictions=false,
            missed_people=missed,
        )


def score_panoptic(photos: Sequence[PhotoOverlaps]) -> PanopticResult:
    """Score a whole set of photos at once."""
    quality = PanopticQuality()
    for overlaps in photos:
        quality.add(overlaps)
    return quality.result()
