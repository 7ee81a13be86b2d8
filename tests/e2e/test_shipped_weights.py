"""What the repository ships as weights."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from himapp.inference.weights import find_weights
from himapp.paths import weights_path
from models import load_network, load_refiner

MOST_BYTES = 26_000_000


@pytest.mark.parametrize("name", ["e2e_him_lite", "refiner"])
def test_the_shipped_weights_are_the_listed_ones_small_and_of_half_precision(name: str) -> None:
    # Raises where size or SHA-256 are not the manifest's.
    path = find_weights(weights_path(name))
    assert path.stat().st_size <= MOST_BYTES
    assert {tensor.dtype for tensor in load_file(path).values()} == {torch.float16}


def test_the_shipped_weights_say_how_they_are_used() -> None:
    network = load_network(find_weights())
    assert 0 < network.score_threshold < 1
    assert network.input_side % 32 == 0


def test_the_shipped_refiner_sharpens_a_noisy_edge() -> None:
    """A dark body before a light wall, its matte drawn with the noise of both."""
    refiner = load_refiner(find_weights(weights_path("refiner")))
    rng = np.random.default_rng(1)
    truth = np.zeros((192, 192), np.float32)
    truth[:, :96] = 1
    grey = 0.75 - 0.5 * truth + rng.normal(0, 0.02, truth.shape)
    coarse = np.clip(truth + np.roll(truth, 6, 1), 0, 2) / 2 + rng.normal(0, 0.1, truth.shape)
    coarse[:, :80], coarse[:, 112:] = 1, 0
    images = torch.from_numpy(grey.astype(np.float32)).expand(1, 3, -1, -1)
    alpha = refiner.refine(images, torch.from_numpy(np.clip(coarse, 0, 1)).float()[None, None])[
        0, 0
    ]
    band = slice(80, 112)
    before = np.abs(np.clip(coarse, 0, 1) - truth)[:, band].mean()
    assert np.abs(alpha.numpy() - truth)[:, band].mean() < 0.5 * before
