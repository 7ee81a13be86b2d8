"""Compare backbones under one short schedule: the paper's experiment, as far as a CPU allows.

The default network draws its masks from the detector's features alone; each other contestant has a
second backbone beside it (``models.e2e_him.lite.backbones``). All begin at random but for the
detector and, where ``starts`` has a file of its name, the backbone, which then stays frozen; a
backbone without a start is trained.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import statistics
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from models.e2e_him.lite.backbones import BACKBONES
from models.registry import create_network, lite_name, load_network
from training.config import TrainingConfig, read_config
from training.distributed import join_processes
from training.engine import WEIGHTS_NAME, train
from training.evaluation.predictors import network_predictor
from training.evaluation.scoring import evaluate

DEFAULT = "yolox_nano alone"
_PASS_SIDE_PX = 640
_PASSES = 7
_MIB = 1024


@dataclass(frozen=True, slots=True)
class BackboneResult:
    """What one contestant reached and costs.

    Attributes:
        start: What its backbone started from.
        pq, rec, acc, miou: On the validation photographs, at the threshold of the best PQ.
        seconds: Median of a pass at 640 x 640.
        peak_mib: Highest memory of a process that runs such a pass.
        million_parameters: Of the whole network.
        train_seconds: Spent in steps.
    """

    start: str
    pq: float
    rec: float
    acc: float
    miou: float
    seconds: float
    peak_mib: float
    million_parameters: float
    train_seconds: float


def compare_backbones(
    config: TrainingConfig, data: Path, out: Path, starts: Path, names: Sequence[str], side: int
) -> dict[str, BackboneResult]:
    """Train and measure contestants one after the other; what is in ``out`` already is kept.

    Args:
        config: The short schedule.
        data: Folder of the training data.
        out: One folder of results for each is made in it.
        starts: Holds ``NAME.safetensors`` of backbones that are trained already.
        names: Of :data:`BACKBONES`, or :data:`DEFAULT`.
        side: Longer side in pixels at which the photographs are looked at.
    """
    results = {}
    for name in names:
        folder = out / name.replace(" ", "_")
        note = folder / "result.json"
        if not note.exists():
            result = _train_and_measure(contestant(config, name, starts), data, folder, side)
            note.write_text(json.dumps(asdict(result), indent=1) + "\n", encoding="utf-8")
        results[name] = BackboneResult(**json.loads(note.read_text(encoding="utf-8")))
    return results


def contestant(config: TrainingConfig, name: str, starts: Path) -> TrainingConfig:
    """Return the schedule with a contestant's network and start."""
    if name == DEFAULT:
        return config
    start = starts / f"{name}.safetensors"
    run = replace(config.run, network=lite_name((name,)))
    if start.exists():
        return replace(config, run=replace(run, backbone_starts=(str(start),)))
    optimiser = replace(config.optimiser, backbone_rate=config.optimiser.rate)
    return replace(config, run=run, optimiser=optimiser)


def _train_and_measure(
    config: TrainingConfig, data: Path, folder: Path, side: int
) -> BackboneResult:
    started = time.monotonic()
    train(config, data, folder, join_processes())
    spent = time.monotonic() - started
    network = load_network(folder / WEIGHTS_NAME)
    scores = evaluate(network_predictor(network, side), data).panoptic
    seconds, peak = measure_pass(config.run.network)
    return BackboneResult(
        start=_start_of(config),
        pq=scores.pq,
        rec=scores.rec,
        acc=scores.acc,
        miou=scores.miou,
        seconds=seconds,
        peak_mib=peak,
        million_parameters=sum(p.numel() for p in network.parameters()) / 1e6,
        train_seconds=spent,
    )


def _start_of(config: TrainingConfig) -> str:
    if config.run.backbone_starts:
        return "pretrained, frozen"
    return "random, trained" if config.optimiser.backbone_rate else "–"


def measure_pass(network: str) -> tuple[float, float]:
    """Return the median seconds of a pass at 640 x 640 and its process's peak memory in MiB."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_time_passes, args=(network, sender))
    process.start()
    seconds, peak = receiver.recv()
    process.join()
    return seconds, peak


def _time_passes(name: str, sender: Connection) -> None:
    torch.set_num_threads(1)
    network = create_network(name).eval()
    images = torch.rand(1, 3, _PASS_SIDE_PX, _PASS_SIDE_PX)
    times = []
    for _ in range(_PASSES):
        started = time.perf_counter()
        network.predict(images)
        times.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB
    sender.send((statistics.median(times), peak))


def result_lines(results: dict[str, BackboneResult]) -> list[str]:
    """Say the results as a table in Markdown."""
    lines = [
        "| backbone | start | PQ | REC | ACC | MIOU | pass, s | peak, MiB | M parameters |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row in results.items():
        scores = " | ".join(f"{v:.3f}" for v in (row.pq, row.rec, row.acc, row.miou))
        costs = f"{row.seconds:.2f} | {row.peak_mib:.0f} | {row.million_parameters:.1f}"
        lines.append(f"| {name} | {row.start} | {scores} | {costs} |")
    return lines


def add_backbones_arguments(parser: ArgumentParser) -> None:
    """Add the options of `backbones`."""
    parser.add_argument("config", type=Path, help="the schedule, see configs/backbones.toml")
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument("--starts", type=Path, required=True, help="folder of backbones' weights")
    parser.add_argument("--side", type=int, default=576, help="longer side of the input, px")
    known = (DEFAULT, *BACKBONES)
    parser.add_argument("--only", nargs="+", choices=known, default=known, help="contestants")


def run_backbones(args: Namespace) -> int:
    """Compare backbones and print the table."""
    config = read_config(args.config)
    results = compare_backbones(config, args.data, args.out, args.starts, args.only, args.side)
    sys.stdout.write("\n".join([*result_lines(results), ""]))
    return 0
