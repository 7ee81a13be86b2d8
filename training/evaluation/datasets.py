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

from training.licences import Licences, is_admitted
from training.metrics.arrays import Mask, Matte
from training.metrics.panoptic import MIN_HEIGHT

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
        least_height: share of the photo's height from which people are demanded and charged.
    """

    name: str
    photo: NDArray[np.uint8]
    alphas: Matte
    ignore: Mask
    is_exact: bool
    least_height: float = MIN_HEIGHT


def validation_names(data_root: Path, part: str) -> tuple[str, ...]:
    """Return the names of a part's validation items, as `splits.json` lists them.

    Raises:
        FileNotFoundError: there is no data at `data_root`.
        KeyError: the split does not know the part.
    """
    splits = json.loads((data_root / "splits.json").read_text(encoding="utf-8"))
    return tuple(splits["validation"][part])


def read_photographs(data_root: Path, licences: Licences = "all") -> Iterator[Scene]:
    """Read the photographs of scenes/coco with the outlines of their people."""
    folder = data_root / "scenes" / "coco"
    for name in admitted_names(data_root, "scenes/coco", licences):
        ids = read_picture(folder / f"{name}.png", cv2.IMREAD_GRAYSCALE)
        alphas = [ids == person for person in np.unique(ids) if person not in (0, IGNORE_ID)]
        yield Scene(
            name=name,
            photo=read_rgb(folder / f"{name}.jpg"),
            alphas=np.array(alphas, np.float32).reshape(-1, *ids.shape),
            ignore=ids == IGNORE_ID,
            is_exact=False,
        )


def read_backgrounds(data_root: Path, licences: Licences = "all") -> Iterator[Scene]:
    """Read the backgrounds: everybody who is found there is false, however small."""
    for name in admitted_names(data_root, "backgrounds", licences):
        photo = read_rgb(data_root / "backgrounds" / f"{name}.jpg")
        size = photo.shape[:2]
        nobody = np.zeros((0, *size), np.float32)
        yield Scene(name, photo, nobody, np.zeros(size, bool), is_exact=False, least_height=0.0)


def admitted_names(data_root: Path, part: str, licences: Licences) -> tuple[str, ...]:
    """Return the names of a part's validation items whose licence admits them."""
    names = validation_names(data_root, part)
    if licences == "all":
        return names
    text = (data_root / part / "manifest.json").read_text(encoding="utf-8")
    rows = json.loads(text)
    return tuple(name for name in names if is_admitted(rows[name], licences))


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
