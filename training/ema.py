"""Averaged weights: what is evaluated and shipped."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_RAMP_STEPS = 20


class WeightAverage:
    """Exponential moving average of a network's weights, short-sighted at first."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights = {k: v.detach().clone() for k, v in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move a little towards the network's weights after ``step`` (from 0)."""
        decay = min(self.decay, (step + 1) / (step + 1 + _RAMP_STEPS))
        for name, value in network.state_dict().items():
            average = self.weights[name]
            if average.is_floating_point():
                average.lerp_(value, 1 - decay)
            else:
                average.copy_(value)

    def load(self, weights: dict[str, Tensor]) -> None:
        """Take the average over from a checkpoint."""
        for name, value in weights.items():
            self.weights[name].copy_(value)
