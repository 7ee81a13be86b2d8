"""Turn a run's averaged weights into the file that is shipped, and list it in the manifest."""

from __future__ import annotations

import hashlib
import json
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open

from models.e2e_him.weights import WeightsInfo, read_info, save_weights
from models.registry import load_network
from training.engine import WEIGHTS_NAME

MANIFEST_NAME = "manifest.json"
_SIDE_MULTIPLE = 32


@dataclass(frozen=True, slots=True)
class Earlier:
    """Earlier weights of the same network, to average with.

    Attributes:
        weights: Their file.
        share: How much they count, 0..1.
    """

    weights: Path
    share: float = 0.5


def export_run(
    run: Path, file: Path, *, threshold: float, side: int, mean_with: Earlier | None = None
) -> None:
    """Write the averaged weights of a run as float16, with what was chosen on validation.

    Args:
        run: Folder of the run.
        file: The weights file to write; ``manifest.json`` beside it gets its size and SHA-256.
        threshold: Score from which the network keeps a person.
        side: Longer side in pixels at which the threshold was chosen.
        mean_with: Earlier weights; the weighted mean of both is written.

    Raises:
        ValueError: If the threshold or a share is not between 0 and 1 or the side not a multiple
            of 32.
        WeightsFormatError: If the run has no averaged weights or they are damaged.
    """
    if not 0 < threshold < 1:
        raise ValueError(f"the threshold must be between 0 and 1: {threshold}")
    if side < _SIDE_MULTIPLE or side % _SIDE_MULTIPLE:
        raise ValueError(f"the side must be a multiple of {_SIDE_MULTIPLE}: {side}")
    source = run / WEIGHTS_NAME
    weights = load_network(source).state_dict()
    if mean_with is not None:
        earlier = _complete(mean_with.weights, weights)
        weights = mean_weights(weights, earlier, mean_with.share)
    info = WeightsInfo(read_info(source).network, threshold, side)
    file.parent.mkdir(parents=True, exist_ok=True)
    save_weights(file, weights, info)
    file.chmod(0o644)  # safetensors files are their writer's alone, shipped ones are everybody's
    list_in_manifest(file)


def _complete(file: Path, newer: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return earlier weights; parts that they lack end in layers that answer nothing.

    Before those silent layers they may be as in the newer weights.
    """
    state = load_network(file).state_dict()
    with safe_open(file, "pt") as saved:
        known = set(saved.keys())
    return {
        name: tensor if name in known or _is_silent(state, name) else newer[name]
        for name, tensor in state.items()
    }


def _is_silent(state: Mapping[str, torch.Tensor], name: str) -> bool:
    weight = state.get(f"{name.rpartition('.')[0]}.weight")
    return weight is not None and not weight.any()


def mean_weights(
    one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor], share: float = 0.5
) -> dict[str, torch.Tensor]:
    """Return the mean of two states of one network, in which the other counts by its share.

    Reference: Izmailov et al., "Averaging Weights Leads to Wider Optima", arXiv 1803.05407.

    Raises:
        ValueError: If they are of two networks, or the share is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise ValueError(f"the share must be between 0 and 1: {share}")
    if {k: v.shape for k, v in one.items()} != {k: v.shape for k, v in other.items()}:
        raise ValueError("the weights are of two different networks")
    return {name: tensor.float().lerp(other[name].float(), share) for name, tensor in one.items()}


def list_in_manifest(file: Path) -> None:
    """Write size and SHA-256 of ``file`` into the manifest beside it; other entries stay."""
    manifest = file.with_name(MANIFEST_NAME)
    entries = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}
    content = file.read_bytes()
    entries[file.name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    temporary = manifest.with_suffix(".part")
    text = json.dumps(entries, indent=2, sort_keys=True)
    temporary.write_text(f"{text}\n", encoding="utf-8")
    temporary.replace(manifest)


def add_export_arguments(parser: ArgumentParser) -> None:
    """Add the options of `export`."""
    parser.add_argument("--run", type=Path, required=True, help="folder of the run", dest="folder")
    parser.add_argument("--threshold", type=float, required=True, help="lowest score to keep")
    parser.add_argument("--side", type=int, required=True, help="longer side of the input, px")
    parser.add_argument("--mean-with", type=Path, help="earlier weights of the network, to average")
    parser.add_argument("--mean-share", type=float, default=0.5, help="how much those count, 0..1")
    parser.add_argument("--out", type=Path, required=True, help="the weights file to write")


def run_export(args: Namespace) -> int:
    """Export a run."""
    export_run(
        args.folder,
        args.out,
        threshold=args.threshold,
        side=args.side,
        mean_with=Earlier(args.mean_with, args.mean_share) if args.mean_with else None,
    )
    return 0
