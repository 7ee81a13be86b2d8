"""Draw fixed crops of edges for the documentation: hair, hands, the gap between two people.

Every picture shows the photo, and on black and on white what MODNet, guided up-sampling and a
refiner make of it, the person's colours estimated in the same way for all. The people are those of
``openpeople`` (MIT) who were kept out of training, and the sample photos.

    PYTHONPATH=. python tests/data/make_edge_crops.py --openpeople CURATED \\
        --modnet modnet.onnx --out docs/images

``CURATED`` is the folder ``openpeople/data/curated`` of the package.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from himapp.imaging.foreground import estimate_foreground
from training.evaluation.baseline import BoxMatting
from training.evaluation.datasets import read_rgb
from training.evaluation.edges import app_predictor, whole_photo_predictor
from training.evaluation.predictors import PredictPeople
from training.metrics.arrays import Matte

ROOT = Path(__file__).resolve().parents[2]

Rgb = NDArray[np.uint8]

CELL_PX = 280
GAP_PX = 4
HEAD_PX = 22
MARGIN_PX = 64
"""Colours are estimated with so much of the photo round the crop."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of a photo: its corner and its side, as shares of the photo's width."""

    name: str
    photo: str
    left: float
    top: float
    side: float


CROPS = (
    Crop("curls", "P007/assets/studio_portrait.jpg", 0.58, 0.02, 0.32),
    Crop("curls-outdoors", "P007/assets/amateur_selfie.jpg", 0.26, 0.08, 0.36),
    Crop("long-hair", "P008/assets/amateur_selfie.jpg", 0.24, 0.36, 0.36),
    Crop("hand", "P009/assets/amateur_selfie.jpg", 0.72, 0.66, 0.28),
    Crop("gap", "samples/two-in-the-park.jpg", 0.22, 0.48, 0.36),
    Crop("hands-of-a-group", "samples/group-of-four.jpg", 0.26, 0.36, 0.2),
)


def main() -> None:
    args = parse_arguments()
    contestants = {
        "MODNet": whole_photo_predictor(BoxMatting(args.modnet)),
        "guided up-sampling": app_predictor(args.weights, None, "normal"),
    }
    if args.refiner:
        contestants["refined (shipped)"] = app_predictor(args.weights, args.refiner, "normal")
    args.out.mkdir(parents=True, exist_ok=True)
    for crop in CROPS:
        if args.only and crop.name not in args.only:
            continue
        picture = draw_crop(read_photo(crop, args.openpeople), crop, contestants)
        path = args.out / f"edges-{crop.name}.jpg"
        quality = [cv2.IMWRITE_JPEG_QUALITY, 92]
        if not cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), quality):
            raise OSError(f"cannot write {path}")
        print(path)


def parse_arguments() -> argparse.Namespace:
    weights = ROOT / "resources" / "weights"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--openpeople", type=Path, required=True)
    parser.add_argument("--modnet", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=weights / "e2e_him_lite.safetensors")
    parser.add_argument("--refiner", type=Path, help="weights of a refiner, to compare")
    parser.add_argument("--only", nargs="*", help="names of crops")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def read_photo(crop: Crop, openpeople: Path) -> Rgb:
    if crop.photo.startswith("samples/"):
        return read_rgb(ROOT / "resources" / crop.photo)
    return read_rgb(openpeople / crop.photo)


def draw_crop(photo: Rgb, crop: Crop, contestants: dict[str, PredictPeople]) -> Rgb:
    """Return the photo's crop, and every contestant's on black and on white below its name."""
    width = photo.shape[1]
    side = round(crop.side * width)
    left = min(round(crop.left * width), width - side)
    top = min(round(crop.top * width), photo.shape[0] - side)
    window = (slice(top, top + side), slice(left, left + side))
    columns = [[fit(photo[window]), np.zeros((CELL_PX, CELL_PX, 3), np.uint8)]]
    for predict in contestants.values():
        alpha = np.minimum(sum(matte for matte, _ in predict(photo)), 1).astype(np.float32)
        columns.append([fit(put_on(photo, alpha, window, grey)) for grey in (0, 255)])
    columns[0][1] = fit(np.repeat((alpha[window] * 255).astype(np.uint8)[..., None], 3, 2))
    return lay_out(columns, ["photo; the last one's matte", *contestants])


def put_on(photo: Rgb, alpha: Matte, window: tuple[slice, slice], grey: int) -> Rgb:
    """Return a window of the person over a plain grey of 0..255."""
    rows, columns = (
        slice(max(0, part.start - MARGIN_PX), part.stop + MARGIN_PX) for part in window
    )
    opacity = np.rint(alpha[rows, columns] * 255).astype(np.uint8)
    colours = estimate_foreground(photo[rows, columns], opacity)
    cover = alpha[rows, columns, None]
    mixed = np.rint(cover * colours + (1 - cover) * grey).astype(np.uint8)
    top, left = window[0].start - rows.start, window[1].start - columns.start
    height, width = (part.stop - part.start for part in window)
    return mixed[top : top + height, left : left + width]


def fit(picture: Rgb) -> Rgb:
    method = cv2.INTER_AREA if picture.shape[0] > CELL_PX else cv2.INTER_CUBIC
    return cv2.resize(picture, (CELL_PX, CELL_PX), interpolation=method).astype(np.uint8)


def lay_out(columns: list[list[Rgb]], names: list[str]) -> Rgb:
    pitch = CELL_PX + GAP_PX
    sheet = np.full((HEAD_PX + 2 * pitch, len(columns) * pitch, 3), 96, np.uint8)
    for x, (cells, name) in enumerate(zip(columns, names, strict=True)):
        place = (x * pitch + 4, HEAD_PX - 7)
        cv2.putText(sheet, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255,) * 3, 1, cv2.LINE_AA)
        for y, cell in enumerate(cells):
            row, column = HEAD_PX + y * pitch, x * pitch
            sheet[row : row + CELL_PX, column : column + CELL_PX] = cell
    return sheet


if __name__ == "__main__":
    main()
