"""``python -m training``: train, evaluate, compare with the baseline, draw sheets."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.config import read_config
from training.distributed import join_processes, leave_processes
from training.engine import train


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    add_train(commands.add_parser("train", help="run a configuration, or go on with it"))
    arguments = parser.parse_args()
    arguments.run(arguments)


def add_train(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``train``."""
    parser.add_argument("config", type=Path, help="a TOML file, see training/configs")
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run's results")
    parser.set_defaults(run=run_train)


def run_train(arguments: argparse.Namespace) -> None:
    """Train in this process, or as one of several under ``torchrun``."""
    processes = join_processes()
    try:
        train(read_config(arguments.config), arguments.data, arguments.out, processes)
    finally:
        leave_processes(processes)


if __name__ == "__main__":
    main()
