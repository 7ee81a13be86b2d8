from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from models.e2e_him.lite.backbones import BACKBONES
from models.e2e_him.lite.config import LiteConfig
from models.e2e_him.lite.network import E2EHimLite

MILLIONS = {"mobilenet_v2": 1.796, "efficientnet_lite2": 4.335, "swin_t": 27.53}


@pytest.mark.parametrize("name", BACKBONES)
def test_features_have_strides_4_to_32_and_the_channels_said(name: str) -> None:
    torch.manual_seed(0)
    backbone = BACKBONES[name]().eval()
    features = backbone(torch.rand(1, 3, 64, 96))
    for stride, channels, feature in zip((4, 8, 16, 32), backbone.channels, features, strict=True):
        assert feature.shape == (1, channels, 64 // stride, 96 // stride)
    parameters = sum(p.numel() for p in backbone.parameters()) / 1e6
    assert parameters == pytest.approx(MILLIONS[name], rel=0.01)


@pytest.mark.parametrize("name", BACKBONES)
def test_a_second_backbone_changes_nothing_before_it_has_learned(name: str) -> None:
    torch.manual_seed(0)
    network = E2EHimLite(LiteConfig(backbones=(name,))).eval()
    plain = E2EHimLite(replace(network.config, backbones=())).eval()
    state = {k: v for k, v in network.state_dict().items() if k in plain.state_dict()}
    plain.load_state_dict(state)
    images = torch.rand(1, 3, 96, 64)
    with torch.inference_mode():
        ours, theirs = network(images), plain(images)
    torch.testing.assert_close(ours.layers[-1].code, theirs.layers[-1].code)
    torch.testing.assert_close(ours.mask_features, theirs.mask_features)


def test_what_further_backbones_see_reaches_the_masks() -> None:
    torch.manual_seed(0)
    network = E2EHimLite(LiteConfig(backbones=("mobilenet_v2", "efficientnet_lite2"))).eval()
    images = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        before = network(images).mask_features
        for joints in network.perception.pixels.from_others.values():
            for joint in joints:
                torch.nn.init.normal_(joint.weight)
                after = network(images).mask_features
                assert not torch.allclose(before, after)
                before = after
