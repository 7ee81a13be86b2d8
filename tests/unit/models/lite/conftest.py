"""A lite network that is small enough to run in milliseconds (its trunk has one size only)."""

from __future__ import annotations

import pytest
import torch

from models.e2e_him.lite.config import LiteConfig
from models.e2e_him.lite.network import E2EHimLite

TINY = LiteConfig(
    pixel_channels=16,
    fine_channels=16,
    query_channels=32,
    heads=2,
    decoder_layers=2,
    mask_features=8,
    mask_hidden=8,
    guidance_channels=8,
    matting_channels=(16, 8),
    context_channels=(16, 16),
    max_queries=10,
)
SEED = 4
"""With others people's masks may all look alike."""


@pytest.fixture
def tiny_config() -> LiteConfig:
    return TINY


@pytest.fixture
def tiny_network(tiny_config: LiteConfig) -> E2EHimLite:
    """A tiny network in evaluation mode whose people are stripes and patches that differ."""
    torch.manual_seed(0)
    network = E2EHimLite(tiny_config).eval()
    torch.manual_seed(SEED)
    with torch.no_grad():
        last = network.perception.mask_head.parameters_of[2]
        last.weight.normal_(std=1.0)
        for fresh in (network.matting.alpha, network.matting.person_kernel):
            fresh.weight.normal_(std=0.1)
    return network
