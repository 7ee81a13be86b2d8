"""Backbones that may look at the picture beside the detector: features at strides 4, 8, 16 and 32.

The detector says where people may be, and its features alone draw the masks of the default network.
A second backbone adds its own features to the top-down path. Batch norm is folded into the
convolutions; submodules are declared in the order in which the published graphs run them, so that
converted weights load by order (see ``training.starts``).

References: Sandler et al., "MobileNetV2", arXiv 1801.04381; Tan and Le, "EfficientNet",
arXiv 1905.11946 (its Lite variants: no squeeze-and-excitation, ReLU6); Liu et al., "Swin
Transformer", arXiv 2103.14030.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from models.e2e_him.paper.config import PaperConfig
from models.e2e_him.paper.swin import SwinBackbone

Features = tuple[Tensor, Tensor, Tensor, Tensor]
_STAGES_KEPT = (1, 2, 4, 6)
"""The stages after which strides 4, 8, 16 and 32 end."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A row of inverted residuals of one width; the first of them may halve the size."""

    expansion: int
    channels: int
    repeats: int
    stride: int
    kernel: int = 3


@dataclass(frozen=True, slots=True)
class InvertedResidualConfig:
    """Sizes of a net of inverted residuals.

    Attributes:
        stages: Seven, after a convolution of stride 2 to 32 channels.
        pads_behind: Whether convolutions of stride 2 pad more behind than before, as TensorFlow's.
    """

    stages: tuple[Stage, ...]
    pads_behind: bool


MOBILENET_V2 = InvertedResidualConfig(
    stages=(
        Stage(1, 16, 1, 1),
        Stage(6, 24, 2, 2),
        Stage(6, 32, 3, 2),
        Stage(6, 64, 4, 2),
        Stage(6, 96, 3, 1),
        Stage(6, 160, 3, 2),
        Stage(6, 320, 1, 1),
    ),
    pads_behind=False,
)
EFFICIENTNET_LITE2 = InvertedResidualConfig(
    stages=(
        Stage(1, 16, 1, 1),
        Stage(6, 24, 3, 2),
        Stage(6, 48, 3, 2, 5),
        Stage(6, 88, 4, 2),
        Stage(6, 120, 4, 1, 5),
        Stage(6, 208, 5, 2, 5),
        Stage(6, 352, 1, 1),
    ),
    pads_behind=True,
)
_STEM_CHANNELS = 32


class InvertedResidual(nn.Module):
    """Widen, filter each channel, narrow; a shortcut where size and width stay."""

    def __init__(self, inputs: int, stage: Stage, stride: int, *, pads_behind: bool) -> None:
        super().__init__()
        hidden = inputs * stage.expansion
        layers = [*_pointwise(inputs, hidden)] if stage.expansion > 1 else []
        layers += _padded(hidden, hidden, stage.kernel, stride, hidden, pads_behind=pads_behind)
        self.layers = nn.Sequential(*layers, nn.Conv2d(hidden, stage.channels, 1))
        self.is_short = stride == 1 and inputs == stage.channels

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[B, C, h, w]`` to the stage's channels."""
        y: Tensor = self.layers(x)
        return x + y if self.is_short else y


class InvertedResidualNet(nn.Module):
    """MobileNetV2 or an EfficientNet-Lite without its classifier."""

    def __init__(self, config: InvertedResidualConfig) -> None:
        super().__init__()
        behind = config.pads_behind
        self.stem = nn.Sequential(*_padded(3, _STEM_CHANNELS, 3, 2, 1, pads_behind=behind))
        self.stages = nn.ModuleList()
        inputs = _STEM_CHANNELS
        for stage in config.stages:
            blocks = []
            for number in range(stage.repeats):
                stride = 1 if number else stage.stride
                blocks.append(InvertedResidual(inputs, stage, stride, pads_behind=behind))
                inputs = stage.channels
            self.stages.append(nn.Sequential(*blocks))
        self.channels = tuple(config.stages[kept].channels for kept in _STAGES_KEPT)

    def early(self, stages: int) -> nn.ModuleList:
        """Return the stem and the first stages."""
        return nn.ModuleList([self.stem, *self.stages[:stages]])

    def forward(self, images: Tensor) -> Features:
        """Look at ``images`` (RGB 0..1, ``[B, 3, H, W]``, sides divisible by 32)."""
        x = self.stem(images * 2 - 1)
        kept = []
        for number, stage in enumerate(self.stages):
            x = stage(x)
            if number in _STAGES_KEPT:
                kept.append(x)
        f4, f8, f16, f32 = kept
        return f4, f8, f16, f32


class SwinTiny(nn.Module):
    """Swin-T on patches of 4 x 4 pixels, as the paper's network has it but for the stem."""

    def __init__(self) -> None:
        super().__init__()
        config = PaperConfig()
        self.patches = nn.Conv2d(3, config.stem_channels[2], 4, 4)
        self.swin = SwinBackbone(config)
        self.channels = tuple(config.stage_channels)

    def early(self, stages: int) -> nn.ModuleList:
        """Return the patches' embedding and the first stages."""
        return nn.ModuleList([self.patches, *self.swin.layers[:stages]])

    def forward(self, images: Tensor) -> Features:
        """Look at ``images`` (RGB 0..1, ``[B, 3, H, W]``, sides divisible by 32)."""
        features: Features = self.swin(self.patches(images * 2 - 1))
        return features


BACKBONES: dict[str, Callable[[], InvertedResidualNet | SwinTiny]] = {
    "mobilenet_v2": lambda: InvertedResidualNet(MOBILENET_V2),
    "efficientnet_lite2": lambda: InvertedResidualNet(EFFICIENTNET_LITE2),
    "swin_t": SwinTiny,
}


class _PadBehind(nn.Module):
    """Pad for a convolution of stride 2 as TensorFlow does for even sides."""

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.before, self.behind = (kernel - 2) // 2, (kernel - 1) // 2

    def forward(self, x: Tensor) -> Tensor:
        """Pad ``[B, C, h, w]`` on four sides."""
        return F.pad(x, (self.before, self.behind, self.before, self.behind))


def _padded(
    inputs: int, outputs: int, kernel: int, stride: int, groups: int, *, pads_behind: bool
) -> list[nn.Module]:
    """Return a convolution that keeps or halves the size, and ReLU6."""
    is_uneven = pads_behind and stride == 2
    padding = 0 if is_uneven else kernel // 2
    before: list[nn.Module] = [_PadBehind(kernel)] if is_uneven else []
    layer = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups)
    return [*before, layer, nn.ReLU6(inplace=True)]


def _pointwise(inputs: int, outputs: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(inputs, outputs, 1), nn.ReLU6(inplace=True)
