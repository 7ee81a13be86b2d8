"""``python -m training``: train, export, evaluate, compare with the baseline, draw, time."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from training.backbones import add_backbones_arguments, run_backbones
from training.config import read_config
from training.distributed import join_processes, leave_processes
from training.engine import train
from training.evaluation.commands import COMMANDS, Command
from training.export import add_export_arguments, run_export
from training.quality import add_quality_arguments, run_quality
from training.refiner.engine import add_refiner_arguments, run_refiner
from training.refiner.export import add_export_refiner_arguments, run_export_refiner
from training.self_training import add_self_train_arguments, run_self_train


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = build_parser().parse_args(words)
    code: int = arguments.run_command(arguments)
    return code


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="python -m training", description="Train, measure and ship the matting network."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    own = {
        "train": Command(
            "run a configuration, or go on with it", add_train_arguments, run_training
        ),
        "self-train": Command(
            "label photographs of which only boxes are known",
            add_self_train_arguments,
            run_self_train,
        ),
        "quality": Command(
            "train the head that scores finished mattes", add_quality_arguments, run_quality
        ),
        "refiner": Command("train the refiner, or go on", add_refiner_arguments, run_refiner),
        "export-refiner": Command(
            "write a refiner's weights for shipping",
            add_export_refiner_arguments,
            run_export_refiner,
        ),
        "backbones": Command(
            "compare backbones under a short schedule", add_backbones_arguments, run_backbones
        ),
        "export": Command("write a run's weights for shipping", add_export_arguments, run_export),
    }
    for name, command in (own | dict(COMMANDS)).items():
        options = commands.add_parser(name, help=command.help)
        command.add_arguments(options)
        options.set_defaults(run_command=command.run)
    return parser


def add_train_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `train`."""
    parser.add_argument("config", type=Path, help="a TOML file, see training/configs")
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run's results")
    parser.add_argument("--weights", type=Path, help="weights of an earlier stage to start from")


def run_training(arguments: argparse.Namespace) -> int:
    """Train in this process, or as one of several under ``torchrun``."""
    config = read_config(arguments.config)
    if arguments.weights:
        config = replace(config, run=replace(config.run, start=str(arguments.weights)))
    processes = join_processes()
    try:
        train(config, arguments.data, arguments.out, processes)
    finally:
        leave_processes(processes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
