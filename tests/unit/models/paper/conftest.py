"""A network of the paper's shape that is small enough to run in milliseconds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.e2e_him.paper import PaperConfig, PaperE2EHim

TINY = PaperConfig(
    stem_channels=(16, 16, 16),
    embed_channels=16,
    depths=(1, 1, 2, 1),
    heads=(1, 2, 2, 4),
    window_side=3,
    query_count=5,
    token_channels=16,
    decoder_layers=2,
    decoder_heads=2,
    decoder_hidden=32,
    class_hidden=16,
    pixel_channels=16,
    embedding_channels=16,
    wide_channels=32,
    down_channels=16,
    deep_channels=32,
    trimap_channels=16,
    alpha_channels=(32, 16, 16, 16),
)


@pytest.fixture
def tiny_config() -> PaperConfig:
    return TINY


@pytest.fixture(params=["mended", "published"])
def any_tiny_config(request: pytest.FixtureRequest) -> PaperConfig:
    return TINY if request.param == "mended" else TINY.with_published_quirks()


@pytest.fixture
def tiny_network(tiny_config: PaperConfig) -> PaperE2EHim:
    """A tiny network in evaluation mode whose matting says something at every pixel."""
    return PaperE2EHim(replace(tiny_config, smallest_matte_px=0.0)).eval()
