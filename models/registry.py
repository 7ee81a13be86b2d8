"""Networks by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from models.e2e_him.lite.backbones import BACKBONES
from models.e2e_him.lite.config import LiteConfig
from models.e2e_him.lite.network import E2EHimLite
from models.e2e_him.paper.network import PaperE2EHim
from models.e2e_him.weights import WeightsFormatError, load_weights, read_info

E2EHim = E2EHimLite | PaperE2EHim


def _lite_with(backbone: str) -> E2EHimLite:
    return E2EHimLite(LiteConfig(backbone=backbone))


NETWORKS: dict[str, Callable[[], E2EHim]] = {
    "e2e_him_lite": E2EHimLite,
    "e2e_him_swin_t": PaperE2EHim,
    **{f"e2e_him_lite_{name}": partial(_lite_with, name) for name in BACKBONES},
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
    """Load a weights file into the network it names, in eval mode and float32.

    Raises:
        WeightsFormatError: If the file is missing, damaged or names no known network.
    """
    info = read_info(path)
    if info.network not in NETWORKS:
        raise WeightsFormatError(f"{path.name} is for an unknown network {info.network!r}")
    network = create_network(info.network)
    load_weights(network, path)
    network.score_threshold, network.input_side = info.score_threshold, info.input_side
    return network.eval()
