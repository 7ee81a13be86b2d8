"""Take the pictures of the user guide from the real window.

    QT_QPA_PLATFORM=offscreen python tests/data/make_screenshots.py --out docs/images

The people are found by the shipped network. Without its weights ``--stand-in`` shows ellipses at
the places of ``sample_people.json``; such pictures are for looking at the layout only.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QWidget

from himapp.app import create_application
from himapp.gui.main_window import MainWindow
from himapp.inference.session import InstanceMatte, MattingResult, MattingSession
from himapp.paths import samples_dir
from himapp.pipeline import open_session

SIZE = QSize(1200, 780)
SAMPLE = "group-of-four.jpg"
QUALITY = 90


class StandInSession:
    """Finds ellipses where the samples' people stand."""

    device = "CPU (2 threads)"

    def find_people(self, pixels: Any, **_: Any) -> MattingResult:
        boxes = json.loads((Path(__file__).parent / "sample_people.json").read_text())[SAMPLE]
        people = tuple(make_ellipse(*box) for box in boxes)
        return MattingResult(people, {"find": 0.3, "edges": 0.1}, self.device)


def make_ellipse(x0: int, y0: int, x1: int, y1: int) -> InstanceMatte:
    height, width = y1 - y0, x1 - x0
    alpha = np.zeros((height, width), np.uint8)
    middle, axes = (width // 2, height // 2), (width // 2 - 8, height // 2 - 8)
    cv2.ellipse(alpha, middle, axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(alpha, (0, 0), 3).astype(np.uint16) * 257
    return InstanceMatte(soft, x0, y0, 0.9, (x0, y0, x1, y1))


def wait_until(is_done: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > end:
            raise TimeoutError("The window did not get there")
        QApplication.processEvents()
        time.sleep(0.005)


def settle(window: MainWindow) -> None:
    """Wait until everything is drawn, with fades at their end."""
    wait_until(lambda: window.canvas.is_complete and not window.is_busy)
    end = time.monotonic() + 1
    wait_until(lambda: time.monotonic() > end)


def save(widget: QWidget, path: Path) -> None:
    """Write a JPEG: a palette would change the people's colours, a full PNG be thrice as big."""
    widget.grab().save(str(path), "JPEG", QUALITY)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


def take_pictures(window: MainWindow, folder: Path) -> None:
    save(window, folder / "welcome.jpg")
    window.open_path(samples_dir() / SAMPLE)
    wait_until(lambda: window.editor.document is not None and bool(window.editor.document.layers))
    window.editor.select([2])
    settle(window)
    save(window, folder / "people.jpg")
    panel = window.side_bar.background
    panel.buttons["colour"].click()
    panel.colour_row.chosen.emit((62, 104, 168), True)
    window.side_bar.edit.sliders["exposure_stops"].number.setValue(0.6)
    window.side_bar.edit.sliders["saturation"].number.setValue(-60)
    settle(window)
    save(window, folder / "background.jpg")
    panel.buttons["photo"].click()
    window.side_bar.edit.reset_all()
    panel.buttons["blur"].click()
    panel.radius.number.setValue(24)
    settle(window)
    save(window, folder / "blur.jpg")
    window.actions_by_name["export_people"].trigger()
    dialog = window.export_flow.dialog
    if dialog is not None:
        dialog.place_page.show_folder(Path("Pictures") / "group")
        QApplication.processEvents()
        save(dialog, folder / "export.jpg")
        dialog.reject()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--stand-in", action="store_true", help="ellipses, without the network")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    app = create_application()

    def open_any_session() -> MattingSession:
        return StandInSession() if options.stand_in else open_session("cpu")

    window = MainWindow(open_any_session)
    window.resize(SIZE)
    window.show()
    app.processEvents()
    window.resize(SIZE)
    take_pictures(window, options.out)
    window.editor.undo_stack.setClean()
    window.close()


if __name__ == "__main__":
    main()
