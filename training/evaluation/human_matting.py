"""Measure one person's matte on the published sets for human matting.

The sets themselves are not shipped: their terms ask everybody to fetch them. A photo's matte is
that of everybody found in it, since the true one is of everybody, too. The definitions are those
of the benchmark of Rhemann et al. (CVPR 2009), over the whole photo in its own size, and over the
set's own unknown region where it has one.

References: PPM-100: Ke et al., MODNet, AAAI 2022. P3M-500: Li et al., Privacy-Preserving Portrait
Matting, ACM MM 2021. RWP-636: Yu et al., Mask Guided Matting, CVPR 2021.
"""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from training.evaluation.datasets import read_picture, read_rgb
from training.evaluation.predictors import Person, PredictPeople
from training.metrics.arrays import Mask, Matte
from training.metrics.matte_errors import MatteErrors, measure_matte

Layout = Literal["ppm", "p3m", "rwp"]
"""PPM-100, P3M-500 (NP, P or both) and RealWorldPortrait-636."""

LAYOUTS: tuple[Layout, ...] = get_args(Layout)

TRIMAP_UNKNOWN = 128
"""What P3M's trimaps say where they do not say."""

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})


@dataclass(frozen=True, slots=True)
class Folders:
    """Name a set's folders.

    Attributes:
        photos: the photos.
        mattes: the true mattes, of the same stems.
        region: where the unknown region is drawn; "" where there is none.
    """

    photos: str
    mattes: str
    region: str = ""


@dataclass(frozen=True, slots=True)
class Portrait:
    """Hold a photo with its true matte.

    Attributes:
        name: unique within its set.
        photo: uint8 [H, W, 3] RGB.
        alpha: float32 [H, W] in 0..1.
        region: the set's unknown region [H, W]; None where it has none.
    """

    name: str
    photo: NDArray[np.uint8]
    alpha: Matte
    region: Mask | None


@dataclass(frozen=True, slots=True)
class HumanMattingReport:
    """Hold mean errors over a set.

    Attributes:
        photos: number of photos.
        missed: photos in which nobody was found; their matte is empty.
        whole: mean errors over the whole photo.
        region: mean errors over the unknown region, of the photos that have one.
    """

    photos: int
    missed: int
    whole: MatteErrors | None
    region: MatteErrors | None


_LAYOUTS: dict[Layout, tuple[Folders, ...]] = {
    "ppm": (Folders("image", "matte"), Folders("val/fg", "val/alpha")),
    "p3m": (
        Folders("original_image", "mask", "trimap"),
        Folders("blurred_image", "mask", "trimap"),
    ),
    "rwp": (Folders("image", "alpha", "detailmap"),),
}
_P3M_SETS = ("P3M-500-NP", "P3M-500-P", "validation/P3M-500-NP", "validation/P3M-500-P")


def read_portraits(root: Path, layout: Layout) -> Iterator[Portrait]:
    """Read a set's photos one by one, sorted by name.

    Args:
        root: the set's folder. For P3M one that holds `P3M-500-NP` and `P3M-500-P` does as well.
        layout: how its folders are called.

    Raises:
        FileNotFoundError: the folders are not there, or a photo has no matte.
        ValueError: a matte is not of its photo's size.
    """
    sets = [(root / name, name) for name in _P3M_SETS if layout == "p3m" and (root / name).is_dir()]
    found = False
    for folder, prefix in sets or [(root, "")]:
        for folders in _LAYOUTS[layout]:
            if (folder / folders.photos).is_dir() and (folder / folders.mattes).is_dir():
                found = True
                yield from _read_folder(folder, folders, layout, prefix)
                break
    if not found:
        wanted = " or ".join(f"{f.photos} and {f.mattes}" for f in _LAYOUTS[layout])
        raise FileNotFoundError(f"{root} has no folders {wanted}")


def measure_portraits(portraits: Iterable[Portrait], predict: PredictPeople) -> HumanMattingReport:
    """Measure everybody's matte on each photo and average over photos."""
    whole: list[MatteErrors] = []
    region: list[MatteErrors] = []
    missed = 0
    for portrait in portraits:
        people = predict(portrait.photo)
        missed += not people
        alpha = join_people(people, portrait.alpha.shape)
        whole.append(measure_matte(alpha, portrait.alpha))
        if portrait.region is not None:
            region.append(measure_matte(alpha, portrait.alpha, portrait.region))
    return HumanMattingReport(len(whole), missed, _mean(whole), _mean(region))


def join_people(people: Sequence[Person], size_px: tuple[int, ...]) -> Matte:
    """Return the matte [H, W] of everybody: alphas of one pixel add up, to 1 at most."""
    total = np.zeros(size_px[:2], np.float32)
    for alpha, _ in people:
        total += alpha
    return np.minimum(total, 1)


def report_lines(layout: Layout, report: HumanMattingReport) -> list[str]:
    """Return a Markdown table; MSE and MAD in thousandths as in the papers, the rest / 1000."""
    head = ("set", "where", "photos", "missed", "SAD", "MSE ·10³", "MAD ·10³", "Grad", "Conn")
    lines = [_row(head), _row(["---"] * len(head))]
    for where, errors in (("everywhere", report.whole), ("unknown region", report.region)):
        if errors is not None:
            sad, mse, mad, grad, conn = astuple(errors)
            values = (sad, 1000 * mse, 1000 * mad, grad, conn)
            counts = (str(report.photos), str(report.missed))
            lines.append(_row([layout, where, *counts, *(f"{value:.2f}" for value in values)]))
    return lines


def add_human_matting_arguments(parser: ArgumentParser) -> None:
    """Add the options of `human-matting`."""
    parser.add_argument("--layout", choices=LAYOUTS, required=True, help="which set it is")
    parser.add_argument("--data", type=Path, required=True, help="folder of the set")
    parser.add_argument("--weights", type=Path, required=True, help="weights of the network")
    parser.add_argument("--side", type=int, help="longer side of the input; default: the network's")
    parser.add_argument("--limit", type=int, help="use only the first photos")
    parser.add_argument("--out", type=Path, help="write the report as JSON")


def run_human_matting(
    args: Namespace, make_predictor: Callable[[Path, int | None], PredictPeople]
) -> list[str]:
    """Measure a set, write the report if asked to, and return its table.

    Args:
        args: the options.
        make_predictor: gives the predictor of a weights file at an input side.
    """
    portraits = islice(read_portraits(args.data, args.layout), args.limit)
    report = measure_portraits(portraits, make_predictor(args.weights, args.side))
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(asdict(report), indent=1) + "\n", encoding="utf-8")
    return report_lines(args.layout, report)


def _read_folder(folder: Path, folders: Folders, layout: Layout, prefix: str) -> Iterator[Portrait]:
    paths = sorted(p for p in (folder / folders.photos).iterdir() if p.suffix.lower() in _SUFFIXES)
    for path in paths:
        photo = read_rgb(path)
        matte = read_picture(_same_stem(folder / folders.mattes, path), cv2.IMREAD_GRAYSCALE)
        if matte.shape != photo.shape[:2]:
            raise ValueError(f"{path.name}: matte {matte.shape} of a photo {photo.shape[:2]}")
        alpha = matte.astype(np.float32) / np.float32(255)
        region = _read_region(folder / folders.region, path, layout) if folders.region else None
        yield Portrait(f"{prefix}/{path.stem}".strip("/"), photo, alpha, region)


def _read_region(folder: Path, photo: Path, layout: Layout) -> Mask | None:
    """Return the unknown region: a trimap's middle value, or all that a map of details marks."""
    if not folder.is_dir():
        return None
    drawn = read_picture(_same_stem(folder, photo), cv2.IMREAD_GRAYSCALE)
    region: Mask = drawn == TRIMAP_UNKNOWN if layout == "p3m" else drawn > 0
    return region


def _same_stem(folder: Path, photo: Path) -> Path:
    names = (folder / f"{photo.stem}{suffix}" for suffix in (".png", ".jpg", ".jpeg"))
    path = next((name for name in names if name.is_file()), None)
    if path is None:
        raise FileNotFoundError(f"{folder} has nothing for {photo.name}")
    return path


def _mean(errors: Sequence[MatteErrors]) -> MatteErrors | None:
    if not errors:
        return None
    return MatteErrors(*np.mean([astuple(error) for error in errors], axis=0).tolist())


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
