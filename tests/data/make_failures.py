"""Draw docs/images/failures.jpg: scenes that are hard for the network, and what it makes of them.

Only material that may be shown: people of `openpeople` (MIT) kept for validation, before the park
of one of the sample photos (the same). A row shows the photo, the true people, and those found with
their scores; below .5 alpha nothing is coloured.

    python tests/data/make_failures.py --data DATA
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from models import load_network  # noqa: E402
from training.evaluation.composites import (  # noqa: E402
    CutOut,
    PlacedPerson,
    compose_scene,
    read_cut_out,
    scale_cut_out,
)
from training.evaluation.datasets import Scene, read_rgb, validation_names  # noqa: E402
from training.evaluation.predictors import network_predictor  # noqa: E402

WEIGHTS = ROOT / "resources/weights/e2e_him_lite.safetensors"
OUT = ROOT / "docs/images/failures.jpg"
SIZE_PX = (720, 1080)
CELL_PX = (200, 300)
QUALITY = 68
COLOURS = (
    (230, 60, 60),
    (60, 190, 70),
    (70, 90, 240),
    (235, 200, 40),
    (40, 200, 220),
    (220, 60, 220),
)
PARK = np.s_[250:950, 880:1208]
STATUE = "statue"
STONE = (150, 150, 145)

Spot = tuple[float, float, float]
"""Height, middle and ground of a person, as shares of the picture's height, width and height."""


def main() -> int:
    """Draw every scene."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    data = parser.parse_args().data
    network = load_network(WEIGHTS)
    predict = network_predictor(network, network.input_side, network.score_threshold)
    rows = [draw_row(scene, predict(scene.photo)) for scene in compose_scenes(data)]
    sheet = cv2.cvtColor(np.concatenate(rows), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(OUT), sheet, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return 0


def compose_scenes(data: Path) -> list[Scene]:
    """Compose the hard scenes."""
    names = validation_names(data, "cutouts/openpeople")
    paths = [data / "cutouts/openpeople" / f"{name}.webp" for name in names if "posture" in name]
    people = [read_cut_out(path) for path in paths]
    stone = [turn_to_stone(people[0]), *people[1:]]
    lying = [CutOut(np.rot90(p.color), np.rot90(p.alpha), (False,) * 4) for p in people[:1]]
    fallen = [CutOut(p.color[::-1], p.alpha[::-1], (False,) * 4) for p in people[:2]]
    scenes: list[tuple[str, Sequence[CutOut], Sequence[Spot]]] = [
        ("close", people, tuple((0.75, 0.38 + 0.06 * i, 0.95 + 0.01 * i) for i in range(5))),
        ("arms", people, ((2.2, -0.1, 1.9), (2.2, 1.08, 2.1), (0.8, 0.5, 1.0))),
        (STATUE, stone, ((0.8, 0.3, 0.98), (0.8, 0.65, 0.98))),
        ("lying", lying, ((0.3, 0.5, 0.85),)),
        ("upside down", fallen, ((0.75, 0.35, 0.9), (0.75, 0.65, 0.9))),
        ("far", people, tuple((0.09, 0.2 + 0.05 * i, 0.7 + 0.01 * (i % 2)) for i in range(9))),
    ]
    canvas = lay_out_park()
    return [compose_scene(name, canvas, place(who, spots)) for name, who, spots in scenes]


def lay_out_park() -> NDArray[np.uint8]:
    """Return the part of a sample photo that shows nobody, and its mirror image, side by side."""
    trees = read_rgb(ROOT / "resources/samples/two-in-the-park.jpg")[PARK]
    height, width = SIZE_PX
    strip = cv2.resize(trees, (width // 3, height), interpolation=cv2.INTER_AREA)
    park = np.concatenate([strip, strip[:, ::-1], strip], 1)
    return cv2.GaussianBlur(park, (0, 0), 2).astype(np.uint8)


def place(people: Sequence[CutOut], spots: Sequence[Spot]) -> list[PlacedPerson]:
    """Place people at spots, from back to front."""
    height, width = SIZE_PX
    placed = []
    for index, (tall, middle, ground) in enumerate(spots):
        person = people[index % len(people)]
        scaled = scale_cut_out(person, tall * height / person.alpha.shape[0])
        rows, columns = scaled.alpha.shape
        left = round(middle * width - columns / 2)
        placed.append(PlacedPerson(scaled, round(ground * height) - rows, left))
    return placed


def turn_to_stone(person: CutOut) -> CutOut:
    """Return a statue of a person: grey, with little contrast."""
    grey = person.color.mean(2, keepdims=True)
    color = np.array(STONE, np.float32) + 0.4 * (grey - grey.mean())
    return CutOut(color.astype(np.float32), person.alpha, person.cut)


def draw_row(
    scene: Scene, people: Sequence[tuple[NDArray[np.float32], float]]
) -> NDArray[np.uint8]:
    """Return the photo, the true people and those found, side by side."""
    truth = list(scene.alphas)[1 if scene.name == STATUE else 0 :]
    cells = [scene.photo, colour(scene.photo, truth), colour(scene.photo, [a for a, _ in people])]
    small = [cv2.resize(cell, CELL_PX[::-1], interpolation=cv2.INTER_AREA) for cell in cells]
    for alpha, score in people:
        rows, columns = np.nonzero(alpha > 0.5)
        x, y = columns.mean() / SIZE_PX[1] * CELL_PX[1], rows.mean() / SIZE_PX[0] * CELL_PX[0]
        where = (round(x) - 12, round(y))
        cv2.putText(
            small[2], f"{score:.2f}".removeprefix("0"), where, 0, 0.45, (255, 255, 255), 1, 16
        )
    return np.concatenate(small, 1)


def colour(photo: NDArray[np.uint8], alphas: Sequence[NDArray[np.float32]]) -> NDArray[np.uint8]:
    """Return the photo with its people in colours."""
    picture = photo.astype(np.float32)
    for index, alpha in enumerate(alphas):
        mask = alpha > 0.5
        picture[mask] = 0.5 * picture[mask] + 0.5 * np.array(COLOURS[index % len(COLOURS)])
    return picture.astype(np.uint8)


if __name__ == "__main__":
    raise SystemExit(main())
