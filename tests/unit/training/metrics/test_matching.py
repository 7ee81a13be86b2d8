"""Pairing of predictions and people."""

import numpy as np
import pytest

from training.metrics.matching import Pair, iou_matrix, pair_masks


def test_iou_of_two_bars_that_share_half():
    # Columns 0-3 and 2-5: 2 shared of 6 covered.
    masks = np.zeros((2, 1, 8), bool)
    masks[0, 0, 0:4] = True
    masks[1, 0, 2:6] = True
    assert iou_matrix(masks[:1], masks[1:])[0, 0] == pytest.approx(2 / 6)


def test_empty_masks_have_no_overlap_instead_of_a_division_by_zero():
    empty = np.zeros((1, 4, 4), bool)
    assert iou_matrix(empty, empty)[0, 0] == 0


@pytest.mark.parametrize(("predictions", "people"), [(0, 2), (2, 0), (0, 0)])
def test_nothing_to_pair_gives_no_pairs(predictions: int, people: int):
    iou = iou_matrix(np.zeros((predictions, 4, 4), bool), np.zeros((people, 4, 4), bool))
    assert iou.shape == (predictions, people)
    assert pair_masks(iou) == ()


def test_the_sum_of_iou_decides_not_the_single_best():
    # Greedy would take .9 and leave .1; together .8 + .7 is more.
    iou = np.array([[0.9, 0.8], [0.7, 0.1]])
    assert pair_masks(iou) == (Pair(0, 1, 0.8), Pair(1, 0, 0.7))


def test_pairs_below_the_floor_are_dropped_and_at_the_floor_kept():
    assert [pair.prediction for pair in pair_masks(np.diag([0.5, 0.49]))] == [0]


def test_masks_of_other_sizes_are_refused():
    with pytest.raises(ValueError, match="differ in size"):
        iou_matrix(np.zeros((1, 4, 4), bool), np.zeros((1, 4, 5), bool))
