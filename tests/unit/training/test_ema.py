from __future__ import annotations

import pytest
import torch
from torch import nn

from training.ema import WeightAverage


def network_with(value: float) -> nn.Module:
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, value)
    return network


def test_the_average_is_short_sighted_at_first_and_then_decays() -> None:
    network = network_with(0.0)
    average = WeightAverage(network, decay=0.9)
    nn.init.constant_(network.weight, 1.0)
    average.update(network, step=0)  # keeps 1/21 of the old
    assert average.weights["weight"].item() == pytest.approx(20 / 21)
    nn.init.constant_(network.weight, 0.0)
    average.update(network, step=1000)  # keeps the decay's .9
    assert average.weights["weight"].item() == pytest.approx(0.9 * 20 / 21)


def test_the_average_follows_no_later_change_by_itself() -> None:
    network = network_with(0.0)
    average = WeightAverage(network, decay=0.9)
    nn.init.constant_(network.weight, 5.0)
    assert average.weights["weight"].item() == 0.0


def test_an_average_is_taken_over_from_a_checkpoint() -> None:
    average = WeightAverage(network_with(0.0), decay=0.9)
    average.load({"weight": torch.tensor([[3.0]])})
    assert average.weights["weight"].item() == 3.0


def test_whole_numbers_are_copied() -> None:
    network = nn.BatchNorm1d(1)
    average = WeightAverage(network, decay=0.9)
    network.num_batches_tracked.fill_(7)
    average.update(network, step=50)
    assert average.weights["num_batches_tracked"].item() == 7
