from __future__ import annotations

import pytest
import torch
from torch import Tensor

from training.matcher import MIN_BOX_OVERLAP, dice_distance, match_people

# Two people on a picture of four cells: the left two cells, the right two.
LEFT, RIGHT = [1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]
PEOPLE = torch.tensor([LEFT, RIGHT])


def pairs(overlap: list[list[float]], masks: list[list[float]], person: list[float]) -> set:
    match = match_people(
        torch.tensor(overlap), torch.tensor(masks), torch.tensor(person), PEOPLE[: len(overlap[0])]
    )
    assert match.queries.dtype == match.people.dtype == torch.int64
    return set(zip(match.queries.tolist(), match.people.tolist(), strict=True))


def test_everybody_gets_the_query_with_the_best_mask() -> None:
    assert pairs([[0.5, 0.5], [0.5, 0.5]], [RIGHT, LEFT], [0.5, 0.5]) == {(0, 1), (1, 0)}


def test_boxes_that_hardly_overlap_are_no_pair_however_good_the_mask() -> None:
    below = MIN_BOX_OVERLAP - 0.01
    assert pairs([[below, 0.0]], [LEFT], [0.9]) == set()
    assert pairs([[MIN_BOX_OVERLAP, 0.0]], [LEFT], [0.9]) == {(0, 0)}


def test_a_query_that_may_not_have_its_favourite_takes_nobody() -> None:
    # Query 0 has the right mask for person 1, but only its box for person 0 overlaps.
    assert pairs([[0.5, 0.0], [0.0, 0.5]], [RIGHT, RIGHT], [0.5, 0.5]) == {(0, 0), (1, 1)}


def test_duplicates_get_one_person_between_them() -> None:
    found = pairs([[0.8], [0.8], [0.8]], [LEFT, LEFT, LEFT], [0.2, 0.9, 0.5])
    assert found == {(1, 0)}  # the likeliest person


def test_more_people_than_queries_leaves_somebody_out() -> None:
    assert pairs([[0.5, 0.5]], [RIGHT], [0.5]) == {(0, 1)}


@pytest.mark.parametrize(
    ("other", "distance"),
    [([1.0, 1.0, 0.0, 0.0], 0.0), ([0.0, 0.0, 1.0, 1.0], 0.8), ([1.0, 0.0, 0.0, 0.0], 0.25)],
)
def test_dice_by_hand(other: list[float], distance: float) -> None:
    # Dice adds one above and below: twice the shared cells + 1, over both sums + 1.
    first: Tensor = torch.tensor([LEFT])
    assert dice_distance(first, torch.tensor([other])).item() == pytest.approx(distance)
