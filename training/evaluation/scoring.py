"""Score people found against true people, with the score threshold chosen on the way.

Predictions are collected once, from a low score on. A threshold then only drops the people below
it; the mattes of those who stay are not resolved anew. A network whose people share pixels may
give slightly fuller mattes when the others are never kept: to see that, collect with the chosen
threshold as the predictor's floor. Mattes are held in 8 bit, as in the files that are written.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.evaluation.datasets import Scene
from training.evaluation.groups import GroupScores, GroupScoring, describe_people
from training.evaluation.parts import Part, read_scenes
from training.evaluation.predictors import PredictPeople
from training.licences import Licences
from training.metrics.arrays import Mask, Matte
from training.metrics.imq import ImqResult, InstanceMattingQuality
from training.metrics.instance_errors import InstanceErrorResult, InstanceErrors
from training.metrics.matching import Pair, pair_masks
from training.metrics.matte_errors import MatteErrors, measure_matte, unknown_band
from training.metrics.panoptic import (
    PanopticResult,
    PhotoOverlaps,
    demand_people,
    measure_overlaps,
    score_panoptic,
)

THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))
STRICT_IOU = 0.75
PEOPLE_GROUPS = ((0, "0"), (1, "1"), (3, "2-3"), (6, "4-6"), (1000, "7+"))
OVERLAP_GROUPS = ((0.05, "apart"), (0.3, "touching"), (1.0, "overlapping"))
"""Upper bounds of the largest IoU between the boxes of two people of a photo."""

ScenesSource = Callable[[], Iterable[Scene]]
"""Gives the same scenes in the same order at every call."""


@dataclass(frozen=True, slots=True)
class StoredMatte:
    """Hold a matte in 8 bit, cropped to where it is not zero, with its place in the photo."""

    alpha: NDArray[np.uint8]
    top: int
    left: int

    def spread(self, size_px: tuple[int, int]) -> Matte:
        """Return the matte float32 [H, W] of a photo of `size_px` (height, width)."""
        matte = np.zeros(size_px, np.float32)
        rows, columns = self.alpha.shape
        matte[self.top : self.top + rows, self.left : self.left + columns] = self.alpha
        return matte / np.float32(255)


@dataclass(frozen=True, slots=True)
class CollectedScene:
    """Hold what was found in one scene, and how it overlaps with its people.

    Attributes:
        overlaps: of all predictions with the demanded people.
        scores: [K], of all predictions.
        mattes: K mattes.
        crowding: largest IoU between the boxes of two demanded people.
        seconds: time of the prediction.
    """

    overlaps: PhotoOverlaps
    scores: NDArray[np.float64]
    mattes: tuple[StoredMatte, ...]
    crowding: float
    seconds: float

    @property
    def people(self) -> int:
        """Return the number of demanded people."""
        return len(self.overlaps.iou.T)


@dataclass(frozen=True, slots=True)
class MatteReport:
    """Hold the scores of the mattes at the chosen threshold.

    Attributes:
        errors: EMSE and EMAD; against outlines where the part has no exact mattes.
        imq, imq_strict: at IoU .5 and .75; None without exact mattes.
        band: mean errors of the pairs in the band round soft edges; None without exact mattes.
        groups: the scores of kinds of people, by aspect and group.
    """

    errors: InstanceErrorResult
    imq: ImqResult | None
    imq_strict: ImqResult | None
    band: MatteErrors | None
    groups: Mapping[str, Mapping[str, GroupScores]]


@dataclass(frozen=True, slots=True)
class PartReport:
    """Hold the scores of one predictor on one part of the validation split.

    Attributes:
        part: which part.
        photos: number of pictures.
        threshold: the score from which people count.
        panoptic: the scores at the threshold.
        sweep: the scores at every threshold tried.
        by_people, by_overlap: the scores at the threshold for kinds of pictures.
        mattes: the scores of the mattes at the threshold.
        seconds_per_photo: median time of a prediction.
    """

    part: str
    photos: int
    threshold: float
    panoptic: PanopticResult
    sweep: Mapping[float, PanopticResult]
    by_people: Mapping[str, PanopticResult]
    by_overlap: Mapping[str, PanopticResult]
    mattes: MatteReport
    seconds_per_photo: float


def evaluate(
    predict_people: PredictPeople,
    data_root: Path,
    *,
    part: Part = "coco",
    limit: int | None = None,
    licences: Licences = "all",
    threshold: float | None = None,
) -> PartReport:
    """Score a predictor on a part of the validation split.

    Args:
        predict_people: network or baseline, with a low score floor.
        data_root: the folder that holds `splits.json`.
        part: which part.
        limit: use only the first scenes.
        licences: which photographs and backgrounds, by their licences.
        threshold: the score from which people count; None takes the one with the best PQ.

    Raises:
        FileNotFoundError: there is no data at `data_root`.
    """
    return evaluate_scenes(
        predict_people, lambda: read_scenes(data_root, part, limit, licences), part, threshold
    )


def evaluate_scenes(
    predict_people: PredictPeople,
    scenes: ScenesSource,
    part: str,
    threshold: float | None = None,
) -> PartReport:
    """Score a predictor on scenes that are read twice: to collect, then to compare mattes."""
    collected = [collect_scene(predict_people, scene) for scene in scenes()]
    sweep = {score: score_at(collected, score) for score in THRESHOLDS}
    chosen = choose_threshold(sweep) if threshold is None else threshold
    return PartReport(
        part=part,
        photos=len(collected),
        threshold=chosen,
        panoptic=score_at(collected, chosen),
        sweep=sweep,
        by_people=_score_groups(collected, chosen, PEOPLE_GROUPS, lambda scene: scene.people),
        by_overlap=_score_groups(collected, chosen, OVERLAP_GROUPS, lambda scene: scene.crowding),
        mattes=score_mattes(collected, scenes(), chosen),
        seconds_per_photo=float(np.median([scene.seconds for scene in collected] or [0.0])),
    )


def collect_scene(predict_people: PredictPeople, scene: Scene) -> CollectedScene:
    """Predict the people of a scene and compare them with the true ones."""
    start = time.perf_counter()
    people = predict_people(scene.photo)
    seconds = time.perf_counter() - start
    size = scene.photo.shape[:2]
    predicted = np.array([alpha > 0.5 for alpha, _ in people], bool).reshape(-1, *size)
    true_masks = scene.alphas > 0.5
    demanded = true_masks[demand_people(true_masks, scene.ignore, scene.least_height)[0]]
    return CollectedScene(
        overlaps=measure_overlaps(predicted, true_masks, scene.ignore, scene.least_height),
        scores=np.array([score for _, score in people], np.float64),
        mattes=tuple(store_matte(alpha) for alpha, _ in people),
        crowding=measure_crowding(demanded),
        seconds=seconds,
    )


def store_matte(alpha: Matte) -> StoredMatte:
    """Round a matte [H, W] to 8 bit and crop it to what is left."""
    rounded = np.rint(alpha * 255).astype(np.uint8)
    rows, columns = np.flatnonzero(rounded.any(1)), np.flatnonzero(rounded.any(0))
    if not len(rows):
        return StoredMatte(rounded[:0, :0], 0, 0)
    top, left = int(rows[0]), int(columns[0])
    crop = rounded[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1]
    return StoredMatte(crop.copy(), top, left)


def measure_crowding(people: Mask) -> float:
    """Return the largest IoU between the boxes of two people, masks [N, H, W]; 0 for one."""
    return max((facts.overlap for facts in describe_people(people, len(people))), default=0.0)


def score_at(collected: Sequence[CollectedScene], threshold: float) -> PanopticResult:
    """Score the people whose score reaches the threshold."""
    return score_panoptic([scene.overlaps.keep(scene.scores >= threshold) for scene in collected])


def choose_threshold(sweep: Mapping[float, PanopticResult]) -> float:
    """Return the threshold with the best PQ; among equals the highest."""
    return max(sweep, key=lambda threshold: (sweep[threshold].pq, threshold))


def score_mattes(
    collected: Sequence[CollectedScene], scenes: Iterable[Scene], threshold: float
) -> MatteReport:
    """Compare the mattes of the people who reach the threshold with the true ones.

    Args:
        collected: what was found.
        scenes: the scenes it was found in, in the same order.
        threshold: the score from which people count.
    """
    errors, groups = InstanceErrors(), GroupScoring()
    imq, imq_strict = InstanceMattingQuality(), InstanceMattingQuality(iou_floor=STRICT_IOU)
    band: list[MatteErrors] = []
    is_exact = False
    for found, scene in zip(collected, scenes, strict=True):
        is_kept = found.scores >= threshold
        overlaps = found.overlaps.keep(is_kept)
        pairs = pair_masks(overlaps.iou)
        predicted = _spread_kept(found, is_kept, scene)
        is_demanded, _ = demand_people(scene.alphas > 0.5, scene.ignore, scene.least_height)
        truth = scene.alphas[is_demanded]
        excused = np.flatnonzero(overlaps.is_excused).tolist()
        errors.add(predicted, truth, pairs, excused)
        groups.add(predicted, truth, pairs, excused=excused, is_exact=scene.is_exact)
        if scene.is_exact:
            is_exact = True
            imq.add(predicted, truth)
            imq_strict.add(predicted, truth)
            band.extend(_band_errors(predicted, truth, pairs))
    return MatteReport(
        errors=errors.result(),
        imq=imq.result() if is_exact else None,
        imq_strict=imq_strict.result() if is_exact else None,
        band=_mean_errors(band) if is_exact else None,
        groups=groups.result(),
    )


def _spread_kept(found: CollectedScene, is_kept: Mask, scene: Scene) -> Matte:
    size = (scene.photo.shape[0], scene.photo.shape[1])
    kept = [found.mattes[index].spread(size) for index in np.flatnonzero(is_kept)]
    return np.array(kept, np.float32).reshape(-1, *size)


def _band_errors(predicted: Matte, truth: Matte, pairs: Sequence[Pair]) -> list[MatteErrors]:
    return [
        measure_matte(
            predicted[pair.prediction], truth[pair.person], unknown_band(truth[pair.person])
        )
        for pair in pairs
    ]


def _mean_errors(errors: Sequence[MatteErrors]) -> MatteErrors:
    if not errors:
        return MatteErrors(0.0, 0.0, 0.0, 0.0, 0.0)
    return MatteErrors(
        sad=float(np.mean([error.sad for error in errors])),
        mse=float(np.mean([error.mse for error in errors])),
        mad=float(np.mean([error.mad for error in errors])),
        grad=float(np.mean([error.grad for error in errors])),
        conn=float(np.mean([error.conn for error in errors])),
    )


def _score_groups(
    collected: Sequence[CollectedScene],
    threshold: float,
    groups: Sequence[tuple[float, str]],
    measure: Callable[[CollectedScene], float],
) -> dict[str, PanopticResult]:
    """Score the scenes apart by a measure; each group has an upper bound and a name."""
    names = [next(name for bound, name in groups if measure(scene) <= bound) for scene in collected]
    return {
        name: score_at([s for s, n in zip(collected, names, strict=True) if n == name], threshold)
        for _, name in groups
        if name in names
    }
