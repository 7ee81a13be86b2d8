"""Time the network beside the two-stage baseline, and a whole photo of 12 megapixels.

One run, medians, everything in turns: (a) the default pass at 640 x 640 with 6 people against the
baseline to final mattes; (b) time(10 people) / time(1 person), of the pass and of a whole photo
from pixels to mattes at photo size. The pictures are the deterministic group composites.

    python benchmarks/speed.py --data DATA --weights resources/weights/e2e_him_lite.safetensors \
        --yolox yolox_nano.onnx --modnet modnet.onnx
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from training.evaluation.baseline import load_baseline
from training.evaluation.commands import add_speed_arguments, load_weights
from training.evaluation.composites import GROUP_SIZE_PX
from training.evaluation.speed import (
    FEW_PEOPLE,
    MANY_PEOPLE,
    Timing,
    group_scenes,
    measure_speed,
    speed_document,
    speed_lines,
    time_side_by_side,
)

PHOTO_SIZE_PX = (3000, 4000)
"""12 megapixels; the composites of 960 x 1280 are enlarged to it."""

PHOTO_REPEATS = 3


def main() -> None:
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(args.threads)
    baseline = load_baseline(args.yolox, args.modnet, args.threads)
    report = measure_speed(load_weights(args.weights), baseline, args.data, args.repeats)
    print("\n".join(speed_lines(report)))
    photos = time_photos(args.weights, args.data)
    print("\n".join(photo_lines(photos)))
    if args.out:
        document = speed_document(report) | photo_document(photos)
        args.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_speed_arguments(parser)
    return parser.parse_args()


def time_photos(weights: Path, data_root: Path) -> dict[str, Timing]:
    """Time whole photos with few and with many people in normal quality, the network loaded."""
    from himapp.inference.e2e_him import E2EHimSession
    from models import load_network

    session = E2EHimSession("cpu", quality="normal", load=lambda: load_network(weights))
    counts = {"photo_few": FEW_PEOPLE, "photo_many": MANY_PEOPLE}
    actions = {
        name: [find_action(session, photo) for photo in large_photos(data_root, count)]
        for name, count in counts.items()
    }
    return time_side_by_side(actions, PHOTO_REPEATS)


def large_photos(data_root: Path, count: int) -> list[NDArray[np.uint8]]:
    """Compose photos of 12 megapixels, uint8 [3000, 4000, 3] RGB."""
    height, width = PHOTO_SIZE_PX
    return [
        cv2.resize(scene.photo, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
        for scene in group_scenes(data_root, count, GROUP_SIZE_PX)
    ]


def find_action(session: Any, photo: NDArray[np.uint8]) -> Callable[[], int]:
    return lambda: len(session.find_people(photo).people)


def photo_lines(photos: dict[str, Timing]) -> list[str]:
    names = {"photo_few": f"{FEW_PEOPLE} person", "photo_many": f"{MANY_PEOPLE} people"}
    lines = [
        f"{f'12 MP photo, normal, {names[name]}':36} {t.seconds:7.3f} s  ({t.people:.1f} found)"
        for name, t in photos.items()
    ]
    return [*lines, f"time({MANY_PEOPLE} people) / time({FEW_PEOPLE}): {photo_growth(photos):.3f}"]


def photo_growth(photos: dict[str, Timing]) -> float:
    return photos["photo_many"].seconds / photos["photo_few"].seconds


def photo_document(photos: dict[str, Timing]) -> dict[str, Any]:
    timings = {name: {"seconds": t.seconds, "people": t.people} for name, t in photos.items()}
    return {**timings, "photo_growth": photo_growth(photos)}


if __name__ == "__main__":
    main()
