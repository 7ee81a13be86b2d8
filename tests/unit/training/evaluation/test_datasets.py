"""Reading of the validation photographs and of the parts."""

from pathlib import Path

import pytest

from training.evaluation.datasets import read_photographs, read_rgb
from training.evaluation.parts import read_scenes


def test_ids_become_people_and_ignored_pixels(data_root: Path):
    (scene,) = read_photographs(data_root)
    assert scene.alphas.shape == (3, 40, 60)
    assert scene.alphas.sum((1, 2)).tolist() == [300, 300, 9]
    assert scene.ignore.sum() == 20 * 15
    assert not scene.is_exact


def test_photos_are_rgb(data_root: Path):
    red, _, blue = read_rgb(data_root / "scenes/coco/000000000003.jpg")[20, 30]
    assert red > 150 > 50 > blue


def test_missing_pictures_are_named(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=r"nobody\.jpg"):
        read_rgb(tmp_path / "nobody.jpg")


def test_limit_stops_early(data_root: Path):
    assert [scene.name for scene in read_scenes(data_root, "closeups", 2)] == [
        "closeup-00",
        "closeup-01",
    ]
