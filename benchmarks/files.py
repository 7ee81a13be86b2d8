"""Time PNG, TIFF and PSD files of a photo of 24 megapixels with 4 people.

    python benchmarks/files.py --threads 2

The photo is the sample with four people, enlarged, with a camera's noise. Its people are found by
the shipped network where its weights are there, else, or with --synthetic, they are ellipses with
strands for hair. Every kind of file is written by a process of its own, some times over; medians,
and the process's highest memory with the photo in it. PSD layers are cropped to their people, whose
own colours are estimated anew each time; "again" has them from before, as the window does after
they were seen.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from cutouts import draw_people, enlarge_sample

from himapp.document.document import Document
from himapp.document.edits import add_person_layers
from himapp.document.psd_export import write_document_psd
from himapp.document.render_cache import RenderCache
from himapp.imaging.image_files import write_png, write_tiff
from himapp.imaging.photo import Photo
from himapp.imaging.photo_io import read_photo
from himapp.inference.session import InstanceMatte
from himapp.paths import weights_path

CASES = {
    "png": "PNG, 8 bit, compression 6",
    "tiff": "TIFF, 16 bit, deflate",
    "psd": "PSD, 8 bit, 4 layers",
    "psd-again": "PSD, 8 bit, again",
}
JUDGED = ("png", "tiff", "psd")
PEOPLE = 4


@dataclass(frozen=True)
class Result:
    """Seconds of each repeat, the file's size and the process's highest memory."""

    seconds: list[float]
    file_mb: float
    peak_mb: float


def main() -> None:
    args = parse_arguments()
    if args.case:
        print(json.dumps(vars(measure(args.case, args.folder, args.repeats))))
        return
    print(f"{args.megapixels:g} MP, {args.threads} threads, {os.cpu_count()} cores")
    print(f"{'':28}{'seconds':>10}{'file MB':>10}{'peak MB':>10}")
    with tempfile.TemporaryDirectory() as folder:
        prepare(args, Path(folder))
        results = {case: run_case(case, args, folder) for case in CASES}
    for case, result in results.items():
        median = statistics.median(result.seconds)
        print(f"{CASES[case]:28}{median:10.2f}{result.file_mb:10.0f}{result.peak_mb:10.0f}")
    total = sum(statistics.median(results[case].seconds) for case in JUDGED)
    print(f"{'the first three together':28}{total:10.2f}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2, help="of OpenCV and the network")
    parser.add_argument("--synthetic", action="store_true", help="draw people, find none")
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def prepare(args: argparse.Namespace, folder: Path) -> None:
    """Leave the photo and its people's mattes in the folder."""
    photo = read_photo(enlarge_sample(PEOPLE, args.megapixels, folder))
    people = draw_people(photo, PEOPLE)
    if not args.synthetic and weights_path().exists():
        people = find_people(photo, args.threads)
    print(f"{len(people)} people")
    for number, person in enumerate(people):
        np.savez(folder / f"{number}.npz", alpha=person.alpha, place=(person.left, person.top))


def find_people(photo: Photo, threads: int) -> tuple[InstanceMatte, ...]:
    import torch

    from himapp.inference.e2e_him import E2EHimSession

    torch.set_num_threads(threads)
    return E2EHimSession("cpu").find_people(photo.pixels).people


def run_case(case: str, args: argparse.Namespace, folder: str) -> Result:
    options = ["--case", case, "--folder", folder, "--repeats", str(args.repeats)]
    command = [sys.executable, __file__, *options, "--threads", str(args.threads)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return Result(**json.loads(done.stdout))


def measure(case: str, folder: Path, repeats: int) -> Result:
    cv2.setNumThreads(parse_arguments().threads)
    path = folder / f"written.{case}"
    write = prepare_case(case, open_document(folder), path)
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        write()
        seconds.append(time.perf_counter() - start)
    return Result(seconds, path.stat().st_size / 1e6, read_peak_mb())


def read_peak_mb() -> float:
    """Return this process's highest memory; getrusage would count the parent's as well."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (line,) = (each for each in status.read_text().splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def open_document(folder: Path) -> Document:
    photo = read_photo(next(folder.glob("*.jpg")))
    people = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as saved:
            left, top = map(int, saved["place"])
            people.append(InstanceMatte(saved["alpha"], left, top, 1.0, (0, 0, 1, 1)))
    return add_person_layers(Document.for_photo(photo), people)


def prepare_case(case: str, document: Document, path: Path) -> Callable[[], None]:
    """Return what is to be timed."""
    pixels = document.photo.pixels
    if case == "png":
        return partial(write_png, path, pixels, compression=6)
    if case == "tiff":
        return partial(write_tiff, path, pixels.astype(np.uint16) * np.uint16(257))
    if case == "psd":
        return lambda: write_document_psd(document, path, cache=RenderCache())
    cache = RenderCache()
    write_document_psd(document, path, cache=cache)
    return partial(write_document_psd, document, path, cache=cache)


if __name__ == "__main__":
    main()
