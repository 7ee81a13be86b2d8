"""Loss terms; every function returns a scalar or one value per person."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_FOCAL_ALPHA = 0.5
_LAPLACIAN_LEVELS = 4


def focal_loss(logits: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
    """Return the summed binary focal loss (alpha .5, gamma 2) of ``[N]`` logits.

    Reference: Lin et al., "Focal Loss for Dense Object Detection", arXiv 1708.02002.
    """
    probability = logits.sigmoid()
    entropy = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    agreement = probability * targets + (1 - probability) * (1 - targets)
    return (entropy * (1 - agreement).square() * _FOCAL_ALPHA * weight).sum()


def mask_entropy(logits: Tensor, masks: Tensor, known: Tensor) -> Tensor:
    """Return binary cross-entropy per person, ``[M, h, w]`` to ``[M]``, over known pixels."""
    entropy = F.binary_cross_entropy_with_logits(logits, masks, reduction="none")
    return (entropy * known).mean((1, 2))


def dice_loss(logits: Tensor, masks: Tensor, known: Tensor) -> Tensor:
    """Return 1 - Dice per person over known pixels, ``[M, h, w]`` to ``[M]``."""
    soft, masks = logits.sigmoid() * known, masks * known
    shared = (soft * masks).sum((1, 2))
    return 1 - (2 * shared + 1) / (soft.sum((1, 2)) + masks.sum((1, 2)) + 1)


def alpha_loss(alpha: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Return the loss per person of soft alphas, ``[M, H, W]`` to ``[M]``.

    Half the mean error of the whole frame, half the mean error in the band round soft edges, and
    half the Laplacian pyramid's.

    Args:
        alpha: Predicted alpha in 0..1.
        truth: True alpha in 0..1.
        weight: 0 where the truth is unknown, ``[M, H, W]`` or broadcastable.
    """
    error = (alpha - truth).abs() * weight
    band = soft_band(truth) * weight
    in_band = (error * band).sum((1, 2)) / (band.sum((1, 2)) + 1)
    whole = error.mean((1, 2))
    return 0.5 * whole + 0.5 * in_band + 0.5 * laplacian_loss(alpha * weight, truth * weight)


def soft_band(alpha: Tensor, radius: int = 4) -> Tensor:
    """Return 1 within ``radius`` pixels of soft alpha, else 0, for ``[M, H, W]``."""
    soft = ((alpha > 0.02) & (alpha < 0.98)).float()
    side = 2 * radius + 1
    rows = F.max_pool2d(soft[:, None], (side, 1), 1, (radius, 0))
    return F.max_pool2d(rows, (1, side), 1, (0, radius))[:, 0]


def laplacian_loss(a: Tensor, b: Tensor) -> Tensor:
    """Return the mean difference of Laplacian pyramids per person, ``[M, H, W]`` to ``[M]``.

    Reference: Hou and Liu, "Context-Aware Image Matting", arXiv 1909.09725 (levels weighted by
    2 to the power of the level).
    """
    difference, total = (a - b)[:, None], a.new_zeros(len(a))
    for level in range(_LAPLACIAN_LEVELS):
        coarse = F.avg_pool2d(difference, 2)
        smooth = F.interpolate(
            coarse, size=difference.shape[-2:], mode="bilinear", align_corners=False
        )
        total = total + 2.0**level * (difference - smooth).abs().mean((1, 2, 3))
        difference = coarse
    return total


def zero_loss(reference: Tensor) -> Tensor:
    """Return a float32 zero on the device of ``reference``, to add losses to."""
    return torch.zeros((), device=reference.device)
