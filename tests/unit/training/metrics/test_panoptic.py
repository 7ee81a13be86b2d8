"""Panoptic quality on hand-worked photos of 10 x 20 pixels."""

import numpy as np
import pytest

from training.metrics.panoptic import (
    PanopticQuality,
    demand_people,
    mask_heights,
    measure_overlaps,
    score_panoptic,
)

NO_IGNORE = np.zeros((10, 20), bool)


def boxes(*corners: tuple[int, int, int, int]) -> np.ndarray:
    """Draw one mask per (top, bottom, left, right)."""
    masks = np.zeros((len(corners), 10, 20), bool)
    for mask, (top, bottom, left, right) in zip(masks, corners, strict=True):
        mask[top:bottom, left:right] = True
    return masks


def test_one_good_one_false_one_missed():
    # The pair: 10 x 4 against 10 x 5, IoU 40 / 50 = .8. One false prediction, one missed person.
    # PQ = .8 / (1 + .5 + .5) = .4; ACC = REC = 1 / 2; MIOU = .8.
    people = boxes((0, 10, 0, 5), (0, 10, 10, 14))
    predicted = boxes((0, 10, 0, 4), (0, 10, 16, 20))
    result = score_panoptic([measure_overlaps(predicted, people, NO_IGNORE)])
    assert result.pq == pytest.approx(0.4)
    assert (result.acc, result.rec) == (0.5, 0.5)
    assert result.miou == pytest.approx(0.8)
    assert result.lowest_iou == 0
    assert (result.pairs, result.false_predictions, result.missed_people) == (1, 1, 1)


def test_photos_add_up():
    # First photo: one pair of IoU 1. Second photo: one missed person. PQ = 1 / 1.5.
    person = boxes((0, 10, 0, 5))
    quality = PanopticQuality()
    quality.add(measure_overlaps(person, person, NO_IGNORE))
    quality.add(measure_overlaps(person[:0], person, NO_IGNORE))
    assert quality.result().pq == pytest.approx(1 / 1.5)


def test_low_people_are_neither_demanded_nor_charged():
    # 15 % of 10 rows is 1.5: one row is too low, two rows are demanded.
    people = boxes((0, 1, 0, 5), (4, 6, 0, 5))
    is_demanded, ignored = demand_people(people, NO_IGNORE)
    assert is_demanded.tolist() == [False, True]
    assert ignored.sum() == 5
    found_both = score_panoptic([measure_overlaps(people, people, NO_IGNORE)])
    assert (found_both.pairs, found_both.false_predictions, found_both.missed_people) == (1, 0, 0)
    assert found_both.pq == 1


def test_prediction_more_than_half_in_a_crowd_is_not_charged():
    crowd = NO_IGNORE.copy()
    crowd[:, :6] = True
    inside, half = boxes((0, 10, 0, 10)), boxes((0, 10, 0, 12))
    assert score_panoptic([measure_overlaps(inside, inside[:0], crowd)]).false_predictions == 0
    assert score_panoptic([measure_overlaps(half, half[:0], crowd)]).false_predictions == 1


def test_second_prediction_of_the_same_person_is_false():
    person = boxes((0, 10, 0, 5))
    twice = np.concatenate([person, person])
    result = score_panoptic([measure_overlaps(twice, person, NO_IGNORE)])
    assert (result.acc, result.rec) == (0.5, 1.0)
    assert result.pq == pytest.approx(1 / 1.5)


def test_nothing_anywhere_scores_zero_without_dividing_by_it():
    assert PanopticQuality().result().pq == 0
    nothing = measure_overlaps(boxes(), boxes(), NO_IGNORE)
    assert score_panoptic([nothing]).missed_people == 0


def test_everything_ignored_asks_for_nothing():
    people = boxes((0, 1, 0, 5))
    result = score_panoptic([measure_overlaps(people, people, ~NO_IGNORE)])
    assert (result.pairs, result.false_predictions, result.missed_people) == (0, 0, 0)


def test_dropped_predictions_no_longer_count():
    people = boxes((0, 10, 0, 5))
    predicted = boxes((0, 10, 0, 5), (0, 10, 10, 15))
    overlaps = measure_overlaps(predicted, people, NO_IGNORE)
    assert score_panoptic([overlaps.keep(np.array([True, False]))]).pq == 1


def test_height_reaches_from_the_first_to_the_last_row_over_a_gap():
    mask = np.zeros((2, 10, 20), bool)
    mask[0, 2, 3] = mask[0, 7, 9] = True
    assert mask_heights(mask).tolist() == [6, 0]
