from __future__ import annotations

import pytest
import torch

from models.e2e_him.lite.network import E2EHimLite
from models.e2e_him.lite.quality import Drawn, QualityHead, collect_evidence


def _square(top: int, left: int, side: int) -> torch.Tensor:
    plane = torch.zeros(20, 20)
    plane[top : top + side, left : left + side] = 1
    return plane


def _drawn(*squares: torch.Tensor) -> Drawn:
    alpha = torch.stack(squares)
    return Drawn(
        logits=torch.zeros(len(squares), 2),
        masks=alpha * 20 - 10,
        alpha=alpha,
        anybody=torch.full((20, 20), 0.75),
    )


def test_evidence_of_sharp_squares() -> None:
    # The second lies half in the first and is a quarter as large.
    first, second = _square(0, 0, 10), _square(5, 0, 5).roll(5, 1)
    drawn = _drawn(first, second.roll(2, 0))
    _, _, area, inside, soft, probability, undecided, anybody, held, covered, covering = (
        collect_evidence(drawn).T
    )
    assert area.exp().mul(400).tolist() == pytest.approx([101, 26], rel=1e-4)
    assert inside.tolist() == pytest.approx([1, 1])
    assert soft.tolist() == undecided.tolist() == [0, 0]
    assert probability.tolist() == pytest.approx([1, 1], abs=1e-3)
    assert anybody.tolist() == pytest.approx([0.75, 0.75])
    assert held.tolist() == pytest.approx([100 / 101, 25 / 26])
    assert covered.tolist() == pytest.approx([0, 15 / 25])
    assert covering.tolist() == pytest.approx([0, 15 / 100])


def test_what_is_soft_or_empty_shows() -> None:
    drawn = _drawn(_square(0, 0, 10) * 0.55, _square(0, 0, 4) * 0.3)
    evidence = collect_evidence(drawn)
    assert evidence.isfinite().all()
    assert evidence[0, 3] == pytest.approx(0.55)
    assert evidence[0, 4] == pytest.approx(100 / 101)
    assert evidence[1, 3] == 0


def test_nobody_is_no_evidence() -> None:
    drawn = Drawn(torch.zeros(0, 2), torch.zeros(0, 8, 8), torch.zeros(0, 8, 8), torch.zeros(8, 8))
    assert collect_evidence(drawn).shape == (0, 11)


def test_an_untrained_head_keeps_the_probability() -> None:
    head = QualityHead(layers=2, hidden=8).eval()
    evidence = torch.randn(5, 11)
    assert torch.equal(head(evidence), evidence[:, 1])


def test_people_are_kept_and_ordered_by_the_head(tiny_network: E2EHimLite) -> None:
    images = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        tiny_network.perception.decoder.person.weight.normal_(std=2)
    (before,) = tiny_network.predict(images, 0.0)
    assert len(before.score) > 1
    with torch.no_grad():
        # Now whoever was likeliest is worst: the logit's sign turns.
        tiny_network.quality.hidden.weight.zero_()
        tiny_network.quality.hidden.weight[0, 1] = 1
        tiny_network.quality.hidden.bias.fill_(4)
        tiny_network.quality.change.weight[0, 0] = -3
    (after,) = tiny_network.predict(images, 0.0)
    assert (after.score.diff() <= 0).all()
    assert torch.equal(after.alpha[-1], before.alpha[0])
    (some,) = tiny_network.predict(images, float(after.score[0]))
    assert len(some.score) == 1
