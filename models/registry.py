"""Networks by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from models.e2e_him.lite.backbones import BACKBONES
from models.e2e_him.lite.config import LiteConfig
from models.e2e_him.lite.network import LATER_PARTS, E2EHimLite
from models.e2e_him.paper.network import PaperE2EHim
from models.e2e_him.weights import WeightsFormatError, load_weights, read_info

E2EHim = E2EHimLite | PaperE2EHim


BACKBONE_SETS = (*((name,) for name in BACKBONES), ("mobilenet_v2", "efficientnet_lite2"))
"""The further backbones that a lite network may have."""


def lite_name(backbones: tuple[str, ...]) -> str:
    """Return the name of the lite network with these further backbones."""
    return "_".join(("e2e_him_lite", *backbones))


def _lite_with(backbones: tuple[str, ...]) -> E2EHimLite:
    return E2EHimLite(LiteConfig(backbones=backbones))


NETWORKS: dict[str, Callable[[], E2EHim]] = {
    "e2e_him_lite": E2EHimLite,
    "e2e_him_swin_t": PaperE2EHim,
    **{lite_name(names): partial(_lite_with, names) for names in BACKBONE_SETS},
}


def create_network(name: str) -> E2EHim:
    """Create a network with random weights.

    Raises:
        ValueError: If no network has that name.
    """
    if name not in NETWORKS:
        raise ValueError(f"unknown network {name!r}; known: {', '.join(NETWORKS)}")
    return NETWORKS[name]()


def load_network(path: Path) -> E2EHim:
    """Load a weights file into the network it names, in eval mode, float32 and channels last.

    Raises:
        WeightsFormatError: If the file is missing, damaged or names no known network.
    """
    info = read_info(path)
    if info.network not in NETWORKS:
        raise WeightsFormatError(f"{path.name} is for an unknown network {info.network!r}")
    network = create_network(info.network)
    load_weights(network, path, may_lack=LATER_PARTS)
    network.score_threshold, network.input_side = info.score_threshold, info.input_side
    # Depthwise convolutions on a CPU take half the time with channels last.
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.eval()
