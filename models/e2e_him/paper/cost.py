"""What a network costs: parameters and multiply-accumulates."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def count_parameters(network: nn.Module) -> int:
    """Count the numbers a network learns."""
    return sum(parameter.numel() for parameter in network.parameters())


def count_macs(network: nn.Module, height: int, width: int) -> int:
    """Count the multiply-accumulates of one forward pass for one image.

    Counted are convolutions, linear layers and all matrix products, those of attention and of the
    slots' dynamic kernels included. Not counted are norms, activations, sums and resizing.

    Args:
        network: In evaluation mode; on device "meta" the count takes no arithmetic.
        height: Image height in pixels.
        width: Image width in pixels.
    """
    device = next(network.parameters()).device
    images = torch.zeros(1, 3, height, width, device=device)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(images)
    return int(counter.get_total_flops()) // 2
