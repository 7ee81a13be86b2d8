"""Box-verified self-training: masks for photographs of which only the people's boxes are known.

A predicted person is believed where the box of the matte agrees with a true box; what lies in a
box that nobody explains is unknown, everything outside the boxes is nobody.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

import models
from training.data.pixels import read_colour, read_plane
from training.evaluation.predictors import PredictPeople, network_predictor

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels."""

MANIFEST_NAME: Final = "manifest.json"
NOBODY: Final = 0
UNKNOWN: Final = 255
_PERSON_FLOOR: Final = 0.1
_AGREEMENT: Final = 0.75
_SOLID: Final = 0.5
_EDGE_ALPHA: Final = 0.1
_MOST_PEOPLE: Final = 200


@dataclass(frozen=True, slots=True)
class BoxedPhoto:
    """A photograph, the boxes of all its people, and the mask of those who were outlined.

    Attributes:
        name: Stem of the files.
        photo: The photograph.
        known: Map of ids in which 1 is the outlined person.
        boxes: All people's.
        outlined: Index of the box that the mask belongs to; None where there is no mask.
    """

    name: str
    photo: Path
    known: Path
    boxes: tuple[Box, ...]
    outlined: int | None


def read_boxed_photos(folder: Path, left_out: set[str]) -> list[BoxedPhoto]:
    """List the photographs of a folder whose people have boxes."""
    rows = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
    return [_boxed_photo(folder, name, rows[name]) for name in sorted(set(rows) - left_out)]


def label_people(
    photo: NDArray[np.uint8], known: NDArray[np.uint8], item: BoxedPhoto, predict: PredictPeople
) -> tuple[NDArray[np.uint8], int]:
    """Return a map of ids (0 nobody, 1-254 a person, 255 unknown) and the number of people in it.

    Args:
        photo: uint8 ``[H, W, 3]`` RGB.
        known: The outlined person's mask, 1 where the person is, ``[H, W]``.
        item: What is known about the photograph.
        predict: Finds people, with their scores.
    """
    people = sorted(predict(photo), key=lambda person: -person[1])
    alphas = [alpha for alpha, _ in people]
    boxes = [_box_of(alpha) for alpha in alphas]
    ids = np.full(photo.shape[:2], NOBODY, np.uint8)
    unexplained, drawn = [], 0
    for number, box in enumerate(item.boxes[:_MOST_PEOPLE]):
        if number == item.outlined:
            continue
        match = _best_match(box, boxes)
        if match is None:
            unexplained.append(box)
            continue
        drawn += 1
        alpha, boxes[match] = alphas[match], (0.0, 0.0, 0.0, 0.0)
        ids[(alpha > _EDGE_ALPHA) & (ids == NOBODY)] = UNKNOWN
        ids[alpha > _SOLID] = drawn
    for box in unexplained:
        window = _window(box)
        ids[window][ids[window] == NOBODY] = UNKNOWN
    if item.outlined is not None:
        drawn += 1
        ids[known == 1] = drawn
    return ids, drawn


def write_labels(items: Sequence[BoxedPhoto], predict: PredictPeople, out: Path) -> Iterator[int]:
    """Write a map per photograph and the manifest; yields the number of people of each.

    Photographs in which nobody is known stay out of the manifest.
    """
    out.mkdir(parents=True, exist_ok=True)
    manifest: dict[str, dict[str, Any]] = {}
    for item in items:
        photo, known = read_colour(item.photo), read_plane(item.known)
        ids, people = label_people(photo, known, item, predict)
        if people:
            cv2.imwrite(str(out / f"{item.name}.png"), ids)
            manifest[item.name] = {"people": people, "photo": str(item.photo.resolve())}
        yield people
    text = json.dumps(manifest, indent=1)
    (out / MANIFEST_NAME).write_text(text, encoding="utf-8")


def add_self_train_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `self-train`."""
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--weights", type=Path, required=True, help="the network that labels")
    parser.add_argument("--side", type=int, default=704, help="longer side of the input, px")
    parser.add_argument("--out", type=Path, required=True, help="folder of the maps")


def run_self_train(arguments: argparse.Namespace) -> int:
    """Label the photographs of scenes/coco_boxes that are not kept for validation."""
    part = "scenes/coco_boxes"
    splits = json.loads((arguments.data / "splits.json").read_text(encoding="utf-8"))
    items = read_boxed_photos(arguments.data / part, set(splits["validation"][part]))
    predict = network_predictor(
        models.load_network(arguments.weights), arguments.side, _PERSON_FLOOR
    )
    counts = list(write_labels(items, predict, arguments.out))
    boxes = sum(len(item.boxes) for item in items)
    sys.stdout.write(f"{sum(counts)} of {boxes} people in {len(items)} photographs\n")
    return 0


def _boxed_photo(folder: Path, name: str, row: dict[str, Any]) -> BoxedPhoto:
    boxes = tuple((x, y, x + width, y + height) for x, y, width, height in row["boxes_xywh"])
    outlined = row.get("box_with_mask") or [None]
    return BoxedPhoto(name, folder / f"{name}.jpg", folder / f"{name}.png", boxes, outlined[0])


def _box_of(alpha: NDArray[np.float32]) -> Box:
    """Return the box of what is more than half there; an empty one has no size."""
    ys, xs = np.nonzero(alpha > _SOLID)
    if not len(ys):
        return (0.0, 0.0, 0.0, 0.0)
    return float(xs.min()), float(ys.min()), float(xs.max()) + 1, float(ys.max()) + 1


def _best_match(box: Box, others: Sequence[Box]) -> int | None:
    overlaps = [_overlap(box, other) for other in others]
    if not overlaps or max(overlaps) < _AGREEMENT:
        return None
    return int(np.argmax(overlaps))


def _overlap(a: Box, b: Box) -> float:
    """Return the IoU of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, width) * max(0.0, height)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return shared / max(areas - shared, 1e-9)


def _window(box: Box) -> tuple[slice, slice]:
    left, top, right, bottom = (max(0, round(value)) for value in box)
    return slice(top, bottom), slice(left, right)
