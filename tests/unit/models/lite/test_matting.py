from __future__ import annotations

import pytest
import torch

from models.e2e_him.lite.config import LiteConfig
from models.e2e_him.lite.guidance import Slots, UnitedGuidance
from models.e2e_him.lite.layers import cell_centres, resize_like, sine_encoding, start_at
from models.e2e_him.lite.matting import InstanceMatting, MattingContext, union_logits


@pytest.fixture
def matting(tiny_config: LiteConfig) -> InstanceMatting:
    return InstanceMatting(tiny_config).eval()


def slots_of(logits: torch.Tensor, config: LiteConfig) -> Slots:
    return Slots(logits, torch.randn(len(logits), config.query_channels))


@pytest.mark.parametrize("people", [1, 7])
def test_guidance_has_one_size_whatever_the_number_of_people(
    tiny_config: LiteConfig, people: int
) -> None:
    guidance = UnitedGuidance(tiny_config)
    fine = torch.rand(tiny_config.fine_channels, 16, 24)
    seen = guidance(fine, slots_of(torch.randn(people, 16, 24), tiny_config))
    assert seen.shape == (tiny_config.guidance_channels + 1, 8, 12)


def test_the_last_guidance_channel_is_the_share_of_people(tiny_config: LiteConfig) -> None:
    guidance = UnitedGuidance(tiny_config)
    fine = torch.rand(tiny_config.fine_channels, 8, 8)
    # Two slots of logit 0 against a background that starts at 0: two thirds are people's.
    seen = guidance(fine, slots_of(torch.zeros(2, 8, 8), tiny_config))
    torch.testing.assert_close(seen[-1], torch.full((4, 4), 2 / 3))


def test_the_odds_of_anybody_are_the_sum_of_the_peoples() -> None:
    logits = torch.tensor([[[0.0]], [[1.0]]])
    odds = torch.tensor(1.0) + torch.tensor(1.0).exp()
    torch.testing.assert_close(union_logits(logits).exp(), odds.view(1, 1))


def test_training_starts_from_the_coarse_masks(matting: InstanceMatting) -> None:
    coarse = torch.randn(1, 8, 8)
    detail = torch.rand(1, 8, 16, 16)
    everybody = matting.everybody(detail, coarse)
    wanted = resize_like(coarse[:, None], torch.zeros(1, 1, 32, 32)).sigmoid()[:, 0]
    torch.testing.assert_close(everybody, wanted)


def test_context_changes_nothing_before_it_has_learned() -> None:
    x = torch.randn(2, 16, 12, 20)
    assert torch.equal(MattingContext(16, (16, 24))(x), x)


def test_shares_and_nobody_make_up_the_whole(
    matting: InstanceMatting, tiny_config: LiteConfig
) -> None:
    slots = slots_of(torch.randn(3, 8, 8), tiny_config)
    shares = matting.shares(torch.rand(8, 16, 16), slots)
    assert shares.shape == (3, 16, 16)
    assert (shares.sum(0) < 1).all()
    assert (shares.sum(0) > 0.9).all()  # nobody starts at a logit of -6


def test_nobody_kept_gets_no_share(matting: InstanceMatting, tiny_config: LiteConfig) -> None:
    shares = matting.shares(torch.rand(8, 16, 16), slots_of(torch.zeros(0, 8, 8), tiny_config))
    assert shares.shape == (0, 16, 16)


def test_cell_centres_are_shares_of_the_frame() -> None:
    centres = cell_centres(1, 2, torch.device("cpu"))
    assert centres.tolist() == [[[0.25, 0.5], [0.75, 0.5]]]


def test_positions_are_encoded_by_doubling_frequencies() -> None:
    encoded = sine_encoding(torch.tensor([0.5]), 4)
    torch.testing.assert_close(encoded, torch.tensor([1.0, 0.0, 0.0, -1.0]), atol=1e-6, rtol=0)


def test_a_layer_can_start_at_one_answer() -> None:
    layer = torch.nn.Linear(3, 2)
    start_at(layer, bias=-6.0)
    assert layer(torch.randn(4, 3)).unique().tolist() == [-6.0]
