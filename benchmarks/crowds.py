"""Measure people found in composed crowds, with the first look alone and with the second one.

Counts true people found (REC), precision (ACC), people found twice, time and peak memory.
"""

import argparse
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from himapp.imaging.photo import PixelArray  # noqa: E402
from himapp.inference import e2e_him  # noqa: E402
from himapp.inference.postprocess import Candidate  # noqa: E402
from himapp.inference.session import ALPHA_ONE, InstanceMatte  # noqa: E402
from training.evaluation.crowds import compose_crowd  # noqa: E402
from training.evaluation.datasets import Scene  # noqa: E402
from training.metrics.arrays import Mask  # noqa: E402
from training.metrics.matching import iou_matrix, pair_masks  # noqa: E402


def main() -> int:
    """Measure every crowd asked for and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--people", type=int, nargs="+", default=(60,))
    parser.add_argument("--enlarge", type=float, default=1.0, help="scale the photo before use")
    parser.add_argument("--margin", type=float, default=0.0, help="border, as a share of the sides")
    parser.add_argument("--first-look", action="store_true", help="without the second look")
    args = parser.parse_args()
    session = e2e_him.E2EHimSession("cpu", load_edges=lambda: None)
    if args.first_look:
        e2e_him.is_crowd = never
    for index, count in enumerate(args.people):
        scene = compose_crowd(args.data, count, index)
        photo = enlarge(stand_back(scene.photo, args.margin), args.enlarge)
        start = time.perf_counter()
        result = session.find_people(photo)
        seconds = time.perf_counter() - start
        print_row(scene, photo.shape, masks_of(scene, result.people, photo.shape, args.margin))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        times = ", ".join(f"{stage} {value:.1f} s" for stage, value in result.seconds.items())
        sys.stdout.write(f"  {seconds:.1f} s ({times}), process so far at most {peak} MB\n")
    return 0


def never(people: Sequence[Candidate], pixels: PixelArray) -> bool:
    """Call no photo a crowd."""
    return not (len(people) or pixels.size)


def stand_back(photo: PixelArray, margin: float) -> PixelArray:
    """Put a photo into a wider frame, its borders mirrored: everybody is smaller in it."""
    down, across = (round(margin * side) for side in photo.shape[:2])
    blurred = cv2.GaussianBlur(photo, (0, 0), 25)
    wide = cv2.copyMakeBorder(blurred, down, down, across, across, cv2.BORDER_REPLICATE)
    wide[down : down + photo.shape[0], across : across + photo.shape[1]] = photo
    return wide.astype(photo.dtype)


def enlarge(photo: PixelArray, scale: float) -> PixelArray:
    """Scale a photo."""
    return cv2.resize(photo, None, fx=scale, fy=scale).astype(photo.dtype)


def masks_of(
    scene: Scene, people: tuple[InstanceMatte, ...], shape: tuple[int, ...], margin: float
) -> Mask:
    """Return the people's masks [K, H, W] on the scene's own pixels."""
    height, width = scene.photo.shape[:2]
    down, across = round(margin * height), round(margin * width)
    masks = np.zeros((len(people), height, width), bool)
    for index, person in enumerate(people):
        whole = np.zeros(shape[:2], np.uint8)
        rows, columns = person.alpha.shape
        whole[person.top : person.top + rows, person.left : person.left + columns] = (
            person.alpha > ALPHA_ONE // 2
        )
        small = cv2.resize(whole, (width + 2 * across, height + 2 * down))
        masks[index] = small[down : down + height, across : across + width] > 0
    return masks


def print_row(scene: Scene, shape: tuple[int, ...], masks: Mask) -> None:
    """Print what was found, and how many of the unpaired lie in a person already found."""
    truth = scene.alphas > 0.5
    pairs = pair_masks(iou_matrix(masks, truth))
    taken = {pair.prediction for pair in pairs}
    found = truth[[pair.person for pair in pairs]]
    twice = sum(
        bool(len(found)) and (masks[i] & found).sum((1, 2)).max() > 0.5 * masks[i].sum()
        for i in set(range(len(masks))) - taken
    )
    miou = np.mean([pair.iou for pair in pairs]) if pairs else 0
    sys.stdout.write(
        f"{scene.name} at {shape[1]}x{shape[0]}: {len(masks)} found, "
        f"REC {len(pairs) / len(truth):.3f}, ACC {len(pairs) / max(len(masks), 1):.3f}, "
        f"MIOU {miou:.3f}, twice {twice}\n"
    )


if __name__ == "__main__":
    raise SystemExit(main())
