"""Measure edges on exact truth: our mattes, MODNet's and the two-stage baseline's in one run.

Whoever takes part hands over people; in the band round soft edges their union is compared with the
truth's, so that MODNet, which knows no single people, takes part as well. The networks' own mattes
are measured, never mattes made from the truth.
"""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray

import models
from himapp.inference.e2e_him import E2EHimSession
from himapp.inference.pictures import crop_of
from himapp.inference.session import ALPHA_ONE, Quality
from training.evaluation.baseline import Box, BoxMatting, load_baseline
from training.evaluation.exact import EXACT_KINDS, ExactKind, ExactScene, compose_exact
from training.evaluation.predictors import Person, PredictPeople, network_predictor
from training.metrics.arrays import Mask, Matte
from training.metrics.instance_errors import InstanceErrors
from training.metrics.matching import iou_matrix, pair_masks
from training.metrics.matte_errors import gradient_magnitude

MODNET_SHORT_SIDES = (512, 1024)
BASELINE_THRESHOLD = 0.5
"""Boxes of at least this score are the baseline's people; its own best on photographs lies near."""


@dataclass(frozen=True, slots=True)
class EdgeErrors:
    """Hold the errors of one contestant on one kind of picture.

    Attributes:
        band_mae: mean absolute error in the band.
        band_gradient: mean difference of the gradients' lengths in the band.
        mad: mean absolute error of the whole picture, in thousandths.
        emad: mean error of the true people, in thousandths; None where people are not told apart.
        pictures: how many.
    """

    band_mae: float
    band_gradient: float
    mad: float
    emad: float | None
    pictures: int


def app_predictor(network: Path, refiner: Path | None, quality: Quality) -> PredictPeople:
    """Make a predictor of the application's session: mattes as a user gets them."""
    session = E2EHimSession(
        "cpu",
        quality=quality,
        load=lambda: models.load_network(network),
        load_edges=lambda: models.load_refiner(refiner) if refiner else None,
    )

    def predict_people(photo: NDArray[np.uint8]) -> list[Person]:
        people = []
        for matte in session.find_people(photo).people:
            alpha = np.zeros(photo.shape[:2], np.float32)
            alpha[crop_of(matte)] = matte.alpha.astype(np.float32) / np.float32(ALPHA_ONE)
            people.append((alpha, matte.score))
        return people

    return predict_people


def whole_photo_predictor(matting: BoxMatting) -> PredictPeople:
    """Make a predictor that mattes a photo as a whole, as one person."""

    def predict_people(photo: NDArray[np.uint8]) -> list[Person]:
        height, width = photo.shape[:2]
        return [(matting.matte_box(photo, Box(0, 0, width, height, 1.0)), 1.0)]

    return predict_people


def measure_edges(
    contestants: Mapping[str, PredictPeople],
    data_root: Path,
    kind: ExactKind,
    *,
    wholes: Sequence[str] = (),
    limit: int | None = None,
) -> dict[str, EdgeErrors]:
    """Measure everybody on the pictures of a kind.

    Args:
        contestants: by name.
        data_root: the folder that holds `splits.json`.
        kind: which pictures.
        wholes: names of those who tell no people apart.
        limit: only the first so many pictures.

    Raises:
        FileNotFoundError: there is no data at `data_root`.
    """
    sums = {name: _Sums() for name in contestants}
    for scene in compose_exact(data_root, kind, limit):
        for name, predict in contestants.items():
            sums[name].add(predict(scene.photo), scene)
    return {name: total.result(has_people=name not in wholes) for name, total in sums.items()}


class _Sums:
    """Adds up one contestant's errors."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, float, float]] = []
        self._people = InstanceErrors()
        self._is_whole = True

    def add(self, people: Sequence[Person], scene: ExactScene) -> None:
        truth = np.minimum(scene.alphas.sum(0), 1)
        mattes = np.array([alpha for alpha, _ in people], np.float32).reshape(-1, *truth.shape)
        union = np.minimum(mattes.sum(0), 1)
        self._rows.append(_band_errors(union, truth, scene.band))
        self._is_whole &= scene.is_whole
        iou = iou_matrix(mattes > 0.5, scene.alphas > 0.5)
        self._people.add(mattes, scene.alphas, pair_masks(iou))

    def result(self, *, has_people: bool) -> EdgeErrors:
        mae, gradient, mad = np.mean(self._rows, 0).tolist() if self._rows else (0.0, 0.0, 0.0)
        emad = self._people.result().emad if has_people and self._is_whole else None
        return EdgeErrors(mae, gradient, 1000 * mad, emad, len(self._rows))


def _band_errors(alpha: Matte, truth: Matte, band: Mask) -> tuple[float, float, float]:
    difference = np.abs(alpha - truth)
    slopes = np.abs(gradient_magnitude(alpha) - gradient_magnitude(truth))
    if not band.any():
        return 0.0, 0.0, float(difference.mean())
    return float(difference[band].mean()), float(slopes[band].mean()), float(difference.mean())


def edge_lines(kind: str, errors: Mapping[str, EdgeErrors]) -> list[str]:
    """Say the errors as a table in Markdown."""
    pictures = next(iter(errors.values())).pictures
    lines = [
        f"| {kind}, {pictures} pictures | band MAE | band gradient | MAD x1e3 | EMAD |",
        "|---|---|---|---|---|",
    ]
    for name, row in errors.items():
        emad = "" if row.emad is None else f"{row.emad:.2f}"
        lines.append(
            f"| {name} | {row.band_mae:.4f} | {row.band_gradient:.4f} | {row.mad:.2f} | {emad} |"
        )
    return lines


def add_edges_arguments(parser: ArgumentParser) -> None:
    """Add the options of `edges`."""
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--weights", type=Path, required=True, help="weights of the network")
    parser.add_argument("--refiner", type=Path, help="weights of the refiner")
    parser.add_argument("--modnet", type=Path, help="MODNet, ONNX")
    parser.add_argument("--yolox", type=Path, help="YOLOX-nano, ONNX; with MODNet the baseline")
    parser.add_argument("--kind", choices=EXACT_KINDS, nargs="+", default=EXACT_KINDS)
    parser.add_argument("--limit", type=int, help="use only the first pictures of each kind")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="write the errors as JSON")


def run_edges(args: Namespace) -> int:
    """Measure edges on exact truth, everybody in one run."""
    torch.set_num_threads(args.threads)
    contestants = _contestants(args)
    wholes = [name for name in contestants if name.startswith("MODNet")]
    report = {}
    for kind in args.kind:
        errors = measure_edges(contestants, args.data, kind, wholes=wholes, limit=args.limit)
        report[kind] = {name: asdict(row) for name, row in errors.items()}
        sys.stdout.write("\n".join([*edge_lines(kind, errors), "", ""]))
        sys.stdout.flush()
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0


def _contestants(args: Namespace) -> dict[str, PredictPeople]:
    network = models.load_network(args.weights)
    side, threshold = network.input_side, network.score_threshold
    contestants = {"network, interpolated": network_predictor(network, side, threshold)}
    for quality in get_args(Quality):
        contestants[quality] = app_predictor(args.weights, args.refiner, quality)
    if args.modnet:
        for short_side in MODNET_SHORT_SIDES:
            matting = BoxMatting(args.modnet, args.threads, short_side=short_side)
            contestants[f"MODNet {short_side}"] = whole_photo_predictor(matting)
    if args.modnet and args.yolox:
        baseline = load_baseline(args.yolox, args.modnet, args.threads)
        contestants["two-stage baseline"] = lambda photo: [
            person for person in baseline(photo) if person[1] >= BASELINE_THRESHOLD
        ]
    return contestants
