from __future__ import annotations

import numpy as np
import pytest
import torch

from training.data.compose import Canvas
from training.data.targets import target_of

SIDE = 64


def canvas_with(*blocks: tuple[slice, slice]) -> Canvas:
    canvas = Canvas.over(np.zeros((SIDE, SIDE, 3), np.uint8))
    for rows, columns in blocks:
        alpha = np.zeros((SIDE, SIDE), np.uint8)
        alpha[rows, columns] = 255
        canvas.add_person(alpha)
    return canvas


BIG = slice(16, 48), slice(8, 40)
SPECK = slice(50, 60), slice(50, 60)  # 100 px are 6.25 cells of 16


def test_boxes_are_shares_of_the_frame() -> None:
    target = target_of(canvas_with(BIG), with_alphas=False)
    assert target.boxes.tolist() == [[8 / 64, 16 / 64, 40 / 64, 48 / 64]]


def test_masks_are_the_share_of_each_cell() -> None:
    target = target_of(canvas_with((slice(0, 32), slice(0, 34))), with_alphas=False)
    assert target.masks.shape == (1, 16, 16)
    assert target.masks[0, 0, 7:10].tolist() == [1.0, 0.5, 0.0]


def test_somebody_small_is_unknown_and_not_demanded() -> None:
    target = target_of(canvas_with(BIG, SPECK), with_alphas=True)
    assert len(target.masks) == len(target.boxes) == len(target.alphas) == 1
    assert target.known[13, 13] == 0
    assert target.known[5, 5] == 1


def test_ignored_places_are_unknown() -> None:
    canvas = canvas_with(BIG)
    canvas.ignore[:5, :5] = True
    known = target_of(canvas, with_alphas=False).known
    assert known[:2, :2].tolist() == [[0, 0], [0, 0]]  # a cell that is touched, too
    assert known.sum() == 16 * 16 - 4


@pytest.mark.parametrize("with_alphas", [True, False])
def test_a_picture_without_people_has_empty_tensors(*, with_alphas: bool) -> None:
    target = target_of(canvas_with(), with_alphas=with_alphas)
    assert target.masks.shape == (0, 16, 16)
    assert target.boxes.shape == (0, 4)
    assert target.alphas.shape == (0, SIDE, SIDE)
    assert target.known.dtype == torch.float32


def test_alphas_come_at_full_size_and_only_on_demand() -> None:
    canvas = canvas_with(BIG)
    wanted = target_of(canvas, with_alphas=True)
    assert np.array_equal(wanted.alphas[0].numpy(), canvas.alphas[0])
    assert target_of(canvas, with_alphas=False).alphas.shape == (0, SIDE, SIDE)


def test_a_target_tells_whether_its_edges_are_exact() -> None:
    canvas = canvas_with(BIG)
    canvas.is_exact = False
    assert not target_of(canvas, with_alphas=True).to(torch.device("cpu")).is_exact
