"""Instance matting: one shared trunk; people part only in a last 1x1 convolution each.

Reference: specification section 1, "Instance matting network".
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.e2e_him.paper.blocks import (
    LEAKY_SLOPE,
    Mlp,
    apply_kernels,
    bottlenecks,
    conv_block,
    upsample,
)
from models.e2e_him.paper.config import PaperConfig
from models.e2e_him.paper.perception import Perception

TRIMAP_CLASSES = 3
TRIMAP_STRIDE = 8


@dataclass(frozen=True, slots=True)
class MattingFeatures:
    """What the trunk hands to the slots' kernels.

    Attributes:
        trimap: [B, 256, H/8, W/8].
        alpha: [B, 64, H, W].
    """

    trimap: Tensor
    alpha: Tensor

    def split(self) -> list[MattingFeatures]:
        """Return the features of every image as a batch of one."""
        pairs = zip(self.trimap[:, None], self.alpha[:, None], strict=True)
        return [MattingFeatures(trimap, alpha) for trimap, alpha in pairs]


class InstanceMatting(nn.Module):
    """Draw the trimap and the alpha of every slot."""

    def __init__(self, config: PaperConfig) -> None:
        """Build trunk, decoders and the slots' kernels."""
        super().__init__()
        wide = config.wide_channels
        # 836 numbers per slot in the paper: 3 x (256 + 1) for the trimap, 64 + 1 for alpha.
        self.kernel_channels = (
            TRIMAP_CLASSES * (config.trimap_channels + 1),
            config.alpha_channels[-1] + 1,
        )
        self.trunk = MattingTrunk(config)
        self.trimap_decoder = nn.Sequential(
            conv_block(wide, wide, 3),
            nn.Dropout(config.dropout),
            nn.Conv2d(wide, config.trimap_channels, 3, padding=1),
        )
        self.alpha_decoder = AlphaDecoder(config)
        self.kernels = Mlp(config.code_channels, wide, wide, sum(self.kernel_channels))

    def forward(self, images: Tensor, seen: Perception, guidance: Tensor) -> MattingFeatures:
        """Compute what all slots share.

        Args:
            images: Normalised images [B, 3, H, W].
            seen: Features of the general perception network.
            guidance: U8 [B, 512, H/8, W/8].
        """
        t8 = self.trunk(seen, guidance)
        return MattingFeatures(self.trimap_decoder(t8), self.alpha_decoder(images, seen, t8))

    def draw(self, codes: Tensor, features: MattingFeatures) -> tuple[Tensor, Tensor]:
        """Draw the people of the given codes.

        Args:
            codes: Latent codes [B, K, 258] of the slots to draw, any K.
            features: The trunk's features of the same images.

        Returns:
            Alpha [B, K, H, W], not clamped, and trimap logits [B, K, 3, H, W].
        """
        trimap_kernels, alpha_kernels = self.kernels(codes).split(self.kernel_channels, dim=-1)
        alpha = apply_kernels(alpha_kernels, features.alpha)
        per_class = torch.unflatten(trimap_kernels, -1, (TRIMAP_CLASSES, -1)).flatten(1, 2)
        trimap_logits = upsample(apply_kernels(per_class, features.trimap), TRIMAP_STRIDE)
        return alpha, torch.unflatten(trimap_logits, 1, (-1, TRIMAP_CLASSES))


class PositionAttention(nn.Module):
    """Let every pixel gather from all others; starts as the identity.

    Reference: Fu et al., Dual Attention Network for Scene Segmentation, CVPR 2019. Keys have no
    bias, as softmax would ignore it.
    """

    def __init__(self, channels: int) -> None:
        """Build the attention with `channels` / 4 for queries and keys."""
        super().__init__()
        self.query = nn.Conv2d(channels, channels // 4, 1)
        self.key = nn.Conv2d(channels, channels // 4, 1, bias=False)
        self.value = nn.Conv2d(channels, channels, 1)
        self.strength = nn.Parameter(torch.zeros(()))

    def forward(self, features: Tensor) -> Tensor:
        """Map [B, C, h, w] to the same shape."""
        layers = (self.query, self.key, self.value)
        query, key, value = (layer(features).flatten(2).transpose(1, 2) for layer in layers)
        gathered = F.scaled_dot_product_attention(query, key, value)
        return features + self.strength * gathered.transpose(1, 2).reshape(features.shape)


class MattingTrunk(nn.Module):
    """Go down to stride 32 and back to stride 8 (steps D16 to T8)."""

    def __init__(self, config: PaperConfig) -> None:
        """Build the five steps."""
        super().__init__()
        _, width8, width16, width32 = config.stage_channels
        wide, deep, down = config.wide_channels, config.deep_channels, config.down_channels
        self.down16 = conv_block(wide, wide, 3, stride=2)
        self.context16 = nn.Sequential(
            conv_block(2 * wide + width16, wide, 1), *bottlenecks(wide, 2)
        )
        self.down32 = conv_block(wide, down, 3, stride=2)
        self.context32 = nn.Sequential(
            conv_block(down + width32, deep, 1),
            *bottlenecks(deep, 1),
            PositionAttention(deep),
            conv_block(deep, deep, 1),
            *bottlenecks(deep, 2),
        )
        self.up16 = nn.Sequential(conv_block(wide + deep + width16, wide, 1), *bottlenecks(wide, 2))
        self.top8 = nn.Sequential(conv_block(2 * wide + width8, wide, 1), *bottlenecks(wide, 2))

    def forward(self, seen: Perception, u8: Tensor) -> Tensor:
        """Return T8 [B, 512, H/8, W/8]."""
        c16 = self.context16(torch.cat([self.down16(u8), seen.p16, seen.f16], 1))
        c32 = self.context32(torch.cat([self.down32(c16), seen.f32], 1))
        u16 = self.up16(torch.cat([c16, upsample(c32), seen.f16], 1))
        t8: Tensor = self.top8(torch.cat([upsample(u16), seen.f8, u8], 1))
        return t8


class AlphaDecoder(nn.Module):
    """Sharpen T8 to full resolution with the stem's features and the image (A4, A2, A1)."""

    def __init__(self, config: PaperConfig) -> None:
        """Build the three steps."""
        super().__init__()
        width4, width2, width1, last = config.alpha_channels
        _, stem2, stem4 = config.stem_channels
        slope = LEAKY_SLOPE if config.mend_linear_tail else 1.0
        self.step4 = nn.Sequential(
            conv_block(config.wide_channels + config.stage_channels[0] + stem4, width4, 3),
            *bottlenecks(width4, 3),
        )
        self.step2 = nn.Sequential(
            conv_block(width4 + stem2, width2, 3), conv_block(width2, width2, 3)
        )
        self.step1 = nn.Sequential(
            nn.Conv2d(width2 + 3, width1, 3, padding=1),
            nn.LeakyReLU(slope, inplace=True),
            nn.Conv2d(width1, last, 3, padding=1),
            nn.LeakyReLU(slope, inplace=True),
        )

    def forward(self, images: Tensor, seen: Perception, t8: Tensor) -> Tensor:
        """Return features [B, 64, H, W] for the slots' alpha kernels."""
        a4 = self.step4(torch.cat([upsample(t8), seen.f4, seen.s4], 1))
        a2 = self.step2(torch.cat([upsample(a4), seen.s2], 1))
        a1: Tensor = self.step1(torch.cat([upsample(a2), images], 1))
        return a1
