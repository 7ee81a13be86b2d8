import numpy as np
import pytest

from training.evaluation.groups import GroupScoring, describe_people, markdown_group_tables
from training.metrics.matching import Pair


def box(top: int, bottom: int, left: int, right: int) -> np.ndarray:
    """Return a matte of a 100 x 80 photo that is 1 in a box."""
    matte = np.zeros((100, 80), np.float32)
    matte[top:bottom, left:right] = 1
    return matte


def test_a_person_is_described_by_size_neighbours_and_frame():
    masks = np.stack([box(20, 70, 10, 30), box(20, 70, 20, 40), box(60, 100, 60, 70)]) > 0.5
    first, second, third = describe_people(masks, 3)
    assert (first.height, first.people, first.is_cut) == (0.5, 3, False)
    # 10 of the 30 columns that the first two cover together.
    assert first.overlap == second.overlap == pytest.approx(1 / 3)
    assert (third.overlap, third.is_cut) == (0, True)


def test_nobody_is_no_group():
    scoring = GroupScoring()
    scoring.add(np.zeros((0, 4, 4), np.float32), np.zeros((0, 4, 4), np.float32), ())
    assert not any(scoring.result().values())


def test_people_and_false_predictions_are_counted_in_their_groups():
    # One found at IoU .8, one missed and cut by the frame, one false person as high as the first.
    truth = np.stack([box(20, 70, 10, 30), box(80, 100, 40, 60)])
    predicted = np.stack([box(20, 60, 10, 30), box(20, 70, 60, 75), box(0, 5, 0, 5)])
    scoring = GroupScoring()
    scoring.add(predicted, truth, [Pair(0, 0, 0.8)], excused=[2], is_exact=True)
    scores = scoring.result()
    whole, cut = scores["the frame"]["whole"], scores["the frame"]["cut"]
    assert (whole.people, whole.false, whole.rec, whole.acc) == (1, 1, 1, 0.5)
    assert whole.pq == pytest.approx(0.8 / 1.5)
    assert (cut.people, cut.rec, cut.false) == (1, 0, 0)
    # 10 rows x 20 columns of 8000 pixels are missing.
    assert whole.emad == pytest.approx(1000 * 200 / 8000)
    assert cut.emse == pytest.approx(1000 * 400 / 8000)
    for groups in scores.values():
        assert sum(group.people for group in groups.values()) == 2
        assert sum(group.false for group in groups.values()) == 1
    assert set(scores["people in the photo"]) == {"2-3"}


def test_outlines_have_no_matte_errors():
    scoring = GroupScoring()
    scoring.add(np.zeros((0, 100, 80), np.float32), box(20, 70, 10, 30)[None], ())
    scores = scoring.result()
    assert scores["the frame"]["whole"].emad is None
    table = markdown_group_tables(scores).splitlines()
    assert len({line.count("|") for line in table}) == 1
    assert "| whole | 1 | 0.000 | 0.000 | 0.000 | 0.000 | 0 | – | – |" in table
