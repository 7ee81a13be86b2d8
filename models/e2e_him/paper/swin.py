"""The backbone: Swin-T on the features of the convolutional stem.

Parameters carry the names of the published Swin checkpoints (`layers.0.blocks.0.attn.qkv.weight`),
so that ImageNet weights fit all but the patch embedding, which here is a 1x1 convolution.

Reference: Liu et al., Swin Transformer, ICCV 2021; specification section 1, row "backbone".
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.e2e_him.paper.blocks import DropPath
from models.e2e_him.paper.config import PaperConfig


class WindowAttention(nn.Module):
    """Attend within windows, with a learned bias per relative position and head."""

    relative_index: Tensor

    def __init__(self, channels: int, heads: int, window_side: int) -> None:
        """Build the attention for windows of `window_side` x `window_side` tokens."""
        super().__init__()
        self.heads = heads
        self.relative_position_bias_table = nn.Parameter(
            torch.empty((2 * window_side - 1) ** 2, heads)
        )
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        index = _relative_index(window_side)
        self.register_buffer("relative_index", index, persistent=False)
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def forward(self, windows: Tensor, mask: Tensor | None) -> Tensor:
        """Attend within each window.

        Args:
            windows: [B, W, T, C]: W windows of T tokens.
            mask: [W, T, T], minus infinity where two tokens are no neighbours, or None.

        Returns:
            [B, W, T, C].
        """
        packed = torch.unflatten(self.qkv(windows), -1, (3, self.heads, -1))
        query, key, value = packed.permute(3, 0, 1, 4, 2, 5)
        bias = self.relative_position_bias_table[self.relative_index].permute(2, 0, 1)
        if mask is not None:
            bias = bias + mask[:, None]
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias.to(query.dtype))
        projected: Tensor = self.proj(mixed.transpose(-3, -2).flatten(-2))
        return projected


class SwinBlock(nn.Module):
    """Window attention and a feed-forward net, both residual and pre-norm."""

    def __init__(self, channels: int, heads: int, window_side: int, drop_path: float) -> None:
        """Build one block; `drop_path` is the chance to skip it for a sample in training."""
        super().__init__()
        self.window_side = window_side
        self.norm1 = nn.LayerNorm(channels)
        self.attn = WindowAttention(channels, heads, window_side)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = nn.ModuleDict(
            {"fc1": nn.Linear(channels, 4 * channels), "fc2": nn.Linear(4 * channels, channels)}
        )
        self.drop_path = DropPath(drop_path)

    def forward(self, tokens: Tensor, shift_mask: Tensor | None) -> Tensor:
        """Map [B, H, W, C] to the same shape; with a mask the windows are shifted by half."""
        tokens = tokens + self.drop_path(self._attend(self.norm1(tokens), shift_mask))
        hidden = F.gelu(self.mlp["fc1"](self.norm2(tokens)))
        mapped: Tensor = tokens + self.drop_path(self.mlp["fc2"](hidden))
        return mapped

    def _attend(self, tokens: Tensor, shift_mask: Tensor | None) -> Tensor:
        side, (height, width) = self.window_side, tokens.shape[1:3]
        shift = 0 if shift_mask is None else side // 2
        padded = F.pad(tokens, (0, 0, 0, -width % side, 0, -height % side))
        shifted = padded.roll((-shift, -shift), (1, 2)) if shift else padded
        windows = self.attn(_split_windows(shifted, side), shift_mask)
        joined = _join_windows(windows, side, padded.shape[1])
        restored = joined.roll((shift, shift), (1, 2)) if shift else joined
        return restored[:, :height, :width]


class PatchMerging(nn.Module):
    """Halve the size: join 2x2 tokens and map 4C channels to 2C."""

    def __init__(self, channels: int) -> None:
        """Build the step for `channels` in, twice as many out."""
        super().__init__()
        self.norm = nn.LayerNorm(4 * channels)
        self.reduction = nn.Linear(4 * channels, 2 * channels, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map [B, H, W, C], H and W even, to [B, H/2, W/2, 2C]."""
        top, bottom = tokens[:, 0::2], tokens[:, 1::2]
        corners = (top[:, :, 0::2], bottom[:, :, 0::2], top[:, :, 1::2], bottom[:, :, 1::2])
        merged: Tensor = self.reduction(self.norm(torch.cat(corners, -1)))
        return merged


class SwinStage(nn.Module):
    """A row of blocks at one size; every second block shifts its windows."""

    def __init__(
        self, channels: int, heads: int, window_side: int, drop_paths: list[float], *, merges: bool
    ) -> None:
        """Build one block per rate in `drop_paths`, and the patch merging that may follow."""
        super().__init__()
        self.window_side = window_side
        self.blocks = nn.ModuleList(
            SwinBlock(channels, heads, window_side, rate) for rate in drop_paths
        )
        self.downsample = PatchMerging(channels) if merges else None

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return the stage's tokens [B, H, W, C] and the next stage's input."""
        height, width = tokens.shape[1:3]
        shift_mask = _shift_mask(height, width, self.window_side, tokens.device)
        for number, block in enumerate(self.blocks):
            tokens = block(tokens, shift_mask if number % 2 else None)
        return tokens, tokens if self.downsample is None else self.downsample(tokens)


class SwinBackbone(nn.Module):
    """Turn stem features at stride 4 into F4, F8, F16 and F32."""

    def __init__(self, config: PaperConfig) -> None:
        """Build the stages; drop path grows linearly with depth."""
        super().__init__()
        channels = config.stage_channels
        rates = torch.linspace(0.0, config.drop_path, sum(config.depths), device="cpu").tolist()
        starts = [sum(config.depths[:stage]) for stage in range(4)]
        self.patch_embed = nn.Conv2d(config.stem_channels[2], channels[0], 1)
        self.patch_norm = nn.LayerNorm(channels[0])
        self.layers = nn.ModuleList(
            SwinStage(
                channels[stage],
                config.heads[stage],
                config.window_side,
                rates[starts[stage] : starts[stage] + config.depths[stage]],
                merges=stage < 3,
            )
            for stage in range(4)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for width in channels)
        self.apply(_initialise_linear)

    def forward(self, stem: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Map stem features [B, C, H/4, W/4] to F4, F8, F16, F32, each [B, C, h, w]."""
        tokens = self.patch_norm(self.patch_embed(stem).permute(0, 2, 3, 1))
        features = []
        for stage, norm in zip(self.layers, self.norms, strict=True):
            stage_tokens, tokens = stage(tokens)
            features.append(norm(stage_tokens).permute(0, 3, 1, 2).contiguous())
        f4, f8, f16, f32 = features
        return f4, f8, f16, f32


def _initialise_linear(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _relative_index(side: int) -> Tensor:
    """Return [T, T], the row of the bias table for each pair of a window's T tokens."""
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    places = torch.stack([rows.flatten(), columns.flatten()], -1)
    offsets = places[:, None] - places[None] + side - 1
    return offsets[..., 0] * (2 * side - 1) + offsets[..., 1]


def _split_windows(tokens: Tensor, side: int) -> Tensor:
    """Cut [B, H, W, C] into [B, windows, side * side, C], row by row."""
    columns = torch.unflatten(tokens, 2, (-1, side))
    tiles = torch.unflatten(columns, 1, (-1, side)).transpose(2, 3)
    return tiles.flatten(3, 4).flatten(1, 2)


def _join_windows(windows: Tensor, side: int, height: int) -> Tensor:
    """Undo `_split_windows` for tokens of the given height."""
    places = torch.unflatten(windows, 2, (side, side))
    tiles = torch.unflatten(places, 1, (height // side, -1))
    return tiles.transpose(2, 3).flatten(3, 4).flatten(1, 2)


def _shift_mask(height: int, width: int, side: int, device: torch.device) -> Tensor:
    """Forbid attention between tokens that only the cyclic shift has made neighbours.

    Returns:
        [windows, T, T], 0 or minus infinity, for a map padded to whole windows.
    """
    rows = _shift_regions(height + -height % side, side, device)
    columns = _shift_regions(width + -width % side, side, device)
    regions = (3 * rows[:, None] + columns[None])[None, :, :, None]
    places = _split_windows(regions, side)[0, :, :, 0]
    strangers = places[:, :, None] != places[:, None, :]
    return torch.zeros(strangers.shape, device=device).masked_fill(strangers, float("-inf"))


def _shift_regions(length: int, side: int, device: torch.device) -> Tensor:
    """Return [length]: which of the three stretches that a cyclic shift brings about, 0 to 2."""
    places = torch.arange(length, device=device)
    return (places >= length - side).long() + (places >= length - side // 2).long()
