"""The budget of the specification, section 2: 12 M parameters, 15 GMACs at 640 x 640."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from models.e2e_him.lite.config import LiteConfig
from models.e2e_him.lite.network import E2EHimLite
from models.e2e_him.paper.cost import count_parameters
from models.registry import BACKBONE_SETS

PEOPLE = 30
SMALL = ((), *(names for names in BACKBONE_SETS if "swin_t" not in names))
"""Further backbones that keep the budget; Swin-T is for comparison alone."""


def count_macs_with_people(network: E2EHimLite, side: int) -> int:
    """Count a whole pass in which every query is kept and matted."""
    images = torch.rand(1, 3, side, side)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        seen = network(images)
        assert int(seen.queries.valid.sum()) == PEOPLE
        network.matte(images, seen, [torch.arange(PEOPLE)])
    return int(counter.get_total_flops()) // 2


@pytest.mark.parametrize("backbones", SMALL)
def test_a_network_keeps_within_12_million_parameters(backbones: tuple[str, ...]) -> None:
    assert count_parameters(E2EHimLite(LiteConfig(backbones=backbones))) <= 12e6


@pytest.mark.parametrize("backbones", SMALL)
def test_thirty_people_at_640_cost_at_most_15_gmacs(backbones: tuple[str, ...]) -> None:
    network = E2EHimLite(LiteConfig(max_queries=PEOPLE, backbones=backbones)).eval()
    assert count_macs_with_people(network, 640) <= 15e9
