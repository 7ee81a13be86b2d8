from __future__ import annotations

import numpy as np
import pytest

from training.data.augment import degrade, jitter_colour, match_light


@pytest.mark.parametrize("seed", range(12))
def test_changes_keep_size_and_type(seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (40, 56, 3), dtype=np.uint8)
    for change in (degrade, jitter_colour):
        changed = change(picture.copy(), rng)
        assert changed.shape == picture.shape
        assert changed.dtype == np.uint8


def test_light_moves_towards_the_background() -> None:
    person, dark = np.full((8, 8, 3), 200, np.uint8), np.full((8, 8, 3), 20, np.uint8)
    matched = match_light(person, dark, np.random.default_rng(0))
    assert 20 < matched.mean() < 200
