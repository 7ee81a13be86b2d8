"""United guidance: all people compete for each pixel; a map of fixed size comes out.

Reference: section 1 of the specification ("United guidance network"); here the mask logits
themselves are the attention, weighted by how sure the network is that a query is a person.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.e2e_him.lite.config import LiteConfig
from models.e2e_him.lite.layers import start_at


@dataclass(frozen=True, slots=True)
class Slots:
    """The people of one image as they compete for its pixels.

    Attributes:
        logits: Mask logits plus log person probability, ``[N, H / 4, W / 4]``.
        code: Latent codes, ``[N, d]``.
    """

    logits: Tensor
    code: Tensor


class UnitedGuidance(nn.Module):
    """Spread each person's semantics embedding over the pixels that the person holds."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.embedding = nn.Linear(config.query_channels, config.guidance_channels)
        self.background_embedding = nn.Conv2d(config.fine_channels, config.guidance_channels, 1)
        self.background_logit = nn.Conv2d(config.fine_channels, 1, 1)
        start_at(self.background_logit)

    def forward(self, fine: Tensor, slots: Slots) -> Tensor:
        """Return the guidance of one image, ``[guidance_channels + 1, H / 8, W / 8]``.

        The last channel is the share of the pixel that belongs to anybody.

        Args:
            fine: Pixel features of the image at stride 4, ``[C, H / 4, W / 4]``.
            slots: Its people; their number does not change the output's size.
        """
        pooled = F.avg_pool2d(fine[None], 2)
        background = self.background_logit(pooled)[0]
        people = F.avg_pool2d(slots.logits[None], 2)[0]
        share = torch.cat([people, background]).softmax(0)
        guidance = torch.einsum("nhw,nc->chw", share[:-1], self.embedding(slots.code))
        guidance = guidance + share[-1] * self.background_embedding(pooled)[0]
        return torch.cat([guidance, 1 - share[-1:]])
