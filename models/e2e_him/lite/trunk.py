"""The detector-pretrained trunk: CSPDarknet-nano, PAFPN and decoupled head of YOLOX-nano.

Written as plain modules with batch norm folded into the convolutions. Submodules are declared
in the order in which the published graph runs its convolutions, so that a converted copy of its
weights loads by order (see ``training.starts``).

Reference: Ge et al., "YOLOX: Exceeding YOLO Series in 2021", arXiv 2107.08430.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDES = (8, 16, 32)
CLASSES = 80
PERSON = 0


def conv(inputs: int, outputs: int, kernel: int = 1, stride: int = 1) -> nn.Sequential:
    """Return a biased convolution followed by SiLU."""
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2)
    return nn.Sequential(layer, nn.SiLU(inplace=True))


def separable(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Return a depthwise 3x3 and a pointwise convolution, each followed by SiLU."""
    depthwise = nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs)
    return nn.Sequential(depthwise, nn.SiLU(inplace=True), *conv(inputs, outputs))


class Bottleneck(nn.Module):
    """1x1 and separable 3x3 convolution, with an optional shortcut."""

    def __init__(self, channels: int, *, shortcut: bool) -> None:
        super().__init__()
        self.reduce = conv(channels, channels)
        self.spatial = separable(channels, channels)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[B, C, h, w]`` to the same shape."""
        y: Tensor = self.spatial(self.reduce(x))
        return x + y if self.shortcut else y


class CspLayer(nn.Module):
    """Cross-stage partial layer: half the channels run through bottlenecks."""

    def __init__(self, inputs: int, outputs: int, depth: int = 1, *, shortcut: bool) -> None:
        super().__init__()
        self.main = conv(inputs, outputs // 2)
        self.bypass = conv(inputs, outputs // 2)
        blocks = (Bottleneck(outputs // 2, shortcut=shortcut) for _ in range(depth))
        self.blocks = nn.Sequential(*blocks)
        self.merge = conv(outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[B, inputs, h, w]`` to ``[B, outputs, h, w]``."""
        merged: Tensor = self.merge(torch.cat([self.blocks(self.main(x)), self.bypass(x)], 1))
        return merged


class SpatialPyramidPooling(nn.Module):
    """Max pooling at 5, 9 and 13 beside the input, then a 1x1 convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reduce = conv(channels, channels // 2)
        self.merge = conv(channels * 2, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[B, C, h, w]`` to the same shape."""
        x = self.reduce(x)
        pooled = [F.max_pool2d(x, k, 1, k // 2) for k in (5, 9, 13)]
        merged: Tensor = self.merge(torch.cat([x, *pooled], 1))
        return merged


class DetectionHead(nn.Module):
    """Decoupled head of one level: class branch, box branch, objectness."""

    def __init__(self, inputs: int, width: int = 64) -> None:
        super().__init__()
        self.stem = conv(inputs, width)
        self.class_branch = nn.Sequential(separable(width, width), separable(width, width))
        self.class_logits = nn.Conv2d(width, CLASSES, 1)
        self.box_branch = nn.Sequential(separable(width, width), separable(width, width))
        self.box_offsets = nn.Conv2d(width, 4, 1)
        self.objectness = nn.Conv2d(width, 1, 1)

    def forward(self, x: Tensor) -> LevelOutput:
        """Map one PAFPN level ``[B, C, h, w]`` to its head maps."""
        x = self.stem(x)
        by_class, by_box = self.class_branch(x), self.box_branch(x)
        return LevelOutput(
            class_features=by_class,
            box_features=by_box,
            class_logits=self.class_logits(by_class),
            box_offsets=self.box_offsets(by_box),
            objectness=self.objectness(by_box),
        )


@dataclass(frozen=True, slots=True)
class LevelOutput:
    """Head maps of one level, all ``[B, C, h, w]``: logits, offsets in cells, features."""

    class_features: Tensor
    box_features: Tensor
    class_logits: Tensor
    box_offsets: Tensor
    objectness: Tensor


@dataclass(frozen=True, slots=True)
class TrunkOutput:
    """Features ``[B, C, h, w]`` and head maps (strides 8, 16, 32) of one look at a picture.

    Attributes:
        c2: 32 channels at stride 4.
        c3: 64 channels at stride 8, before the PAFPN.
        p3: 64 channels at stride 8, after the PAFPN.
        p4: 128 channels at stride 16.
        p5: 256 channels at stride 32.
        levels: Head maps at strides 8, 16 and 32.
        others: Further backbones' features at strides 4, 8, 16 and 32, by the backbone's name.
    """

    c2: Tensor
    c3: Tensor
    p3: Tensor
    p4: Tensor
    p5: Tensor
    levels: tuple[LevelOutput, ...]
    others: Mapping[str, tuple[Tensor, ...]] = field(default_factory=dict)


class YoloxNanoTrunk(nn.Module):
    """YOLOX-nano, opened up. Input: RGB in 0..1; it converts to BGR 0..255 itself."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(12, 16, 3)
        self.dark2 = nn.Sequential(separable(16, 32, 2), CspLayer(32, 32, shortcut=True))
        self.dark3 = nn.Sequential(separable(32, 64, 2), CspLayer(64, 64, 3, shortcut=True))
        self.dark4 = nn.Sequential(separable(64, 128, 2), CspLayer(128, 128, 3, shortcut=True))
        self.dark5 = nn.Sequential(
            separable(128, 256, 2), SpatialPyramidPooling(256), CspLayer(256, 256, shortcut=False)
        )
        self.lateral5 = conv(256, 128)
        self.top_down4 = CspLayer(256, 128, shortcut=False)
        self.lateral4 = conv(128, 64)
        self.top_down3 = CspLayer(128, 64, shortcut=False)
        self.down3 = separable(64, 64, 2)
        self.bottom_up4 = CspLayer(128, 128, shortcut=False)
        self.down4 = separable(128, 128, 2)
        self.bottom_up5 = CspLayer(256, 256, shortcut=False)
        self.heads = nn.ModuleList(DetectionHead(c) for c in (64, 128, 256))

    def forward(self, images: Tensor) -> TrunkOutput:
        """Look at ``images`` (float32 RGB 0..1, ``[B, 3, H, W]``, sides divisible by 32)."""
        c2 = self.dark2(self.stem(_focus(images.flip(1) * 255)))
        c3 = self.dark3(c2)
        c4 = self.dark4(c3)
        p3, p4, p5 = self._pyramid(c3, c4, self.dark5(c4))
        levels = tuple(head(p) for head, p in zip(self.heads, (p3, p4, p5), strict=True))
        return TrunkOutput(c2=c2, c3=c3, p3=p3, p4=p4, p5=p5, levels=levels)

    def _pyramid(self, c3: Tensor, c4: Tensor, c5: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        lateral5 = self.lateral5(c5)
        lateral4 = self.lateral4(self.top_down4(torch.cat([_double(lateral5), c4], 1)))
        p3 = self.top_down3(torch.cat([_double(lateral4), c3], 1))
        p4 = self.bottom_up4(torch.cat([self.down3(p3), lateral4], 1))
        p5 = self.bottom_up5(torch.cat([self.down4(p4), lateral5], 1))
        return p3, p4, p5


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def _focus(x: Tensor) -> Tensor:
    """Space to depth in the detector's own order: even/even, odd/even, even/odd, odd/odd rows."""
    top, bottom = x[..., ::2, :], x[..., 1::2, :]
    corners = (top[..., ::2], bottom[..., ::2], top[..., 1::2], bottom[..., 1::2])
    packed = torch.cat(corners, 1)
    return packed.contiguous(memory_format=torch.channels_last)
