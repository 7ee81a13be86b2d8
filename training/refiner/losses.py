"""The refiner's loss."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from models.refiner.network import RefinedLogits
from training.losses import laplacian_loss, soft_band
from training.refiner.config import RefinerOptimiserConfig


@dataclass(frozen=True, slots=True)
class RefinerLosses:
    """The sum to descend, and what the log shows.

    Attributes:
        total: The weighted sum.
        terms: Means by name; ``coarse`` is the guidance's own error in the band.
    """

    total: Tensor
    terms: dict[str, float]


def refiner_losses(
    logits: RefinedLogits, truth: Tensor, coarse: Tensor, weights: RefinerOptimiserConfig
) -> RefinerLosses:
    """Compare a batch with its truth, both ``[B, 1, S, S]`` in 0..1."""
    alpha = logits.full.float().sigmoid()
    error = (alpha - truth).abs()
    band = soft_band(truth[:, 0])[:, None]
    area = band.sum() + 1
    in_band = (error * band).sum() / area
    # Where guidance is sure and wrong, the sigmoid lets hardly any of the others' slope through.
    entropy = F.binary_cross_entropy_with_logits(logits.full.float(), truth, reduction="none")
    entropy_in_band = (entropy * band).sum() / area
    laplacian = laplacian_loss(alpha[:, 0], truth[:, 0]).mean()
    gradient = (gradient_difference(alpha - truth) * band).sum() / area
    depths = sum(
        (depth.float().sigmoid() - F.avg_pool2d(truth, step)).abs().mean()
        for depth, step in ((logits.quarter, 4), (logits.eighth, 8))
    )
    total = (
        weights.whole * error.mean()
        + weights.band * in_band
        + weights.entropy * entropy_in_band
        + weights.laplacian * laplacian
        + weights.gradient * gradient
        + weights.depths * depths
    )
    before = ((coarse - truth).abs() * band).sum() / area
    terms = {"total": total, "band": in_band, "coarse": before, "gradient": gradient}
    return RefinerLosses(total, {name: float(value.detach()) for name, value in terms.items()})


def gradient_difference(difference: Tensor) -> Tensor:
    """Return the length of the Sobel gradient of a difference ``[B, 1, S, S]``, its L1 norm."""
    smooth = torch.tensor([1.0, 2.0, 1.0], device=difference.device) / 4
    slope = torch.tensor([-0.5, 0.0, 0.5], device=difference.device)
    across = torch.outer(smooth, slope)
    kernels = torch.stack([across, across.T])[:, None]
    padded = F.pad(difference, (1, 1, 1, 1), mode="replicate")
    return F.conv2d(padded, kernels).abs().sum(1, keepdim=True)
