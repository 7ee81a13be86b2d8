"""The perception decoder: learned queries look for people in the memory.

Reference: Carion et al., End-to-End Object Detection with Transformers, ECCV 2020; specification
section 1, row "perception decoder".
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.e2e_him.paper.blocks import Mlp
from models.e2e_him.paper.config import PaperConfig


class Attention(nn.Module):
    """Multi-head attention with keys and values from different tensors.

    Keys have no bias: it would shift all scores of a query alike, which softmax ignores.
    """

    def __init__(self, channels: int, heads: int, dropout: float) -> None:
        """Build the four projections of `channels`."""
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.query = nn.Linear(channels, channels)
        self.key = nn.Linear(channels, channels, bias=False)
        self.value = nn.Linear(channels, channels)
        self.output = nn.Linear(channels, channels)

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Return [B, N, C] from queries [B, N, C], keys and values [B, T, C]."""
        mixed = F.scaled_dot_product_attention(
            self._split(self.query(query)),
            self._split(self.key(key)),
            self._split(self.value(value)),
            dropout_p=self.dropout if self.training else 0.0,
        )
        projected: Tensor = self.output(mixed.transpose(1, 2).flatten(2))
        return projected

    def _split(self, tokens: Tensor) -> Tensor:
        return torch.unflatten(tokens, -1, (self.heads, -1)).transpose(1, 2)


class DecoderLayer(nn.Module):
    """Self-attention, attention to the memory and a feed-forward net, post-norm."""

    def __init__(self, config: PaperConfig) -> None:
        """Build one layer of `config.token_channels`."""
        super().__init__()
        width, heads = config.token_channels, config.decoder_heads
        self.self_attention = Attention(width, heads, config.dropout)
        self.memory_attention = Attention(width, heads, config.dropout)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, config.decoder_hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(config.dropout),
            nn.Linear(config.decoder_hidden, width),
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, target: Tensor, position: Tensor, memory: Tensor, key: Tensor) -> Tensor:
        """Refine the slots' contents.

        Args:
            target: Contents [B, N, C].
            position: Learned query positions [N, C], added to queries and keys only.
            memory: Values [B, T, C].
            key: Keys of the memory [B, T, C].

        Returns:
            New contents [B, N, C].
        """
        placed = target + position
        seen = self.self_attention(placed, placed, target)
        target = self.norms[0](target + self.dropout(seen))
        seen = self.memory_attention(target + position, key, memory)
        target = self.norms[1](target + self.dropout(seen))
        refined: Tensor = self.norms[2](target + self.dropout(self.feed_forward(target)))
        return refined


class PerceptionDecoder(nn.Module):
    """Turn the memory into one latent code per slot, after every layer."""

    def __init__(self, config: PaperConfig) -> None:
        """Build queries, layers and the class head."""
        super().__init__()
        width = config.token_channels
        self.position_encoding = config.position_encoding
        self.query_positions = nn.Parameter(torch.empty(config.query_count, width))
        self.targets = (
            nn.Parameter(torch.empty(config.query_count, width)) if config.learned_targets else None
        )
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.norm = nn.LayerNorm(width)
        self.class_head = Mlp(width, config.class_hidden, 2)
        self._initialise()

    def forward(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Decode the slots.

        Args:
            memory: [B, C, h, w].

        Returns:
            The latent codes [L, B, N, C + 2] (token, then class probabilities) and the class logits
            [L, B, N, 2] of the L layers; class 1 is a person.
        """
        values = memory.flatten(2).transpose(1, 2)
        keys = values + sine_positions(memory) if self.position_encoding else values
        target = self._first_target(memory)
        targets = []
        for layer in self.layers:
            target = layer(target, self.query_positions, values, keys)
            targets.append(target)
        tokens = self.norm(torch.stack(targets))
        class_logits = self.class_head(tokens)
        return torch.cat([tokens, class_logits.softmax(-1)], -1), class_logits

    def _first_target(self, memory: Tensor) -> Tensor:
        empty = memory.new_zeros(memory.shape[0], *self.query_positions.shape)
        return empty if self.targets is None else empty + self.targets

    def _initialise(self) -> None:
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
        nn.init.normal_(self.query_positions)
        if self.targets is not None:
            nn.init.normal_(self.targets)


def sine_positions(memory: Tensor) -> Tensor:
    """Encode where each token of the memory [B, C, h, w] lies, from 0 to 2 pi over each side.

    Returns:
        [h * w, C]: the row in the first half of the channels, the column in the second.
    """
    channels, height, width = memory.shape[1:]
    rows = _sine_axis(height, channels // 2, memory)[:, None].expand(-1, width, -1)
    columns = _sine_axis(width, channels // 2, memory)[None].expand(height, -1, -1)
    return torch.cat([rows, columns], -1).flatten(0, 1)


def _sine_axis(length: int, channels: int, like: Tensor) -> Tensor:
    """Return [length, channels], sines and cosines of wavelengths up to 10000 (DETR's choice)."""
    places = (torch.arange(length, device=like.device) + 0.5) * (2 * math.pi / length)
    exponents = torch.arange(channels // 2, device=like.device) / (channels // 2)
    angles = places[:, None] / 10000**exponents
    return torch.cat([angles.sin(), angles.cos()], -1).to(like.dtype)
