"""Read the validation split: what a scene is, and the photographs with outlined people.

Only items that `splits.json` names as validation are read; nothing here was trained on.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.metrics.arrays import Mask, Matte

IGNORE_ID = 255
"""Id of crowds and other undecided pixels in the id maps of the photographs."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Hold one validation picture and its people.

    Attributes:
        name: unique within its part.
        photo: uint8 [H, W, 3] RGB.
        alphas: float32 [N, H, W]; outlines (0 or 1) where `is_exact` is false.
        ignore: pixels for which nothing is demanded or charged [H, W].
        is_exact: whether the alphas are true mattes.
    """

    name: str
    photo: NDArray[np.uint8]
    alphas: Matte
    ignore: Mask
    is_exact: bool


def validation_names(data_root: Path, part: str) -> tuple[str, ...]:
    """Return the names of a part's validation items, as `splits.json` lists them.

    Raises:
        FileNotFoundError: there is no data at `data_root`.
        KeyError: the split does not know the part.
    """
    splits = json.loads((data_root / "splits.json").read_text(encoding="utf-8"))
    return tuple(splits["validation"][part])


def read_photographs(data_root: Path) -> Iterator[Scene]:
    """Read the photographs of scenes/coco with the outlines of their people."""
    folder = data_root / "scenes" / "coco"
    for name in validation_names(data_root, "scenes/coco"):
        ids = read_picture(folder / f"{name}.png", cv2.IMREAD_GRAYSCALE)
        alphas = [ids == person for person in np.unique(ids) if person not in (0, IGNORE_ID)]
        yield Scene(
            name=name,
            photo=read_rgb(folder / f"{name}.jpg"),
            alphas=np.array(alphas, np.float32).reshape(-1, *ids.shape),
            ignore=ids == IGNORE_ID,
            is_exact=False,
        )


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Read a picture as uint8 [H, W, 3] RGB.

    Raises:
        FileNotFoundError: the file is missing or no picture.
    """
    return cv2.cvtColor(read_picture(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB).astype(np.uint8)


def read_picture(path: Path, flag: int) -> NDArray[np.uint8]:
    """Read a picture with OpenCV's flag, channels in OpenCV's order (BGR, BGRA).

    Raises:
        FileNotFoundError: the file is missing or no picture.
    """
    picture = cv2.imread(str(path), flag)
    if picture is None:
        raise FileNotFoundError(f"no picture at {path}")
    return picture.astype(np.uint8, copy=False)
