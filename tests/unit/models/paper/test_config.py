from __future__ import annotations

import pytest

from models.e2e_him.paper import PaperConfig


def test_published_turns_every_mend_off() -> None:
    published = PaperConfig.published()
    mends = (
        published.mend_linear_tail,
        published.order_free_masks,
        published.position_encoding,
        published.deep_supervision,
        published.learned_targets,
    )
    assert mends == (False,) * 5
    assert published.query_count == 20


def test_a_latent_code_is_the_token_and_its_class_probabilities() -> None:
    assert PaperConfig().code_channels == 258


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="one query"):
        PaperConfig(query_count=0)
    with pytest.raises(ValueError, match="token_channels 30"):
        PaperConfig(token_channels=30)
    with pytest.raises(ValueError, match="5 heads"):
        PaperConfig(heads=(3, 5, 12, 24))
