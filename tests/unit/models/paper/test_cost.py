from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import nn

from models.e2e_him.paper import PaperConfig, PaperE2EHim
from models.e2e_him.paper.cost import count_macs, count_parameters


def build_without_memory(config: PaperConfig) -> PaperE2EHim:
    with torch.device("meta"):
        return PaperE2EHim(config).eval()


@cache
def macs_at_640(config: PaperConfig) -> int:
    return count_macs(build_without_memory(config), 640, 640)


@pytest.mark.parametrize("config", [PaperConfig.published(), PaperConfig()])
def test_the_full_network_has_the_published_number_of_parameters(config: PaperConfig) -> None:
    # 70.45 M is published to two decimals; the tolerance allows for biases that have no effect.
    network = build_without_memory(config)
    assert count_parameters(network) == pytest.approx(70.45e6, abs=0.05e6)


@pytest.mark.parametrize("config", [PaperConfig.published(), PaperConfig()])
def test_one_pass_costs_the_published_number_of_macs(config: PaperConfig) -> None:
    assert macs_at_640(config) == pytest.approx(282.9e9, abs=1e9)


def test_alpha_decoder_takes_three_fifths_of_the_cost() -> None:
    decoder = build_without_memory(PaperConfig.published()).instance_matting.alpha_decoder
    # The steps work at strides 4, 2 and 1; every weight of a convolution counts once per pixel.
    macs = sum(
        weights_of(step) * (640 // stride) ** 2
        for step, stride in ((decoder.step4, 4), (decoder.step2, 2), (decoder.step1, 1))
    )
    assert macs / macs_at_640(PaperConfig.published()) == pytest.approx(0.6, abs=0.01)


def weights_of(step: nn.Module) -> int:
    return sum(m.weight.numel() for m in step.modules() if isinstance(m, nn.Conv2d))


def test_cost_hardly_grows_with_the_number_of_slots() -> None:
    # The specification: all 20 slots together cost .25 %.
    share = macs_at_640(PaperConfig()) / macs_at_640(PaperConfig(query_count=1))
    assert share == pytest.approx(1.0025, abs=0.001)


def test_a_convolution_costs_its_weights_per_pixel() -> None:
    convolution = nn.Conv2d(3, 8, 3, padding=1).eval()
    assert count_macs(convolution, 32, 64) == 3 * 8 * 9 * 32 * 64
    assert count_parameters(convolution) == 3 * 8 * 9 + 8
