"""What the losses compare with: masks at stride 4, boxes, and alphas where they are wanted."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data.compose import Canvas
from training.data.pixels import resize, unit_alpha

MASK_STRIDE = 4
_MIN_CELLS = 16.0  # somebody smaller is nobody's fault: neither demanded nor charged


@dataclass(frozen=True, slots=True)
class Target:
    """The truth about one picture of side S.

    Attributes:
        masks: Share of each stride-4 cell that a person covers, float32 ``[G, S/4, S/4]``.
        boxes: x0, y0, x1, y1 of the masks as shares of the frame, ``[G, 4]``.
        known: 0 where nothing is known about people, float32 ``[S/4, S/4]``.
        alphas: uint8 ``[G, S, S]``; ``[0, S, S]`` where alphas are not wanted.
        is_exact: Whether ``alphas`` hold at edges (composites) or only inside (outlines).
    """

    masks: Tensor
    boxes: Tensor
    known: Tensor
    alphas: Tensor
    is_exact: bool

    def to(self, device: torch.device) -> Target:
        """Copy to a device."""
        return Target(
            masks=self.masks.to(device),
            boxes=self.boxes.to(device),
            known=self.known.to(device),
            alphas=self.alphas.to(device),
            is_exact=self.is_exact,
        )


def target_of(canvas: Canvas, *, with_alphas: bool) -> Target:
    """Derive the truth from a finished canvas."""
    side = canvas.picture.shape[0]
    cells = side // MASK_STRIDE
    known = 1 - (_shrink(canvas.ignore.astype(np.float32), cells) > 0)
    masks, alphas = [], []
    for alpha in canvas.alphas:
        mask = _shrink(unit_alpha(alpha), cells)
        if mask.sum() < _MIN_CELLS or not (mask > 0.5).any():
            known[mask > 0.1] = 0
            continue
        masks.append(mask)
        alphas.append(alpha)
    stacked = np.stack(masks) if masks else np.zeros((0, cells, cells), np.float32)
    planes = np.zeros((0, side, side), np.uint8)
    if with_alphas and alphas:
        planes = np.stack(alphas)
    return Target(
        masks=torch.from_numpy(stacked),
        boxes=torch.from_numpy(_boxes(stacked)),
        known=torch.from_numpy(known.astype(np.float32)),
        alphas=torch.from_numpy(planes),
        is_exact=canvas.is_exact,
    )


def _shrink(plane: NDArray[np.float32], cells: int) -> NDArray[np.float32]:
    return resize(plane, cells, cells, cv2.INTER_AREA)


def _boxes(masks: NDArray[np.float32]) -> NDArray[np.float32]:
    boxes = np.zeros((len(masks), 4), np.float32)
    for row, mask in enumerate(masks > 0.5):
        ys, xs = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        boxes[row] = xs[0], ys[0], xs[-1] + 1, ys[-1] + 1
    return boxes / np.float32(masks.shape[-1])
