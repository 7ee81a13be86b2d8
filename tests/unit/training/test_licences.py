from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from training.config import config_from_mapping
from training.data.catalogue import read_catalogue
from training.evaluation.parts import read_scenes
from training.licences import is_admitted


@pytest.mark.parametrize(
    ("licence", "is_commercial"),
    [
        ("CC BY 2.0", True),
        ("CC BY-SA 2.0", True),
        ("no known restrictions", True),
        ("CC BY-NC 2.0", False),
        ("CC BY-NC-ND 2.0", False),
        ("PASCAL VOC 2007 (Flickr terms)", False),
        ("a licence nobody has heard of", False),
    ],
)
def test_only_licences_that_are_known_to_allow_it_are_commercial(
    licence: str, *, is_commercial: bool
) -> None:
    assert is_admitted({"licence": licence}, "commercial") == is_commercial
    assert is_admitted({"licence": licence}, "all")


def test_a_part_under_one_licence_needs_none_in_its_rows() -> None:
    assert is_admitted({"cut": [False] * 4}, "commercial")


def test_training_takes_only_what_the_licences_allow(mini_data: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(mini_data, root)
    _write(root / "scenes/coco", {"000000000001": "CC BY 2.0", "000000000002": "CC BY-NC 2.0"})
    _write(root / "backgrounds", {"one": "CC BY-NC-SA 2.0", "two": "CC0 / Unsplash"})
    labels = tmp_path / "labels"
    photos = {n: str(root / f"scenes/coco/{n}.jpg") for n in ("000000000001", "000000000002")}
    _dump(labels, {name: {"people": 1, "photo": photo} for name, photo in photos.items()})
    few = read_catalogue(root, labels, "commercial")
    assert [scene.ids for scene in few.scenes] == [
        root / "scenes/coco/000000000001.png",
        labels / "000000000001.png",
    ]
    assert [path.stem for path in few.backgrounds] == ["two"]
    assert len(read_catalogue(root, labels).scenes) == 4


def test_evaluation_takes_only_what_the_licences_allow(data_with_licences: Path) -> None:
    assert [s.name for s in read_scenes(data_with_licences, "coco", licences="commercial")] == []
    names = [s.name for s in read_scenes(data_with_licences, "backgrounds", licences="commercial")]
    assert names == ["free"]
    assert len(list(read_scenes(data_with_licences, "backgrounds"))) == 2


def test_licences_of_another_name_are_refused() -> None:
    with pytest.raises(ValueError, match="licences must be one of"):
        config_from_mapping({"data": {"licences": "comercial"}})


@pytest.fixture
def data_with_licences(mini_data: Path, tmp_path: Path) -> Path:
    root = tmp_path / "validation"
    shutil.copytree(mini_data, root)
    shutil.copy(root / "backgrounds/one.jpg", root / "backgrounds/free.jpg")
    splits = {"scenes/coco": ["000000000009"], "backgrounds": ["kept", "free"]}
    (root / "splits.json").write_text(json.dumps({"validation": splits}))
    _write(root / "scenes/coco", {"000000000009": "CC BY-NC 2.0"})
    _write(root / "backgrounds", {"kept": "PASCAL VOC 2007 (Flickr terms)", "free": "CC BY 2.0"})
    return root


def _write(folder: Path, licences: dict[str, str]) -> None:
    _dump(folder, {name: {"licence": licence} for name, licence in licences.items()})


def _dump(folder: Path, rows: dict[str, dict[str, object]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(rows))
