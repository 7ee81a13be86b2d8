"""What the published detector answered to one picture, to hold our copy of it to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.e2e_him.lite.trunk import TrunkOutput

FOLDER = Path(__file__).parent
WEIGHTS_NAME = "yolox_nano.safetensors"
RECORD_NAME = "yolox_nano_outputs.npz"
RECORDED_ROWS = slice(0, None, 25)
"""Every 25th of the published rows is recorded."""

_PUBLISHED_SIDE = 416


def published_layout(output: TrunkOutput) -> NDArray[np.float32]:
    """Arrange head maps like the published output, ``[B, cells, 4 + 1 + 80]``."""
    maps = [
        torch.cat([lv.box_offsets, lv.objectness.sigmoid(), lv.class_logits.sigmoid()], 1)
        for lv in output.levels
    ]
    return torch.cat([m.flatten(2) for m in maps], 2).transpose(1, 2).numpy()


def record_picture(seed: int = 0) -> NDArray[np.float32]:
    """Return the picture of the record, RGB 0..1 ``[1, 3, 416, 416]``: noise, always the same."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (1, 3, _PUBLISHED_SIDE, _PUBLISHED_SIDE))
    return (pixels / 255).astype(np.float32)
