from __future__ import annotations

import pytest
import torch
from torch import nn

from models.e2e_him.lite.backbones import BACKBONES
from training.starts.convert_backbones import fit_convolutions, fold_efficientnet


def convolutions(backbone: nn.Module) -> list[tuple[torch.Tensor, torch.Tensor]]:
    layers = [m for m in backbone.modules() if isinstance(m, nn.Conv2d)]
    return [(layer.weight.detach(), layer.bias.detach()) for layer in layers]


def test_convolutions_fit_by_order_and_further_ones_are_left_over() -> None:
    torch.manual_seed(0)
    source, target = (BACKBONES["mobilenet_v2"]().eval() for _ in range(2))
    more = (torch.zeros(1280, 320, 1, 1), torch.zeros(1280))
    target.load_state_dict(fit_convolutions(target, [*convolutions(source), more]))
    images = torch.rand(1, 3, 32, 32)
    for ours, theirs in zip(target(images), source(images), strict=True):
        assert torch.equal(ours, theirs)


def test_too_few_or_other_convolutions_are_refused() -> None:
    backbone = BACKBONES["mobilenet_v2"]()
    with pytest.raises(ValueError, match="50 convolutions for 51"):
        fit_convolutions(backbone, convolutions(backbone)[:50])
    with pytest.raises(ValueError, match="does not fit"):
        fit_convolutions(backbone, convolutions(BACKBONES["efficientnet_lite2"]()))


def test_batch_norm_is_folded_in_the_order_of_the_blocks() -> None:
    torch.manual_seed(0)
    names = {
        "_conv_stem": "_bn0",
        "_blocks.0._depthwise_conv": "_blocks.0._bn1",
        "_blocks.0._project_conv": "_blocks.0._bn2",
        "_blocks.1._expand_conv": "_blocks.1._bn0",
    }
    state, expected = {}, []
    images = torch.rand(1, 4, 5, 5)
    for layer_name, norm_name in names.items():
        layer, norm = nn.Conv2d(4, 4, 3, bias=False), nn.BatchNorm2d(4, eps=1e-3).eval()
        for buffer in (norm.running_mean, norm.running_var, norm.weight, norm.bias):
            assert buffer is not None
            nn.init.uniform_(buffer, 0.5, 2)
        state |= {f"{layer_name}.{k}": v for k, v in layer.state_dict().items()}
        state |= {f"{norm_name}.{k}": v for k, v in norm.state_dict().items()}
        expected.append(norm(layer(images)))
    state["_fc.weight"] = torch.zeros(1)
    for (kernel, bias), wanted in zip(fold_efficientnet(state), expected, strict=True):
        torch.testing.assert_close(torch.conv2d(images, kernel, bias), wanted)
