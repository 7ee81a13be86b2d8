from pathlib import Path

import numpy as np
import pytest

from training.evaluation.crowds import CROWD_SIZE_PX, compose_crowd, count_rows
from training.evaluation.parts import read_scenes
from training.evaluation.scoring import collect_scene
from training.metrics.panoptic import demand_people


def test_a_crowd_keeps_everybody_in_sight(data_root: Path):
    scene = compose_crowd(data_root, 30, 0)
    assert scene.photo.shape == (*CROWD_SIZE_PX, 3)
    assert scene.alphas.sum(0).max() <= 1 + 1e-5
    assert (scene.alphas > 0.5).sum((1, 2)).min() > 2000
    is_demanded, _ = demand_people(scene.alphas > 0.5, scene.ignore, scene.least_height)
    assert is_demanded.all()


def test_the_same_crowd_comes_again(data_root: Path):
    first, again = (compose_crowd(data_root, 12, 3) for _ in range(2))
    np.testing.assert_array_equal(first.photo, again.photo)


@pytest.mark.parametrize(("people", "rows"), [(1, 1), (30, 4), (60, 5)])
def test_more_people_stand_in_more_rows(people: int, rows: int):
    assert count_rows(people, CROWD_SIZE_PX) == rows


def test_everybody_found_on_a_background_is_false(data_root: Path):
    (scene,) = read_scenes(data_root, "backgrounds")
    speck = np.zeros(scene.photo.shape[:2], np.float32)
    speck[3:6, 4:10] = 1
    found = collect_scene(lambda _: [(speck, 0.9)], scene)
    assert found.people == 0
    assert not found.overlaps.is_excused.any()
