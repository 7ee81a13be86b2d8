"""The training data in miniature, in the layout of the real folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

VALIDATION = {
    "scenes/coco": ["000000000009"],
    "cutouts/ccp": ["0009"],
    "cutouts/interfaces": ["009"],
    "cutouts/openpeople": ["P009"],
    "backgrounds": ["kept"],
    "people3d": ["g9", "p9"],
}
BOTTOM = [False, True, False, False]


@pytest.fixture(autouse=True)
def one_thread_and_seed() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def mini_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder once; tests only read it."""
    root = tmp_path_factory.mktemp("training-data")
    write_json(root / "splits.json", {"validation": VALIDATION})
    write_scenes(root / "scenes/coco")
    write_backgrounds(root / "backgrounds")
    write_cutouts(root / "cutouts/ccp", {"0001": [False] * 4, "0002": [False] * 4, "0009": BOTTOM})
    write_cutouts(root / "cutouts/interfaces", {"001": [False, True, True, True], "009": BOTTOM})
    write_cutouts(root / "cutouts/openpeople", {"P001": BOTTOM, "P009": BOTTOM})
    write_people3d(root / "people3d")
    return root


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def write_picture(path: Path, picture: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lossless = [cv2.IMWRITE_WEBP_QUALITY, 101] if path.suffix == ".webp" else []
    assert cv2.imwrite(str(path), picture, lossless)


def draw_figure(height: int, width: int) -> NDArray[np.uint8]:
    """Return the soft alpha of a head on a body that fills the frame's height."""
    alpha = np.zeros((height, width), np.uint8)
    cv2.circle(alpha, (width // 2, height // 6), height // 7, 255, -1)
    cv2.rectangle(alpha, (width // 5, height // 3), (width - width // 5, height), 255, -1)
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), 1.0), np.uint8)


def write_scenes(folder: Path) -> None:
    """Write three photographs with two people each and a crowd in a corner."""
    names = ["000000000001", "000000000002", "000000000009"]
    for index, name in enumerate(names):
        ids = np.zeros((96, 128), np.uint8)
        ids[20:90, 10:40], ids[30:90, 60 + index : 95] = 1, 2
        ids[:16, 110:] = 255
        photo = np.where(ids[..., None] > 0, (40, 60, 200), (120, 90, 60)).astype(np.uint8)
        write_picture(folder / f"{name}.jpg", photo)
        write_picture(folder / f"{name}.png", ids)
    write_json(folder / "manifest.json", {name: {"people": 2} for name in names})


def write_backgrounds(folder: Path) -> None:
    ramp = np.tile(np.linspace(40, 200, 100, dtype=np.uint8), (80, 1))
    for index, name in enumerate(("one", "two", "kept")):
        write_picture(folder / f"{name}.jpg", np.dstack([ramp, ramp // (index + 1), ramp]))


def write_cutouts(folder: Path, cuts: dict[str, list[bool]]) -> None:
    for index, name in enumerate(cuts):
        alpha = draw_figure(90, 45)
        colour = np.full((90, 45, 3), (30, 60 + 40 * index, 180), np.uint8)
        write_picture(folder / f"{name}.webp", np.dstack([colour, alpha]))
    write_json(folder / "manifest.json", {f"{name}.webp": {"cut": c} for name, c in cuts.items()})


def write_people3d(folder: Path) -> None:
    """Write two groups of two people who share edge pixels, and two portraits."""
    rows: dict[str, Any] = {}
    for name in ("g1", "g9"):
        left, right = np.zeros((64, 96), np.uint8), np.zeros((64, 96), np.uint8)
        left[10:, 20:48], right[6:, 49:80] = 255, 255
        left[10:, 48], right[10:, 48] = 128, 127
        colour = np.full((64, 96, 3), (90, 120, 160), np.uint8)
        write_picture(folder / f"{name}.webp", np.dstack([colour, left + right]))
        write_picture(folder / f"{name}.png", np.hstack([left, right]))
        rows[name] = {"people": 2}
    for name in ("p1", "p9"):
        colour = np.full((80, 60, 3), (60, 90, 150), np.uint8)
        write_picture(folder / f"{name}.webp", np.dstack([colour, draw_figure(80, 60)]))
        rows[name] = {"people": 1, "cut": ["bottom"]}
    write_json(folder / "manifest.json", rows)
