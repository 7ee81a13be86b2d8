"""Instance matting quality worked by hand."""

import numpy as np
import pytest

from training.metrics.imq import ERROR_KINDS, InstanceMattingQuality


def bar(value: float, left: int, right: int) -> np.ndarray:
    """Draw a soft bar over columns left..right of 20 x 40 pixels."""
    picture = np.zeros((20, 40), np.float32)
    picture[:, left:right] = value
    return picture


def test_perfect_people_score_hundred_by_every_error():
    people = np.stack([bar(1, 0, 10), bar(1, 20, 30)])
    quality = InstanceMattingQuality()
    quality.add(people, people)
    result = quality.result()
    assert all(result.imq[kind] == 100 for kind in ERROR_KINDS)
    assert result.rq == 100


def test_one_faint_pair_and_one_missed_person():
    # The pair differs by .04 everywhere in its union: MAD .04 -> S = 1 - .4 = .6;
    # MSE .0016 -> S = .984. One pair, one missed person: weight 1 + .5 = 1.5.
    truth = np.stack([bar(1, 0, 10), bar(1, 20, 30)])
    quality = InstanceMattingQuality()
    quality.add(bar(0.96, 0, 10)[None], truth)
    result = quality.result()
    assert result.mq["mad"] == pytest.approx(60, abs=1e-3)
    assert result.imq["mad"] == pytest.approx(60 / 1.5, abs=1e-3)
    assert result.mq["mse"] == pytest.approx(98.4, abs=1e-3)
    assert result.rq == pytest.approx(100 / 1.5)
    assert result.imq["mse"] == pytest.approx(result.mq["mse"] * result.rq / 100)


def test_large_errors_score_zero_not_less():
    quality = InstanceMattingQuality()
    quality.add(bar(0.5, 0, 10)[None], bar(1, 0, 10)[None])
    assert quality.result().imq["mad"] == 0
    assert quality.result().rq == 100


def test_stricter_floor_turns_a_loose_pair_into_a_miss_and_a_false_one():
    # 6 of 10 columns: IoU .6, a pair at .5 and none at .75.
    loose, strict = InstanceMattingQuality(), InstanceMattingQuality(iou_floor=0.75)
    for quality in (loose, strict):
        quality.add(bar(1, 0, 6)[None], bar(1, 0, 10)[None])
    assert loose.result().rq == 100
    assert strict.result().rq == 0


def test_traces_that_vanish_in_8_bit_do_not_widen_the_mask():
    quality = InstanceMattingQuality(iou_floor=0.75)
    quality.add((bar(1, 0, 10) + np.float32(0.001)).clip(max=1)[None], bar(1, 0, 10)[None])
    assert quality.result().rq == 100


@pytest.mark.parametrize(("predictions", "people", "rq"), [(0, 1, 0), (1, 0, 0), (0, 0, 0)])
def test_nothing_to_pair_scores_zero(predictions: int, people: int, rq: float):
    one = bar(1, 0, 10)[None]
    quality = InstanceMattingQuality()
    quality.add(one[:predictions], one[:people])
    assert quality.result().rq == rq
    assert quality.result().imq["grad"] == 0
