from __future__ import annotations

import pytest
import torch
from torch import Tensor

from models.e2e_him.lite.network import E2EHimLite
from models.e2e_him.lite.prompts import NetworkPrompt, add_prompt_queries, rank_masks
from models.e2e_him.lite.proposals import CONTENT_CHANNELS, Proposals, Queries, select_queries

SIDE = 64


def prompt(
    *points: tuple[float, float],
    avoided: tuple[tuple[float, float], ...] = (),
    box: tuple[float, float, float, float] | None = None,
    known: Tensor | None = None,
    keeps_known: bool = True,
) -> NetworkPrompt:
    return NetworkPrompt(
        points=torch.tensor(points, dtype=torch.float32).reshape(-1, 2),
        avoided=torch.tensor(avoided, dtype=torch.float32).reshape(-1, 2),
        box=None if box is None else torch.tensor(box),
        known=torch.zeros(0, SIDE, SIDE) if known is None else known,
        keeps_known=keeps_known,
    )


def proposals(*found: tuple[float, float, float, float, float]) -> Proposals:
    """Proposals given as centre x, y, width, height and score; content is their number."""
    values = torch.tensor(found)[None]
    number = torch.arange(len(found), dtype=torch.float32)
    content = number[None, :, None].expand(-1, -1, CONTENT_CHANNELS)
    return Proposals(values[..., :4], values[..., 4], content)


LEFT = (0.25, 0.5, 0.3, 0.6, 0.9)
FAINT_RIGHT = (0.75, 0.5, 0.3, 0.6, 0.002)
SURER_OFF_CENTRE = (0.88, 0.5, 0.3, 0.6, 0.003)
ALL = proposals(LEFT, FAINT_RIGHT, SURER_OFF_CENTRE)


def selected() -> Queries:
    return select_queries(ALL, limit=9, floor=0.01, max_overlap=0.7)


def test_a_click_adds_what_holds_it_below_the_floor_the_most_central_first() -> None:
    queries = add_prompt_queries(selected(), ALL, prompt((0.75 * SIDE, 0.5 * SIDE)), (SIDE, SIDE))
    assert selected().valid.shape[1] == 1
    assert queries.content[0, :, 0].tolist() == [0, 1, 2]
    assert queries.valid.all()


def test_a_click_adds_nobody_elsewhere_but_for_the_one_that_is_always_kept() -> None:
    queries = add_prompt_queries(selected(), ALL, prompt((0.25 * SIDE, 0.5 * SIDE)), (SIDE, SIDE))
    assert queries.content[0, :, 0].tolist() == [0, 0]


def test_a_box_becomes_the_place_of_the_nearest_proposals() -> None:
    drawn = (0.62 * SIDE, 0.2 * SIDE, 0.88 * SIDE, 0.8 * SIDE)
    queries = add_prompt_queries(selected(), ALL, prompt(box=drawn), (SIDE, SIDE))
    added = queries.box[0, 1:]
    torch.testing.assert_close(added, torch.tensor([[0.75, 0.5, 0.26, 0.6]]).expand_as(added))
    assert queries.content[0, 1, 0] == 1


def masks(*columns: tuple[int, int], strength: float = 5.0) -> Tensor:
    """Mask logits at stride 4: upright bars from one column to before another."""
    logits = torch.full((len(columns), SIDE // 4, SIDE // 4), -strength)
    for row, (start, stop) in enumerate(columns):
        logits[row, :, start:stop] = strength
    return logits


def bar(start: int, stop: int) -> Tensor:
    alpha = torch.zeros(1, SIDE, SIDE)
    alpha[:, :, 4 * start : 4 * stop] = 1
    return alpha


def best(logits: Tensor, asked: NetworkPrompt, *scores: float) -> int | None:
    quality = rank_masks(logits, torch.tensor(scores or [0.5] * len(logits)), asked)
    assert ((quality >= 0) & (quality <= 1)).all()
    return int(quality.argmax()) if quality.max() > 0 else None


def test_an_answer_holds_the_clicks_and_none_of_the_avoided_places() -> None:
    logits = masks((0, 4), (2, 8), (2, 14))
    assert best(logits, prompt((6, 9)), 0.9, 0.8, 0.7) == 0
    assert best(logits, prompt((22, 9)), 0.9, 0.8, 0.7) == 1
    assert best(logits, prompt((22, 9), (50, 9)), 0.9, 0.8, 0.7) == 2
    assert best(logits, prompt((10, 9), avoided=((2, 9),)), 0.9, 0.8, 0.7) == 1
    assert best(logits, prompt((62, 9))) is None


def test_an_answer_is_nobody_who_is_known() -> None:
    logits = masks((0, 8), (3, 6))
    assert best(logits, prompt((14, 9)), 0.9, 0.5) == 0
    assert best(logits, prompt((14, 9), known=bar(0, 7), keeps_known=False), 0.9, 0.5) == 1


def test_the_larger_of_two_people_in_one_matte_may_be_excluded_from_it() -> None:
    both = bar(0, 12)
    assert best(masks((4, 12)), prompt((34, 9), known=both, keeps_known=False)) == 0
    assert best(masks((4, 12)), prompt((34, 9), known=both)) is None


def test_an_answer_does_not_lie_mostly_in_known_people() -> None:
    asked = prompt((34, 9), known=bar(0, 7))
    assert best(masks((3, 9)), asked) == 0  # a third is free
    assert best(masks((0, 9)), asked) is None


def test_of_masks_in_a_box_the_one_that_fills_it_wins() -> None:
    logits = masks((4, 6), (4, 12), (0, 16))
    assert best(logits, prompt(box=(16, 0, 48, 64)), 0.9, 0.5, 0.9) == 1


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96)])
@pytest.mark.parametrize("asked", [prompt((20, 12)), prompt(box=(4.0, 4.0, 28.0, 30.0))])
def test_the_network_answers_with_at_most_one_person(
    tiny_network: E2EHimLite, height: int, width: int, asked: NetworkPrompt
) -> None:
    found = tiny_network.answer_prompt(torch.rand(1, 3, height, width), asked)
    assert len(found.score) == len(found.alpha) == len(found.box) <= 1
    assert found.alpha.shape[1:] == (height, width)
    assert ((found.alpha >= 0) & (found.alpha <= 1)).all()


def test_who_is_known_everywhere_leaves_no_answer(tiny_network: E2EHimLite) -> None:
    asked = prompt((20, 12), known=torch.ones(1, SIDE, SIDE))
    assert len(tiny_network.answer_prompt(torch.rand(1, 3, SIDE, SIDE), asked).score) == 0


def test_a_network_whose_masks_are_everything_answers_any_click(tiny_network: E2EHimLite) -> None:
    with torch.no_grad():
        last = tiny_network.perception.mask_head.parameters_of[2]
        last.weight.zero_()
        last.bias.zero_()
        last.bias[-1] = 5.0
        tiny_network.matting.alpha.weight.zero_()
    found = tiny_network.answer_prompt(torch.rand(1, 3, SIDE, SIDE), prompt((20, 12)))
    assert len(found.score) == 1
    assert found.alpha.mean() > 0.5


def test_a_prompt_in_bfloat16_is_answered_in_float32(tiny_network: E2EHimLite) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        found = tiny_network.answer_prompt(torch.rand(1, 3, SIDE, SIDE), prompt((20, 12)))
    assert found.score.dtype == found.alpha.dtype == torch.float32
