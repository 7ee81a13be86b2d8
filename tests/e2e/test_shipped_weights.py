"""What the repository ships as weights."""

import torch
from safetensors.torch import load_file

from himapp.inference.weights import find_weights
from models import load_network

MOST_BYTES = 26_000_000


def test_the_shipped_weights_are_the_listed_ones_small_and_of_half_precision() -> None:
    path = find_weights()  # raises where size or SHA-256 are not the manifest's
    assert path.stat().st_size <= MOST_BYTES
    assert {tensor.dtype for tensor in load_file(path).values()} == {torch.float16}


def test_the_shipped_weights_say_how_they_are_used() -> None:
    network = load_network(find_weights())
    assert 0 < network.score_threshold < 1
    assert network.input_side % 32 == 0
