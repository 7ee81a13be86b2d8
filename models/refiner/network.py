"""A small U-Net from [photo, coarse alpha] to alpha, for patches of any scale.

No convolution runs at the photo's resolution, which is what a CPU pays for: two by two pixels are
folded into channels at the entrance and unfolded at the exit.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

MULTIPLE = 16
"""Both sides of a patch must be divisible by this."""

_FOLD = 2
_INPUTS = 4
_LEAST_ALPHA = 0.03  # keeps the logits of the coarse alpha finite


@dataclass(frozen=True, slots=True)
class RefinerConfig:
    """Sizes of the refiner.

    Attributes:
        channels: At 1/2, 1/4, 1/8 and 1/16 of the patch's resolution.
    """

    channels: tuple[int, int, int, int] = (24, 48, 96, 128)


@dataclass(frozen=True, slots=True)
class RefinedLogits:
    """Logits of alpha at the patch's resolution and, to train the depths, below it.

    Attributes:
        full: ``[B, 1, H, W]``.
        quarter: ``[B, 1, H/4, W/4]``.
        eighth: ``[B, 1, H/8, W/8]``.
    """

    full: Tensor
    quarter: Tensor
    eighth: Tensor


class AlphaRefiner(nn.Module):
    """Refines one person's coarse alpha on patches of the photo."""

    def __init__(self, config: RefinerConfig | None = None) -> None:
        super().__init__()
        half, quarter, eighth, deep = (config or RefinerConfig()).channels
        folded = _INPUTS * _FOLD**2
        self.down = nn.ModuleList(
            [
                nn.Sequential(_layer(folded, half), _layer(half, half)),
                nn.Sequential(_layer(half, quarter, stride=2), _layer(quarter, quarter)),
                nn.Sequential(_layer(quarter, eighth, stride=2), _layer(eighth, eighth)),
                nn.Sequential(
                    _layer(eighth, deep, stride=2), _layer(deep, deep), _layer(deep, deep)
                ),
            ]
        )
        self.up_eighth = _Rise(deep, eighth)
        self.up_quarter = _Rise(eighth, quarter)
        self.up_half = _Rise(quarter, half, extra=folded)
        self.full = nn.Conv2d(half, _FOLD**2, 3, padding=1)
        self.quarter = nn.Conv2d(quarter, 1, 1)
        self.eighth = nn.Conv2d(eighth, 1, 1)
        # What it has not learned it leaves as it is.
        for parameter in self.full.parameters():
            nn.init.zeros_(parameter)

    def forward(self, images: Tensor, coarse: Tensor) -> RefinedLogits:
        """Return logits of alpha: those of the coarse alpha, corrected.

        Args:
            images: RGB in 0..1, ``[B, 3, H, W]``, sides divisible by 16.
            coarse: Alpha in 0..1, ``[B, 1, H, W]``.
        """
        folded = F.pixel_unshuffle(torch.cat([images, coarse], 1) * 2 - 1, _FOLD)
        folded = folded.contiguous(memory_format=torch.channels_last)
        half = self.down[0](folded)
        quarter = self.down[1](half)
        eighth = self.down[2](quarter)
        eighth = self.up_eighth(self.down[3](eighth), eighth)
        quarter = self.up_quarter(eighth, quarter)
        full = self.full(self.up_half(quarter, torch.cat([half, folded], 1)))
        guidance = coarse.clamp(_LEAST_ALPHA, 1 - _LEAST_ALPHA).logit()
        return RefinedLogits(
            guidance + F.pixel_shuffle(full, _FOLD), self.quarter(quarter), self.eighth(eighth)
        )

    def fuse(self) -> AlphaRefiner:
        """Work the norms into the convolutions, in eval mode: the same results, a fifth faster."""
        for layer in list(self.modules()):
            if not isinstance(layer, nn.Sequential) or not isinstance(layer[0], nn.Conv2d):
                continue
            convolution, norm = layer[0], layer[1]
            if isinstance(norm, nn.BatchNorm2d):
                layer[0], layer[1] = fuse_conv_bn_eval(convolution, norm), nn.Identity()
        return self

    @torch.inference_mode()
    def refine(self, images: Tensor, coarse: Tensor) -> Tensor:
        """Return alpha in 0..1, ``[B, 1, H, W]``; see ``forward``."""
        logits: RefinedLogits = self(images, coarse)
        return logits.full.float().sigmoid()


class _Rise(nn.Module):
    """Double the resolution of deep features and join them with those of that resolution."""

    def __init__(self, deep: int, level: int, *, extra: int = 0) -> None:
        super().__init__()
        # Narrowed before they are enlarged: a quarter of the cost, and the join gets cheaper too.
        self.narrow = _layer(deep, level, kernel=1)
        self.join = _layer(2 * level + extra, level)

    def forward(self, deep: Tensor, level: Tensor) -> Tensor:
        size = level.shape[2:]
        deep = F.interpolate(self.narrow(deep), size=size, mode="bilinear", align_corners=False)
        joined: Tensor = self.join(torch.cat([deep, level], 1))
        return joined


def _layer(inputs: int, outputs: int, *, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
