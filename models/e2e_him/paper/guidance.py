"""United guidance: what all people together tell the matting network, at a fixed size.

Reference: specification section 1, "United guidance network".
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.e2e_him.paper.blocks import Mlp, apply_kernels, bottlenecks, conv_block
from models.e2e_him.paper.config import PaperConfig

ATTENTION_HEADS = 2


@dataclass(frozen=True, slots=True)
class Guidance:
    """The outcome of the united guidance network, at stride 8.

    Attributes:
        mask_logits: [B, N, H/8, W/8], one mask per slot.
        slot_logits: [B, 2, N + 1, H/8, W/8] per attention head; the last slot is the background.
        features: United guidance features U8 [B, 512, H/8, W/8].
    """

    mask_logits: Tensor
    slot_logits: Tensor
    features: Tensor


class UnitedGuidance(nn.Module):
    """Let the slots compete for each pixel and paint their semantics there."""

    def __init__(self, config: PaperConfig) -> None:
        """Build kernels, background slot, embeddings and fusion."""
        super().__init__()
        pixel, embedding, wide = (
            config.pixel_channels,
            config.embedding_channels,
            config.wide_channels,
        )
        self.order_free_masks = config.order_free_masks
        kernel_channels = (ATTENTION_HEADS + 1) * (pixel + 1)
        self.kernels = Mlp(config.code_channels, wide, wide, kernel_channels)
        self.background_attention = nn.Conv2d(pixel, ATTENTION_HEADS, 1)
        self.background_embedding = nn.Conv2d(pixel, ATTENTION_HEADS * embedding, 1)
        self.slot_embedding = nn.Linear(config.code_channels, ATTENTION_HEADS * embedding)
        # GN(32, 128) in the paper: groups of four channels.
        self.norms = nn.ModuleList(
            nn.GroupNorm(max(1, embedding // 4), embedding) for _ in range(ATTENTION_HEADS)
        )
        mask_channels = 2 if config.order_free_masks else config.query_count
        self.fusion = nn.Sequential(
            conv_block(ATTENTION_HEADS * embedding + pixel + mask_channels, wide, 1),
            *bottlenecks(wide, 2),
        )

    def forward(self, codes: Tensor, p8: Tensor) -> Guidance:
        """Guide with the last layer's codes [B, N, 258] on P8 [B, 256, H/8, W/8]."""
        kernels = self._split_kernels(codes)
        mask_logits = apply_kernels(kernels[-1], p8)
        people = apply_kernels(kernels[:-1], p8).transpose(0, 1)
        background = self.background_attention(p8)[:, :, None]
        slot_logits = torch.cat([people, background], 2)
        semantics = self._paint_semantics(slot_logits.softmax(2), codes, p8)
        features = self.fusion(torch.cat([semantics, p8, self._summarise(mask_logits)], 1))
        return Guidance(mask_logits, slot_logits, features)

    def predict_masks(self, codes: Tensor, p8: Tensor) -> Tensor:
        """Return the mask logits [L, B, N, H/8, W/8] of several layers' codes [L, B, N, 258]."""
        return apply_kernels(self._split_kernels(codes)[-1], p8)

    def _split_kernels(self, codes: Tensor) -> Tensor:
        """Return [3, ..., 257]: two attention kernels and the mask kernel of every slot."""
        return torch.unflatten(self.kernels(codes), -1, (ATTENTION_HEADS + 1, -1)).movedim(-2, 0)

    def _paint_semantics(self, slots: Tensor, codes: Tensor, p8: Tensor) -> Tensor:
        """Return G1 and G2 as [B, 256, H/8, W/8] from slot probabilities [B, 2, N + 1, h, w]."""
        embeddings = self.slot_embedding(codes).chunk(ATTENTION_HEADS, -1)
        backgrounds = self.background_embedding(p8).chunk(ATTENTION_HEADS, 1)
        painted = []
        for head, norm in enumerate(self.norms):
            # A slot's embedding is the same at every pixel, so its norm is that of one pixel.
            embedding = norm(embeddings[head].flatten(0, 1)).view_as(embeddings[head])
            people = torch.einsum("bnhw,bnc->bchw", slots[:, head, :-1], embedding)
            painted.append(people + slots[:, head, -1:] * norm(backgrounds[head]))
        return torch.cat(painted, 1)

    def _summarise(self, mask_logits: Tensor) -> Tensor:
        masks = mask_logits.sigmoid()
        if not self.order_free_masks:
            return masks
        return torch.cat([masks.amax(1, keepdim=True), masks.sum(1, keepdim=True)], 1)
