"""Time the window on a photo of 24 megapixels with 4 people: the real widgets, drawn offscreen.

    QT_QPA_PLATFORM=offscreen python benchmarks/editor.py

The photo is the sample with four people, enlarged. Its people are found by the shipped network
where its weights are there, else they are soft ellipses at their places. Medians, each from the
gesture until the canvas shows everything it needs at full sharpness; a frame of pan or zoom is from
the gesture until it is painted, while tiles are drawn beside it. A stall is the longest time in
which the window did not answer.
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
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QGuiApplication

from himapp.app import create_application
from himapp.document import edits
from himapp.document.background import BlurBackground, ColourBackground
from himapp.document.document import Document
from himapp.gui.main_window import MainWindow
from himapp.imaging.photo import Photo
from himapp.imaging.photo_io import read_photo
from himapp.inference.session import InstanceMatte
from himapp.paths import samples_dir, weights_path
from himapp.pipeline import open_session

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = "group-of-four.jpg"
PHOTO_SIZE_PX = 6000, 4000
WINDOW_SIZE_PX = 1600, 1000
REPEATS = 24
STARTS = 5
PATIENCE_S = 60.0

START_PROBE = """
import sys, time
from himapp.app import create_application, open_chosen_session
from himapp.gui.main_window import MainWindow
app = create_application()
window = MainWindow(open_chosen_session)
window.show()
while not window.windowHandle().isExposed():
    app.processEvents()
window.repaint()
print(time.time() - float(sys.argv[1]), "torch" in sys.modules)
window.close()
"""
"""Shows the window, then tells the seconds since its process was asked for, and whether torch is
loaded."""


@dataclass(frozen=True)
class Row:
    """One line of the table; times in milliseconds."""

    name: str
    values: list[float]
    limit: float | None = None
    unit: str = "ms"

    def format(self) -> str:
        """Return the line: median, worst, limit, and whether the median keeps it."""
        median, worst = statistics.median(self.values), max(self.values)
        limit = f"{self.limit:8.0f}" if self.limit is not None else " " * 8
        verdict = "" if self.limit is None else ("ok" if median <= self.limit else "OVER")
        return f"{self.name:44s} {median:9.1f} {worst:9.1f} {limit} {self.unit:3s} {verdict}"


class Bench:
    """The window on the large photo, and a clock."""

    def __init__(self, app: QGuiApplication, document: Document) -> None:
        self.app = app
        self.window = MainWindow(open_session)
        self.window.resize(*WINDOW_SIZE_PX)
        self.window.show()
        self.editor, self.canvas = self.window.editor, self.window.canvas
        self.opened = document
        self.open_ms = self.time(lambda: self.editor.open_document(document))

    def time(self, gesture: Callable[[], object]) -> float:
        """Return the milliseconds until the canvas shows the result in full."""
        start = time.perf_counter()
        gesture()
        self.settle()
        return (time.perf_counter() - start) * 1000

    def time_frame(self, gesture: Callable[[], object]) -> float:
        """Return the milliseconds until the next frame is painted and the next slice is drawn."""
        start = time.perf_counter()
        gesture()
        self.canvas.repaint()
        self.app.processEvents()
        return (time.perf_counter() - start) * 1000

    def settle(self) -> None:
        """Let the window work until the canvas is complete and painted."""
        start = time.perf_counter()
        self.stall_ms = 0.0
        is_complete = False
        while not is_complete:
            turn = time.perf_counter()
            self.app.processEvents()
            is_complete = self.canvas.is_complete
            self.stall_ms = max(self.stall_ms, (time.perf_counter() - turn) * 1000)
            if time.perf_counter() - start > PATIENCE_S:
                raise SystemExit("The canvas does not come to rest")
            time.sleep(0)  # lets the drawing thread go on, as an event loop that waits does
        self.canvas.repaint()

    def expose(self, stops: float) -> None:
        """Set the exposure of one person, as a slider does."""
        document = self.editor.document
        assert document is not None
        layer_id = document.layers[1].id
        after = edits.set_adjustment(document, layer_id, "exposure_stops", stops)
        self.editor.apply(after, "exposure", merge_key="exposure")

    def reset(self) -> None:
        """Open the document anew and show it whole."""
        self.editor.open_document(self.opened)
        self.canvas.fit()
        self.settle()

    def close(self) -> None:
        """Close the window without a question about the edits."""
        self.editor.undo_stack.setClean()
        self.window.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--synthetic", action="store_true", help="ellipses even if weights exist")
    args = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_STATE_HOME"] = home
        starts = measure_start()
        app = create_application()
        document = make_document(synthetic=args.synthetic or not weights_path().exists())
        bench = Bench(app, document)
        rows = [*starts, *measure_window(bench)]
        bench.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows.append(Row("peak memory", [peak], 1500, "MB"))
    width, height = bench.canvas.width(), bench.canvas.height()
    print(f"{PHOTO_SIZE_PX[0]} x {PHOTO_SIZE_PX[1]}, {len(document.layers)} people, canvas of")
    print(f"{width} x {height}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores;", end=" ")
    print("torch is", "loaded" if "torch" in sys.modules else "not loaded")
    print(f"{'':44s} {'median':>9s} {'worst':>9s} {'limit':>8s}")
    print("\n".join(row.format() for row in rows))


def make_document(*, synthetic: bool) -> Document:
    sample = read_photo(samples_dir() / SAMPLE).pixels
    pixels = cv2.resize(sample, PHOTO_SIZE_PX, interpolation=cv2.INTER_CUBIC)
    photo = Photo(np.asarray(pixels))
    people: Iterable[InstanceMatte]
    people = make_ellipses() if synthetic else open_session().find_people(photo.pixels).people
    return edits.add_person_layers(Document.for_photo(photo), people)


def make_ellipses() -> list[InstanceMatte]:
    boxes = json.loads((ROOT / "tests/data/sample_people.json").read_text("utf-8"))[SAMPLE]
    scale = PHOTO_SIZE_PX[0] / 2400
    return [make_ellipse(*(round(side * scale) for side in box)) for box in boxes]


def make_ellipse(left: int, top: int, right: int, bottom: int) -> InstanceMatte:
    """Make a person's matte: soft over a tenth of its width, and no more."""
    height, width = bottom - top, right - left
    rows, columns = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    depth = 1 - np.hypot(rows, columns)
    alpha = np.rint(np.clip(depth * 10, 0, 1) * 65535).astype(np.uint16)
    return InstanceMatte(alpha, left, top, 0.9, (left, top, right, bottom))


def measure_start() -> list[Row]:
    seconds = []
    for _ in range(STARTS):
        command = [sys.executable, "-c", START_PROBE, str(time.time())]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        took, has_torch = told.stdout.split()
        if has_torch != "False":
            raise SystemExit("torch was loaded before the window was visible")
        seconds.append(float(took) * 1000)
    return [Row("window visible, torch not loaded", seconds, 1000)]


def measure_window(bench: Bench) -> list[Row]:
    green, blur = ColourBackground((40, 120, 60)), BlurBackground(20.0)
    rows = [Row("photo and people opened, to sharp", [bench.open_ms])]
    rows += [pan(bench, zoom) for zoom in (0.5, 1.0)]
    rows += [zoom_in(bench)]
    rows += edit(bench, "", 60, 50)
    for name, background in ((" over a colour", green), (" over a blur", blur)):
        bench.reset()
        document = edits.set_background(bench.opened, background)
        look = bench.time(partial(bench.editor.apply, document, "background"))
        rows += [Row(f"first look{name}", [look]), Row("  longest stall", [bench.stall_ms])]
        rows += edit(bench, name, None, None)
    return rows


def pan(bench: Bench, zoom: float) -> Row:
    bench.reset()
    bench.canvas.zoom_to(zoom)
    bench.settle()
    ways = [QPointF(-37, -11) if i % 2 else QPointF(-37, 13) for i in range(2 * REPEATS)]
    frames = [bench.time_frame(partial(bench.canvas.pan_by, way)) for way in ways]
    return Row(f"pan frame at {zoom:.0%}", frames, 16)


def zoom_in(bench: Bench) -> Row:
    bench.reset()
    factors = [1.06] * REPEATS + [1 / 1.06] * REPEATS
    anchor = QPointF(420, 330)
    frames = [bench.time_frame(partial(bench.canvas.zoom_by, f, anchor)) for f in factors]
    return Row("zoom frame", frames, 16)


def edit(
    bench: Bench, name: str, slider_limit: float | None, undo_limit: float | None
) -> list[Row]:
    bench.canvas.fit()
    bench.settle()
    bench.expose(0.01)
    bench.settle()
    stops = [0.05 * (i + 1) for i in range(REPEATS)]
    slides = [bench.time(partial(bench.expose, s)) for s in stops]
    undos = []
    for _ in range(REPEATS // 2):
        undos.append(bench.time(bench.editor.undo_stack.undo))
        undos.append(bench.time(bench.editor.undo_stack.redo))
    return [
        Row(f"slider to screen{name}", slides, slider_limit),
        Row(f"undo or redo to screen{name}", undos, undo_limit),
    ]


if __name__ == "__main__":
    main()
