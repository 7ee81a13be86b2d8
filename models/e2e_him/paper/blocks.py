"""Building blocks shared by the three networks of the paper."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LEAKY_SLOPE = 0.01


class Bottleneck(nn.Module):
    """Refine features by a residual 1x1, 3x3, 1x1 with a quarter of the channels inside.

    Reference: specification section 1, `bneck(C, m)` (everywhere m = C / 4).
    """

    def __init__(self, channels: int) -> None:
        """Build the block for `channels` in and out."""
        super().__init__()
        middle = channels // 4
        self.residual = nn.Sequential(
            nn.Conv2d(channels, middle, 1),
            nn.GroupNorm(_bottleneck_groups(middle), middle),
            nn.ReLU(inplace=True),
            nn.Conv2d(middle, middle, 3, padding=1),
            nn.GroupNorm(_bottleneck_groups(middle), middle),
            nn.LeakyReLU(LEAKY_SLOPE, inplace=True),
            nn.Conv2d(middle, channels, 1),
            nn.GroupNorm(_bottleneck_groups(channels), channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map [B, C, H, W] to the same shape."""
        return F.leaky_relu(features + self.residual(features), LEAKY_SLOPE)


class Mlp(nn.Sequential):
    """Stack linear layers with ReLU between them."""

    def __init__(self, *widths: int) -> None:
        """Build one linear layer from each width to the next."""
        layers: list[nn.Module] = []
        for width_in, width_out in pairwise(widths):
            layers += [nn.Linear(width_in, width_out), nn.ReLU(inplace=True)]
        super().__init__(*layers[:-1])


class DropPath(nn.Module):
    """Drop the residual of whole samples in training.

    Reference: Huang et al., Deep Networks with Stochastic Depth, ECCV 2016.
    """

    def __init__(self, rate: float) -> None:
        """Drop a sample's residual with probability `rate`."""
        super().__init__()
        self.rate = rate

    def forward(self, residual: Tensor) -> Tensor:
        """Return `residual` [B, ...] with some samples zeroed and the others scaled up."""
        if not self.training or self.rate == 0.0:
            return residual
        kept = residual.new_empty(residual.shape[0], *[1] * (residual.dim() - 1))
        return residual * kept.bernoulli_(1.0 - self.rate) / (1.0 - self.rate)


def conv_block(channels_in: int, channels_out: int, kernel: int, *, stride: int = 1) -> nn.Module:
    """Build convolution, GroupNorm and ReLU; padding keeps the size at stride 1."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2),
        nn.GroupNorm(math.gcd(32, channels_out // 2), channels_out),
        nn.ReLU(inplace=True),
    )


def bottlenecks(channels: int, count: int) -> list[Bottleneck]:
    """Build `count` bottlenecks of `channels` to be laid in a row."""
    return [Bottleneck(channels) for _ in range(count)]


def upsample(features: Tensor, scale: int = 2) -> Tensor:
    """Enlarge [B, C, H, W] bilinearly by an integer factor."""
    return F.interpolate(features, scale_factor=scale, mode="bilinear", align_corners=False)


def apply_kernels(kernels: Tensor, features: Tensor) -> Tensor:
    """Apply one 1x1 convolution per slot, written by the network itself, to shared features.

    Args:
        kernels: [..., B, N, C + 1]: C weights, then the bias, for each image's slots.
        features: [B, C, H, W].

    Returns:
        [..., B, N, H, W], one map per kernel.
    """
    weights, bias = kernels[..., :-1], kernels[..., -1]
    maps = torch.einsum("...bnc,bchw->...bnhw", weights, features)
    return maps + bias[..., None, None]


def _bottleneck_groups(channels: int) -> int:
    """Count a bottleneck's norm groups: 32 channels each where that divides, else 16."""
    return max(1, channels // 32 if channels % 32 == 0 else channels // 16)
