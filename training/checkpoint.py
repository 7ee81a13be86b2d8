"""Checkpoints: everything a run needs to go on where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write ``state`` so that an interruption leaves the old file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint of our own onto the CPU (tensors and plain values only)."""
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
