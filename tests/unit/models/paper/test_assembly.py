from __future__ import annotations

import torch
from torch import Tensor

from models.e2e_him.paper.assembly import (
    assemble_people,
    bound_mattes,
    fuse_mattes,
    limit_sum,
)


def logits_of(trimap: Tensor) -> Tensor:
    """Trimap logits [K, 3, H, W] of a trimap [K, H, W] of 0, 1 and 2."""
    return torch.nn.functional.one_hot(trimap, 3).movedim(-1, 1).float()


def test_matte_is_alpha_in_the_unknown_and_one_in_the_foreground() -> None:
    alpha = torch.tensor([[[0.4, 0.4, 0.4, 1.7, -0.5]]])
    trimap = torch.tensor([[[0, 1, 2, 1, 1]]])
    expected = torch.tensor([[[0.0, 0.4, 1.0, 1.0, 0.0]]])
    torch.testing.assert_close(fuse_mattes(alpha, logits_of(trimap)), expected)


def test_people_share_a_pixel_only_where_they_claim_too_much() -> None:
    mattes = torch.tensor([[[1.0, 0.25, 0.9]], [[1.0, 0.5, 0.3]]])
    expected = torch.tensor([[[0.5, 0.25, 0.75]], [[0.5, 0.5, 0.25]]])
    torch.testing.assert_close(limit_sum(mattes), expected)


def test_box_bounds_alpha_above_one_half() -> None:
    matte = torch.zeros(1, 6, 8)
    matte[0, 2:5, 3:7] = 0.9
    matte[0, 0, 0] = 0.4
    assert bound_mattes(matte).tolist() == [[3.0, 2.0, 7.0, 5.0]]


def test_box_of_a_faint_person_bounds_all_of_it() -> None:
    matte = torch.zeros(2, 4, 4)
    matte[0, 1, 2] = 0.3
    matte[1] = 1.0
    assert bound_mattes(matte).tolist() == [[2.0, 1.0, 3.0, 2.0], [0.0, 0.0, 4.0, 4.0]]


def test_tiny_people_are_dropped_and_claim_nothing() -> None:
    trimap = torch.zeros(3, 4, 4, dtype=torch.long)
    trimap[0], trimap[1, 0, :2] = 2, 2
    people = assemble_people(
        torch.tensor([0.9, 0.8, 0.7]), torch.zeros(3, 4, 4), logits_of(trimap), 2.0
    )
    assert people.score.tolist() == torch.tensor([0.9]).tolist()
    assert torch.equal(people.alpha, torch.ones(1, 4, 4))


def test_nobody_left_keeps_the_shapes() -> None:
    people = assemble_people(
        torch.tensor([0.9]), torch.zeros(1, 4, 5), torch.zeros(1, 3, 4, 5), 0.0
    )
    assert people.score.shape == (0,)
    assert people.box.shape == (0, 4)
    assert people.alpha.shape == (0, 4, 5)
