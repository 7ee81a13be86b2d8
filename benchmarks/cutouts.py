"""Time large photos from the file to every person's matte and cut-out, stage by stage.

The sample photos are enlarged. With the network's weights the people are found; without them, or
with --synthetic, there are ellipses with strands for hair instead. Medians of some repeats, one
run; memory is the process's peak so far, so the smallest case comes first.

    python benchmarks/cutouts.py --megapixels 24 --people 1 4 --threads 2
"""

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from himapp.imaging.image_files import write_jpeg
from himapp.imaging.photo import Photo
from himapp.imaging.photo_io import read_photo
from himapp.inference.pictures import cut_out
from himapp.inference.session import CancelToken, InstanceMatte, MattingSession
from himapp.paths import samples_dir, weights_path
from himapp.run_files import MatteWriter

STAGES = ("read", "find", "edges", "cut-outs", "write")
"""``cut-outs`` is one after the other, for itself; ``write`` makes them again, and every file."""

SAMPLES = {1: "astronaut.jpg", 2: "two-in-the-park.jpg", 4: "group-of-four.jpg"}
NOISE = 2.0
"""Standard deviation in levels; enlarged photos have none, which would flatter the files."""

Times = dict[str, list[float]]


def main() -> None:
    args = parse_arguments()
    cv2.setNumThreads(args.threads)
    session = None if args.synthetic or not weights_path().exists() else open_session(args.threads)
    print(f"people: {session.device if session else 'synthetic'}, {args.threads} threads")
    print(f"{'':24}" + "".join(f"{stage:>10}" for stage in (*STAGES, "total", "peak MB")))
    with tempfile.TemporaryDirectory() as folder:
        for count in args.people:
            path = enlarge_sample(count, args.megapixels, Path(folder))
            times = measure(path, count, session, args.repeats)
            print(table_row(f"{args.megapixels:g} MP, {count} people", times))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--people", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--synthetic", action="store_true", help="draw people, find none")
    return parser.parse_args()


def open_session(threads: int) -> MattingSession:
    import torch

    from himapp.inference.e2e_him import E2EHimSession

    torch.set_num_threads(threads)
    return E2EHimSession("cpu")


def enlarge_sample(count: int, megapixels: float, folder: Path) -> Path:
    """Write a sample at the size asked for, with a camera's noise; returns the JPEG."""
    small = read_photo(samples_dir() / SAMPLES.get(count, SAMPLES[4])).pixels
    factor = (megapixels * 1e6 / (small.shape[0] * small.shape[1])) ** 0.5
    large = cv2.resize(small, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(count).normal(0, NOISE, large.shape[:2]).astype(np.float32)
    path = folder / f"{count}.jpg"
    write_jpeg(path, np.clip(large + noise[..., None], 0, 255).astype(np.uint8))
    return path


def measure(path: Path, count: int, session: MattingSession | None, repeats: int) -> Times:
    times: Times = {stage: [] for stage in STAGES}
    drawn: tuple[InstanceMatte, ...] = ()
    if session is None:
        drawn = draw_people(read_photo(path), count)
    else:
        session.find_people(read_photo(path).pixels)  # loads the network
    for _ in range(repeats):
        with clock(times["read"]):
            photo = read_photo(path)
        people = drawn if session is None else find_people(session, photo, times)
        with clock(times["cut-outs"]):
            for person in people:
                cut_out(photo.pixels, person)
        with clock(times["write"]), tempfile.TemporaryDirectory() as folder:
            writer = MatteWriter([path], cutouts=True)
            writer.write_people(photo, people, Path(folder), ignore_progress, CancelToken())
    return times


def find_people(session: MattingSession, photo: Photo, times: Times) -> tuple[InstanceMatte, ...]:
    result = session.find_people(photo.pixels)
    for stage in ("find", "edges"):
        times[stage].append(result.seconds[stage])
    return result.people


@contextmanager
def clock(times: list[float]) -> Iterator[None]:
    start = time.perf_counter()
    yield
    times.append(time.perf_counter() - start)


def draw_people(photo: Photo, count: int) -> tuple[InstanceMatte, ...]:
    """Draw people side by side, each seven tenths of the photo high."""
    height, width = int(photo.height * 0.7), int(photo.width * 0.9 / max(count, 2))
    top, step = int(photo.height * 0.2), photo.width // max(count, 2)
    return tuple(
        InstanceMatte(draw_person(height, width, seed), step * seed, top, 1.0, (0, 0, 1, 1))
        for seed in range(count)
    )


def draw_person(height: int, width: int, seed: int) -> NDArray[np.uint16]:
    """Draw an ellipse whose upper half has strands, as soft as a network leaves them."""
    y, x = np.mgrid[-1:1:512j, -1:1:256j].astype(np.float32)
    strands = np.random.default_rng(seed).random(720).astype(np.float32) ** 3
    turn = ((np.arctan2(y, x) / np.pi + 1) * 359.5).astype(np.intp)
    edge = 0.8 + np.where(y < 0, 0.2, 0.02) * strands[turn]
    alpha = np.clip((edge - np.hypot(x, y)) * 25, 0, 1)
    large = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_LINEAR)
    return (large * 65535).astype(np.uint16)


def ignore_progress(done: int, of: int) -> None:
    """Take a report of progress and do nothing."""


def table_row(name: str, times: Times) -> str:
    medians = {stage: statistics.median(values) for stage, values in times.items() if values}
    total = sum(seconds for stage, seconds in medians.items() if stage != "cut-outs")
    cells = [f"{medians[stage]:10.2f}" if stage in medians else f"{'-':>10}" for stage in STAGES]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"{name:24}" + "".join(cells) + f"{total:10.2f}{peak:10.0f}"


if __name__ == "__main__":
    main()
