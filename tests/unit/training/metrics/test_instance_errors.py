"""EMSE and EMAD worked by hand on photos of 2 x 5 pixels."""

import numpy as np
import pytest

from training.metrics.instance_errors import InstanceErrors
from training.metrics.matching import Pair


def matte(value: float, pixels: int) -> np.ndarray:
    """Fill the first `pixels` of ten with a value."""
    picture = np.zeros(10, np.float32)
    picture[:pixels] = value
    return picture.reshape(2, 5)


def test_found_person_missed_person_and_invented_person():
    # Found: truth 1 on 4 pixels, matte .5 there: mean |d| = 4 x .5 / 10 = .2, mean d² = .1.
    # Missed: truth 1 on 3 pixels against nothing: .3 and .3. Over 2 people: EMAD 250, EMSE 200.
    # Invented: .5 on 2 pixels: .1 and .05, over the same 2 people: EMAD 300, EMSE 225.
    errors = InstanceErrors()
    truth = np.stack([matte(1, 4), matte(1, 3)])
    errors.add(np.stack([matte(0.5, 2), matte(0.5, 4)]), truth, [Pair(1, 0, 0.6)])
    result = errors.result()
    assert result.people == 2
    assert result.emad == pytest.approx(250)
    assert result.emse == pytest.approx(200)
    assert result.emad_charged == pytest.approx(300)
    assert result.emse_charged == pytest.approx(225)


def test_excused_predictions_are_not_charged():
    errors = InstanceErrors()
    errors.add(matte(1, 5)[None], matte(1, 5)[None], [], excused=[0])
    assert errors.result().emad_charged == errors.result().emad == pytest.approx(500)


def test_no_predictions_count_the_whole_person():
    errors = InstanceErrors()
    errors.add(np.zeros((0, 2, 5), np.float32), matte(1, 5)[None], [])
    assert errors.result().emse == pytest.approx(500)


def test_no_people_give_zero():
    errors = InstanceErrors()
    errors.add(np.zeros((0, 2, 5), np.float32), np.zeros((0, 2, 5), np.float32), [])
    assert errors.result().emad == 0


def test_invented_people_are_charged_on_photos_without_people():
    # One person perfect in the first photo; .2 invented in the second: 1000 x .2 / 1.
    errors = InstanceErrors()
    errors.add(matte(1, 5)[None], matte(1, 5)[None], [Pair(0, 0, 1.0)])
    errors.add(matte(1, 2)[None], np.zeros((0, 2, 5), np.float32), [])
    assert errors.result().emad == 0
    assert errors.result().emad_charged == pytest.approx(200)
