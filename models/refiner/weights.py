"""The refiner's weights file: safetensors that name the network they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from models.e2e_him.weights import WeightsFormatError, load_weights
from models.refiner.network import AlphaRefiner

NETWORK_NAME = "alpha_refiner"


def save_refiner(path: Path, weights: Mapping[str, Tensor], *, half: bool = True) -> None:
    """Write weights, as float16 unless ``half`` is off; an interruption leaves the old file."""
    kind = torch.float16 if half else torch.float32
    tensors = {k: v.detach().cpu().to(kind).contiguous() for k, v in weights.items()}
    temporary = path.with_suffix(".part")
    save_file(tensors, temporary, {"network": NETWORK_NAME})
    temporary.replace(path)


def load_refiner(path: Path) -> AlphaRefiner:
    """Load a refiner from its weights file, in eval mode and float32.

    Raises:
        WeightsFormatError: If the file is missing, damaged or of another network.
    """
    try:
        with safe_open(path, "pt") as file:
            name = (file.metadata() or {}).get("network")
    except (SafetensorError, OSError) as error:
        raise WeightsFormatError(f"{path.name} is not a weights file of himapp") from error
    if name != NETWORK_NAME:
        raise WeightsFormatError(f"{path.name} is for another network, {name!r}")
    refiner = AlphaRefiner()
    load_weights(refiner, path)
    return refiner.eval()
