from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from models.e2e_him.paper import PaperE2EHim
from models.e2e_him.paper.blocks import Bottleneck, apply_kernels
from models.e2e_him.paper.decoder import sine_positions


def test_dynamic_kernels_equal_one_convolution_per_slot() -> None:
    kernels, features = torch.randn(2, 3, 5), torch.randn(2, 4, 6, 7)
    for image in range(2):
        weights, bias = kernels[image, :, :4, None, None], kernels[image, :, 4]
        expected = functional.conv2d(features[image : image + 1], weights, bias)
        torch.testing.assert_close(apply_kernels(kernels, features)[image], expected[0])


def test_kernels_of_several_layers_are_applied_at_once() -> None:
    kernels, features = torch.randn(3, 2, 4, 5), torch.randn(2, 4, 6, 7)
    together = apply_kernels(kernels, features)
    alone = torch.stack([apply_kernels(layer, features) for layer in kernels])
    torch.testing.assert_close(together, alone)


@pytest.mark.parametrize(("channels", "groups"), [(256, 8), (512, 16), (1024, 32), (48, 3)])
def test_bottleneck_norms_groups_as_published(channels: int, groups: int) -> None:
    norms = [m for m in Bottleneck(channels).modules() if isinstance(m, torch.nn.GroupNorm)]
    assert norms[-1].num_groups == groups


def test_guidance_equals_embeddings_broadcast_over_space(tiny_network: PaperE2EHim) -> None:
    guidance = tiny_network.united_guidance
    codes, p8 = torch.randn(2, 5, tiny_network.config.code_channels), torch.randn(2, 16, 4, 6)
    slots = torch.randn(2, 2, 6, 4, 6).softmax(2)
    embeddings = guidance.slot_embedding(codes).view(2, 5, 2, 16)
    backgrounds = guidance.background_embedding(p8).view(2, 2, 16, 4, 6)
    expected = torch.zeros(2, 2, 16, 4, 6)
    for head, norm in enumerate(guidance.norms):
        expected[:, head] = slots[:, head, 5:] * norm(backgrounds[:, head])
        for slot in range(5):
            spread = embeddings[:, slot, head, :, None, None].expand(-1, -1, 4, 6)
            expected[:, head] += slots[:, head, slot, None] * norm(spread)
    painted = guidance._paint_semantics(slots, codes, p8)
    torch.testing.assert_close(painted, expected.flatten(1, 2))


def test_every_token_has_its_own_position() -> None:
    positions = sine_positions(torch.zeros(1, 16, 5, 7))
    assert positions.shape == (35, 16)
    distances = torch.cdist(positions, positions) + torch.eye(35)
    assert distances.min() > 0.01
