from __future__ import annotations

import pytest
import torch
from torch import Tensor

from models.e2e_him.lite.network import E2EHimLite
from models.e2e_him.lite.proposals import (
    CONTENT_CHANNELS,
    Proposals,
    box_corners,
    box_overlap,
    collect_proposals,
    select_queries,
)
from models.e2e_him.lite.trunk import CLASSES, LevelOutput, TrunkOutput


def proposals_of(boxes: list[list[float]], scores: list[float]) -> Proposals:
    content = torch.arange(float(len(boxes)))[None, :, None].expand(1, -1, CONTENT_CHANNELS)
    return Proposals(torch.tensor([boxes]), torch.tensor([scores]), content)


def chosen(proposals: Proposals, limit: int = 10, floor: float = 0.01) -> list[int]:
    queries = select_queries(proposals, limit=limit, floor=floor, max_overlap=0.7)
    assert queries.valid.all()
    return [int(index) for index in queries.content[0, :, 0]]


LEFT, NEARLY_LEFT = [0.25, 0.5, 0.4, 0.8], [0.26, 0.5, 0.4, 0.8]
RIGHT = [0.75, 0.5, 0.4, 0.8]


def test_the_overlap_of_two_boxes_is_their_iou() -> None:
    # Unit square against one shifted by half: 1/2 shared of 3/2.
    overlap = box_overlap(
        torch.tensor([[0.0, 0, 1, 1]]), torch.tensor([[0.5, 0, 1.5, 1], [2.0, 2, 3, 3]])
    )
    torch.testing.assert_close(overlap, torch.tensor([[1 / 3, 0.0]]))


def test_corners_lie_half_a_side_from_the_centre() -> None:
    corners = box_corners(torch.tensor([0.5, 0.4, 0.2, 0.6]))
    torch.testing.assert_close(corners, torch.tensor([0.4, 0.1, 0.6, 0.7]))


def test_the_weaker_of_two_near_boxes_is_dropped() -> None:
    assert chosen(proposals_of([LEFT, NEARLY_LEFT, RIGHT], [0.5, 0.9, 0.7])) == [1, 2]


def test_no_more_queries_than_the_limit() -> None:
    assert chosen(proposals_of([LEFT, RIGHT], [0.5, 0.9]), limit=1) == [1]


def test_the_best_proposal_stays_whatever_its_score() -> None:
    assert chosen(proposals_of([LEFT, RIGHT], [0.001, 0.002])) == [1]


def test_shorter_images_are_padded_with_invalid_slots() -> None:
    one, two = (
        proposals_of([LEFT, RIGHT], [0.9, 0.0]),
        proposals_of([LEFT, RIGHT], [0.9, 0.8]),
    )
    batch = Proposals(
        torch.cat([one.box, two.box]),
        torch.cat([one.score, two.score]),
        torch.cat([one.content, two.content]),
    )
    queries = select_queries(batch, limit=10, floor=0.01, max_overlap=0.7)
    assert queries.valid.tolist() == [[True, False], [True, True]]
    assert queries.box.shape == (2, 2, 4)


def look_with(offsets: float, side: int) -> TrunkOutput:
    """A look at a square whose every cell proposes a box of its own size."""

    def level(stride: int) -> LevelOutput:
        cells = side // stride

        def plane(channels: int, value: float = 0.0) -> Tensor:
            return torch.full((1, channels, cells, cells), value)

        box = torch.cat([plane(2, offsets), plane(2)], 1)
        return LevelOutput(plane(64), plane(64), plane(CLASSES), box, plane(1))

    none = torch.zeros(0)
    levels = tuple(level(stride) for stride in (8, 16, 32))
    return TrunkOutput(none, none, none, none, none, levels)


def test_both_looks_give_boxes_as_shares_of_the_same_frame() -> None:
    full, half = look_with(0.5, 64), look_with(0.5, 32)
    found = collect_proposals([full, half], [(64, 64), (32, 32)])
    cells = [8 * 8, 4 * 4, 2 * 2, 4 * 4, 2 * 2, 1]
    assert found.box.shape == (1, sum(cells), 4)
    # The half-side look's stride 8 covers the frame as the full one's stride 16.
    torch.testing.assert_close(found.box[0, 64:80], found.box[0, 84:100])
    torch.testing.assert_close(found.box[0, -1], torch.tensor([0.5, 0.5, 1.0, 1.0]))


def test_a_score_is_objectness_times_person() -> None:
    found = collect_proposals([look_with(0.0, 32)], [(32, 32)])
    assert found.score[0].tolist() == pytest.approx([0.25] * 21)


def test_a_networks_proposals_start_inside_a_padded_half_look(tiny_network: E2EHimLite) -> None:
    images = torch.rand(1, 3, 32, 96)  # the half-side look is padded from 16 x 48 to 32 x 64
    with torch.inference_mode():
        found = tiny_network.propose(tiny_network.look(images), images)
    per_level = [4 * 12, 2 * 6, 1 * 3, 4 * 8, 2 * 4, 1 * 2]
    assert found.box.shape == (1, sum(per_level), 4)
    assert found.content.shape == (1, sum(per_level), CONTENT_CHANNELS)
