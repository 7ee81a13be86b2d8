"""A data folder in miniature, with the layout of the real one."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest


def write_cut_out(path: Path, size_px: tuple[int, int], color: tuple[int, int, int]) -> None:
    """Write a soft ellipse in one RGB colour as straight RGBA."""
    height, width = size_px
    alpha = np.zeros(size_px, np.uint8)
    center = (width // 2, height // 2)
    cv2.ellipse(alpha, center, (width // 2 - 2, height // 2 - 2), 0, 0, 360, 255, -1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 1.0)
    picture = np.dstack([np.full((*size_px, 3), color[::-1], np.uint8), alpha])
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_WEBP_QUALITY, 101])


def write_part(root: Path, part: str, names: list[str], cut: list[bool]) -> None:
    """Write the cut-outs of a part and their manifest."""
    manifest = {}
    for index, name in enumerate(names):
        write_cut_out(root / part / f"{name}.webp", (60, 30), (220, 40 + 20 * index, 30))
        manifest[f"{name}.webp"] = {"cut": cut}
    (root / part / "manifest.json").write_text(json.dumps(manifest))


def write_photograph(root: Path) -> None:
    """Write a 40 x 60 photograph: two people, one too low, and a crowd."""
    ids = np.zeros((40, 60), np.uint8)
    ids[5:35, 5:15] = 1
    ids[5:35, 20:30] = 2
    ids[36:39, 2:5] = 3
    ids[:20, 45:] = 255
    folder = root / "scenes" / "coco"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "000000000003.png"), ids)
    cv2.imwrite(str(folder / "000000000003.jpg"), np.full((40, 60, 3), (10, 20, 200), np.uint8))


@pytest.fixture(scope="session")
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder once; tests only read it."""
    root = tmp_path_factory.mktemp("data")
    ccp = [f"{index:04}" for index in range(10)]
    portraits = ["P007_studio_portrait", "P008_amateur_posture"]
    write_part(root, "cutouts/ccp", ccp, [False] * 4)
    write_part(root, "cutouts/interfaces", ["001"], [False, True, False, False])
    write_part(root, "cutouts/openpeople", portraits, [False, True, True, True])
    write_photograph(root)
    (root / "backgrounds").mkdir()
    cv2.imwrite(str(root / "backgrounds" / "elem.jpg"), np.full((50, 80, 3), 90, np.uint8))
    splits = {
        "scenes/coco": ["000000000003"],
        "cutouts/ccp": ccp,
        "cutouts/interfaces": ["001"],
        "cutouts/openpeople": portraits,
        "backgrounds": ["elem"],
    }
    (root / "splits.json").write_text(json.dumps({"validation": splits}))
    return root
