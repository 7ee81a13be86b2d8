"""Convert the published YOLOX-nano ONNX file into the trunk's own weights file.

Run once: ``python -m training.starts.convert_yolox yolox_nano.onnx training/starts``. Convolutions
are taken in the order in which the graph runs them, which is the order in which the trunk declares
them. Beside the weights a small file of recorded outputs is written, which a test holds them to.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from safetensors.torch import save_file
from torch import Tensor, nn

from models.e2e_him.lite.trunk import YoloxNanoTrunk
from training.starts.record import (
    RECORD_NAME,
    RECORDED_ROWS,
    WEIGHTS_NAME,
    published_layout,
    record_picture,
)


def read_trunk_weights(path: Path) -> dict[str, Tensor]:
    """Map the convolutions of the ONNX graph onto the trunk's parameter names.

    Raises:
        ValueError: If the file does not hold the trunk's convolutions in their order.
    """
    graph = onnx.load(path).graph
    values = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    nodes = [node for node in graph.node if node.op_type == "Conv"]
    layers = [(n, m) for n, m in YoloxNanoTrunk().named_modules() if isinstance(m, nn.Conv2d)]
    if len(nodes) != len(layers):
        raise ValueError(f"{path.name} has {len(nodes)} convolutions, the trunk {len(layers)}")
    weights = {}
    for node, (name, layer) in zip(nodes, layers, strict=True):
        kernel, bias = values[node.input[1]], values[node.input[2]]
        if kernel.shape != tuple(layer.weight.shape):
            raise ValueError(f"{name}: {kernel.shape} does not fit {tuple(layer.weight.shape)}")
        weights[f"{name}.weight"] = torch.from_numpy(kernel.copy())
        weights[f"{name}.bias"] = torch.from_numpy(bias.copy())
    return weights


def main() -> None:
    """Convert, compare every output with onnxruntime's, and record some of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("onnx", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    weights = read_trunk_weights(arguments.onnx)
    trunk = YoloxNanoTrunk()
    trunk.load_state_dict(weights)
    picture = record_picture()
    session = onnxruntime.InferenceSession(arguments.onnx, providers=["CPUExecutionProvider"])
    published = session.run(None, {"images": picture[:, ::-1] * 255})[0]
    with torch.inference_mode():
        own = published_layout(trunk(torch.from_numpy(picture)))
    difference = np.abs(own - published).max()
    sys.stdout.write(f"{own.size} outputs, greatest difference {difference:.2e}\n")
    save_file(weights, arguments.folder / WEIGHTS_NAME)
    np.savez_compressed(arguments.folder / RECORD_NAME, outputs=published[:, RECORDED_ROWS])


if __name__ == "__main__":
    main()
