"""Weights files: safetensors with what the network needs to know about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn


class WeightsFormatError(ValueError):
    """A weights file is damaged or belongs to another network."""


@dataclass(frozen=True, slots=True)
class WeightsInfo:
    """What a weights file says about its network.

    Attributes:
        network: Name in the registry.
        score_threshold: Person probability from which a query is kept.
        input_side: Longer side in pixels at which the threshold was chosen.
    """

    network: str
    score_threshold: float
    input_side: int


def save_weights(
    path: Path, weights: Mapping[str, Tensor], info: WeightsInfo, *, half: bool = True
) -> None:
    """Write weights, as float16 unless ``half`` is off; an interruption leaves the old file."""
    kind = torch.float16 if half else torch.float32
    tensors = {k: v.detach().cpu().to(kind).contiguous() for k, v in weights.items()}
    metadata = {
        "network": info.network,
        "score_threshold": repr(info.score_threshold),
        "input_side": str(info.input_side),
    }
    temporary = path.with_suffix(".part")
    save_file(tensors, temporary, metadata)
    temporary.replace(path)


def read_info(path: Path) -> WeightsInfo:
    """Read the metadata of a weights file.

    Raises:
        WeightsFormatError: If the file is missing, damaged, or not one of ours.
    """
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
        return WeightsInfo(
            network=metadata["network"],
            score_threshold=float(metadata["score_threshold"]),
            input_side=int(metadata["input_side"]),
        )
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise WeightsFormatError(f"{path.name} is not a weights file of himapp") from error


def load_weights(network: nn.Module, path: Path, *, may_lack: tuple[str, ...] = ()) -> None:
    """Load the weights of ``path`` into ``network`` as float32.

    Args:
        network: What they belong to.
        path: The file.
        may_lack: How names begin that may be missing from it; those keep their present values.

    Raises:
        WeightsFormatError: If the file is damaged, or misses or adds a tensor.
    """
    try:
        tensors = load_file(path)
        state = {
            name: value
            for name, value in network.state_dict().items()
            if may_lack and name.startswith(may_lack)
        }
        state |= {name: tensor.float() for name, tensor in tensors.items()}
        network.load_state_dict(state)
    except (SafetensorError, OSError, RuntimeError) as error:
        raise WeightsFormatError(f"{path.name} does not fit the network") from error
