"""Offer evaluation to the command line: evaluate, baseline, human-matting, sheet and speed.

Each command is a pair of functions: one adds its options to a parser, the other runs it and
returns the exit code. Progress and tables go to standard output.
"""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from training.evaluation.baseline import TwoStageBaseline, load_baseline
from training.evaluation.datasets import read_rgb
from training.evaluation.edges import add_edges_arguments, run_edges
from training.evaluation.groups import markdown_group_tables
from training.evaluation.human_matting import add_human_matting_arguments, run_human_matting
from training.evaluation.parts import PARTS, Part, read_scenes
from training.evaluation.predictors import Network, PredictPeople, network_predictor
from training.evaluation.report import markdown_groups, markdown_head, markdown_row, write_report
from training.evaluation.scoring import PartReport, evaluate
from training.evaluation.sheet import SheetRow, write_sheet
from training.evaluation.speed import REPEATS, measure_speed, speed_document, speed_lines
from training.licences import LICENCES

DEFAULT_SIDES = (448, 576, 640)
PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})


class ShippedNetwork(Network, Protocol):
    """Describe a network as it is loaded from a weights file."""

    score_threshold: float
    input_side: int


@dataclass(frozen=True, slots=True)
class Command:
    """Join what a command is for, its options and its work."""

    help: str
    add_arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]


def add_evaluate_arguments(parser: ArgumentParser) -> None:
    """Add the options of `evaluate`."""
    _add_data_arguments(parser)
    _add_weights_argument(parser)
    parser.add_argument(
        "--side", type=int, nargs="+", default=DEFAULT_SIDES, help="longer side of the input, px"
    )


def run_evaluate(args: Namespace) -> int:
    """Score a network at every input side asked for."""
    network = load_weights(args.weights)
    predictors = {
        f"{args.weights.stem}@{side}": network_predictor(network, side) for side in args.side
    }
    return _score_predictors(args, predictors)


def add_baseline_arguments(parser: ArgumentParser) -> None:
    """Add the options of `baseline`."""
    _add_data_arguments(parser)
    _add_baseline_networks(parser)


def run_baseline(args: Namespace) -> int:
    """Score the two-stage baseline."""
    return _score_predictors(args, {"two-stage": _baseline_of(args)})


def add_sheet_arguments(parser: ArgumentParser) -> None:
    """Add the options of `sheet`."""
    parser.add_argument("--photos", type=Path, nargs="*", default=(), help="photos or folders")
    parser.add_argument("--data", type=Path, help="folder of the training data, for --part")
    parser.add_argument("--part", choices=PARTS, nargs="+", default=PARTS)
    parser.add_argument("--limit", type=int, default=16, help="most pictures of each part")
    parser.add_argument("--side", type=int, help="longer side of the input; default: the network's")
    parser.add_argument("--threshold", type=float, help="lowest score; default: the network's")
    parser.add_argument("--out", type=Path, required=True, help="the PNG to write")
    _add_weights_argument(parser)


def run_sheet(args: Namespace) -> int:
    """Draw a contact sheet of photos, or of validation scenes where no photos are named."""
    network = load_weights(args.weights)
    threshold = network.score_threshold if args.threshold is None else args.threshold
    predict = network_predictor(network, args.side or network.input_side, threshold)
    photos = [read_rgb(path) for path in list_pictures(args.photos)]
    if not photos and args.data:
        photos = [s.photo for part in args.part for s in read_scenes(args.data, part, args.limit)]
    if not photos:
        _say("Nothing to draw: name --photos, or --data for the validation scenes.")
        return 2
    write_sheet(args.out, [SheetRow(photo, predict(photo)) for photo in photos])
    _say(f"{len(photos)} photos on {args.out}")
    return 0


def add_speed_arguments(parser: ArgumentParser) -> None:
    """Add the options of `speed`."""
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--out", type=Path, help="write the times as JSON")
    _add_weights_argument(parser)
    _add_baseline_networks(parser)


def run_speed(args: Namespace) -> int:
    """Time the network's pass beside the baseline, both with the same number of threads."""
    torch.set_num_threads(args.threads)
    network = load_weights(args.weights)
    report = measure_speed(network, _baseline_of(args), args.data, args.repeats)
    _say("\n".join(speed_lines(report)))
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(speed_document(report), indent=1) + "\n", encoding="utf-8")
    return 0


def run_human_matting_command(args: Namespace) -> int:
    """Measure the network on a set for human matting."""
    _say("\n".join(run_human_matting(args, _shipped_predictor)))
    return 0


COMMANDS: Mapping[str, Command] = {
    "evaluate": Command("score a network", add_evaluate_arguments, run_evaluate),
    "baseline": Command("score the two-stage baseline", add_baseline_arguments, run_baseline),
    "edges": Command("measure edges on exact truth", add_edges_arguments, run_edges),
    "human-matting": Command(
        "score one person's matte on a published set",
        add_human_matting_arguments,
        run_human_matting_command,
    ),
    "sheet": Command("draw what a network finds", add_sheet_arguments, run_sheet),
    "speed": Command("time network and baseline", add_speed_arguments, run_speed),
}
"""The commands by name."""


def load_weights(path: Path) -> ShippedNetwork:
    """Load a network from its weights file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged or of another network.
    """
    import models

    network: ShippedNetwork = models.load_network(path)
    return network


def list_pictures(paths: list[Path]) -> list[Path]:
    """List pictures: files as named, folders as all the pictures in them, sorted."""
    listed: list[Path] = []
    for path in paths:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        listed += [p for p in inside if p == path or p.suffix.lower() in PICTURE_SUFFIXES]
    return listed


def _shipped_predictor(weights: Path, side: int | None) -> PredictPeople:
    network = load_weights(weights)
    return network_predictor(network, side or network.input_side, network.score_threshold)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _add_data_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--part", choices=PARTS, nargs="+", default=("coco",))
    parser.add_argument("--limit", type=int, help="use only the first pictures of each part")
    parser.add_argument(
        "--threshold", type=float, help="lowest score; default: the best of the first part"
    )
    parser.add_argument(
        "--groups", action="store_true", help="tell kinds of people apart: company, overlap, size"
    )
    parser.add_argument(
        "--licences",
        choices=LICENCES,
        default="all",
        help="commercial: only photographs and backgrounds whose licence allows such use",
    )
    parser.add_argument("--out", type=Path, help="write the whole report as JSON")


def _add_weights_argument(parser: ArgumentParser) -> None:
    parser.add_argument("--weights", type=Path, required=True, help="weights of the network")


def _add_baseline_networks(parser: ArgumentParser) -> None:
    parser.add_argument("--yolox", type=Path, required=True, help="YOLOX-nano, ONNX")
    parser.add_argument("--modnet", type=Path, required=True, help="MODNet, ONNX")
    parser.add_argument("--threads", type=int, default=1, help="threads of network and baseline")


def _baseline_of(args: Namespace) -> TwoStageBaseline:
    return load_baseline(args.yolox, args.modnet, args.threads)


def _score_predictors(args: Namespace, predictors: Mapping[str, PredictPeople]) -> int:
    reports: dict[str, list[PartReport]] = {}
    _say(markdown_head())
    for name, predict in predictors.items():
        reports[name] = _score_parts(args, name, predict)
    for name, rows in reports.items():
        _say(f"\n{name}, {rows[0].part}\n\n{markdown_groups(rows[0])}")
        for row in rows if args.groups else ():
            _say(f"\n{name}, {row.part}\n\n{markdown_group_tables(row.mattes.groups)}")
    if args.out:
        write_report(args.out, reports)
    return 0


def _score_parts(args: Namespace, name: str, predict: PredictPeople) -> list[PartReport]:
    """Score the parts in order; the threshold that the first one chose holds for the others."""
    threshold: float | None = args.threshold
    rows: list[PartReport] = []
    for part in args.part:
        rows.append(_score_part(args, part, predict, threshold))
        threshold = rows[0].threshold
        _say(markdown_row(name, rows[-1]))
    return rows


def _score_part(
    args: Namespace, part: Part, predict: PredictPeople, threshold: float | None
) -> PartReport:
    return evaluate(
        predict,
        args.data,
        part=part,
        limit=args.limit,
        licences=args.licences,
        threshold=threshold,
    )
