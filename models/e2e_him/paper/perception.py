"""General perception: who is in the photo, and features of every stride.

Reference: specification section 1, "General perception network".
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.e2e_him.paper.blocks import bottlenecks, conv_block, upsample
from models.e2e_him.paper.config import PaperConfig
from models.e2e_him.paper.decoder import PerceptionDecoder
from models.e2e_him.paper.swin import SwinBackbone


@dataclass(frozen=True, slots=True)
class Perception:
    """What the general perception network saw in a batch of H x W photos.

    Attributes:
        codes: Latent codes [L, B, N, 258] after each of the L decoder layers.
        class_logits: [L, B, N, 2], index 1 is a person.
        s2: Stem features at stride 2; `s4`: at stride 4.
        f4: Backbone features at stride 4; `f8`, `f16`, `f32` at strides 8, 16 and 32.
        p16: Features of the pixel path at stride 16.
        p8: Pixel features at stride 8, to which the slots apply their kernels.
    """

    codes: Tensor
    class_logits: Tensor
    s2: Tensor
    s4: Tensor
    f4: Tensor
    f8: Tensor
    f16: Tensor
    f32: Tensor
    p16: Tensor
    p8: Tensor


class GeneralPerception(nn.Module):
    """Find the people and describe each by a latent code."""

    def __init__(self, config: PaperConfig) -> None:
        """Build stem, backbone, decoder and pixel path."""
        super().__init__()
        first, second, third = config.stem_channels
        self.stem2 = nn.Sequential(
            conv_block(3, first, 3, stride=2),
            conv_block(first, first, 3),
            conv_block(first, second, 3),
        )
        self.stem4 = conv_block(second, third, 3, stride=2)
        self.backbone = SwinBackbone(config)
        self.memory = conv_block(config.stage_channels[3], config.token_channels, 1)
        self.decoder = PerceptionDecoder(config)
        self.pixels = PixelPath(config)

    def forward(self, images: Tensor) -> Perception:
        """Look at normalised images [B, 3, H, W], H and W divisible by 32."""
        s2 = self.stem2(images)
        s4 = self.stem4(s2)
        f4, f8, f16, f32 = self.backbone(s4)
        codes, class_logits = self.decoder(self.memory(f32))
        p16, p8 = self.pixels(f8, f16, f32)
        return Perception(codes, class_logits, s2, s4, f4, f8, f16, f32, p16, p8)


class PixelPath(nn.Module):
    """Bring the backbone's features top-down to stride 8 (row "pixel features P8")."""

    def __init__(self, config: PaperConfig) -> None:
        """Build the steps at strides 32, 16 and 8."""
        super().__init__()
        _, width8, width16, width32 = config.stage_channels
        wide, pixel = config.wide_channels, config.pixel_channels
        self.step32 = conv_block(width32, wide, 1)
        self.step16 = nn.Sequential(conv_block(wide + width16, wide, 3), *bottlenecks(wide, 2))
        self.step8 = nn.Sequential(
            conv_block(wide + width8, pixel, 3), *bottlenecks(pixel, 2), nn.Conv2d(pixel, pixel, 1)
        )

    def forward(self, f8: Tensor, f16: Tensor, f32: Tensor) -> tuple[Tensor, Tensor]:
        """Return P16 [B, 512, H/16, W/16] and P8 [B, 256, H/8, W/8]."""
        p16 = self.step16(torch.cat([upsample(self.step32(f32)), f16], 1))
        p8 = self.step8(torch.cat([upsample(p16), f8], 1))
        return p16, p8
