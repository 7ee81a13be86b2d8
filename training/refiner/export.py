"""Turn a refiner run's averaged weights into the file that is shipped."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from models.refiner.weights import load_refiner, save_refiner
from training.export import list_in_manifest, mean_weights
from training.refiner.engine import WEIGHTS_NAME


def export_refiner(run: Path, file: Path, *, mean_with: Path | None = None) -> None:
    """Write the averaged weights of a run as float16 and list them in the manifest beside them.

    Args:
        run: Folder of the run.
        file: The weights file to write.
        mean_with: Earlier weights of the refiner; the mean of both is written.

    Raises:
        WeightsFormatError: If the run has no averaged weights or they are damaged.
    """
    weights = load_refiner(run / WEIGHTS_NAME).state_dict()
    if mean_with is not None:
        weights = mean_weights(weights, load_refiner(mean_with).state_dict())
    file.parent.mkdir(parents=True, exist_ok=True)
    save_refiner(file, weights)
    file.chmod(0o644)  # safetensors files are their writer's alone, shipped ones are everybody's
    list_in_manifest(file)


def add_export_refiner_arguments(parser: ArgumentParser) -> None:
    """Add the options of `export-refiner`."""
    parser.add_argument("--run", type=Path, required=True, help="folder of the run", dest="folder")
    parser.add_argument("--mean-with", type=Path, help="earlier weights of the refiner, to average")
    parser.add_argument("--out", type=Path, required=True, help="the weights file to write")


def run_export_refiner(args: Namespace) -> int:
    """Export a run."""
    export_refiner(args.folder, args.out, mean_with=args.mean_with)
    return 0
