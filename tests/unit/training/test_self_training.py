import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from training.data.catalogue import read_catalogue
from training.self_training import (
    NOBODY,
    UNKNOWN,
    BoxedPhoto,
    label_people,
    read_boxed_photos,
    write_labels,
)

SIDE = 80
AGREED, MISSED, OUTLINED = (5, 10, 25, 70), (30, 10, 50, 70), (55, 10, 75, 70)


def rectangle(box: tuple[int, int, int, int]) -> NDArray[np.float32]:
    alpha = np.zeros((SIDE, SIDE), np.float32)
    alpha[box[1] : box[3], box[0] : box[2]] = 1
    return alpha


def predict(_photo: NDArray[np.uint8]) -> list[tuple[NDArray[np.float32], float]]:
    """One who agrees, one half as tall as their box, one in no box at all."""
    return [
        (rectangle((5, 12, 25, 70)), 0.9),
        (rectangle((30, 40, 50, 70)), 0.8),
        (rectangle((0, 72, 40, 80)), 0.7),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    known = np.full((SIDE, SIDE), 0, np.uint8)
    known[20:70, 57:75] = 1
    cv2.imwrite(str(tmp_path / "a.jpg"), np.full((SIDE, SIDE, 3), 90, np.uint8))
    cv2.imwrite(str(tmp_path / "a.png"), known)
    boxes = [[x0, y0, x1 - x0, y1 - y0] for x0, y0, x1, y1 in (AGREED, MISSED, OUTLINED)]
    rows = {"a": {"boxes_xywh": boxes, "box_with_mask": [2]}, "kept": {"boxes_xywh": []}}
    (tmp_path / "manifest.json").write_text(json.dumps(rows), encoding="utf-8")
    return tmp_path


def the_photo(folder: Path) -> BoxedPhoto:
    (item,) = read_boxed_photos(folder, {"kept"})
    return item


def test_only_who_agrees_with_a_box_is_believed(folder: Path) -> None:
    item = the_photo(folder)
    known = cv2.imread(str(item.known), cv2.IMREAD_GRAYSCALE)
    ids, people = label_people(
        np.zeros((SIDE, SIDE, 3), np.uint8), np.asarray(known, np.uint8), item, predict
    )
    assert people == 2
    assert ids[40, 15] == 1
    assert (ids[10:70, 30:50] == UNKNOWN).all()  # the box that nobody explains
    assert ids[40, 65] == 2
    assert ids[12, 56] == NOBODY  # in the outlined person's box, but not of the person
    assert (ids[72:] == NOBODY).all()  # found outside all boxes


def test_labels_become_scenes_to_train_on(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "labels"
    assert list(write_labels([the_photo(folder)], predict, out)) == [2]
    row = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["a"]
    assert row == {"people": 2, "photo": str((folder / "a.jpg").resolve())}
    ids = cv2.imread(str(out / "a.png"), cv2.IMREAD_GRAYSCALE)
    assert sorted(np.unique(np.asarray(ids)).tolist()) == [0, 1, 2, 255]


def test_a_photo_in_which_nobody_is_known_is_left_out(folder: Path, tmp_path: Path) -> None:
    rows = {"a": {"boxes_xywh": [[30, 10, 20, 60]]}}
    (folder / "manifest.json").write_text(json.dumps(rows), encoding="utf-8")
    out = tmp_path / "labels"
    assert list(write_labels([the_photo(folder)], predict, out)) == [0]
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8")) == {}


def test_the_catalogue_lists_labelled_scenes_behind_the_others(
    folder: Path, tmp_path: Path, mini_data: Path
) -> None:
    out = tmp_path / "labels"
    list(write_labels([the_photo(folder)], predict, out))
    own = read_catalogue(mini_data).scenes
    (added,) = read_catalogue(mini_data, out).scenes[len(own) :]
    assert added.photo == (folder / "a.jpg").resolve()
    assert added.ids == out / "a.png"
