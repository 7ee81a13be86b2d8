"""Kill the program at random moments while it saves, autosaves and exports; see what is left.

    python tests/data/kill_trials.py --trials 100

Every trial forks a child that writes documents of rising numbers over each other until SIGKILL
meets it. Then each file must be whole: the last document that was finished, or the one that was
being written. Temporary files of the dead child must go with the next save in the folder. For
autosave the real editor and timer run in the child, with a short interval, and the edits lost are
counted in time. Exits with 1 if anything was broken. Linux and macOS.
"""

import argparse
import contextlib
import hashlib
import os
import random
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

import cv2
import numpy as np
from PySide6.QtCore import QCoreApplication, QTimer

from himapp.atomic_file import write_atomically
from himapp.document.document import Document
from himapp.document.edits import set_opacity
from himapp.document.export import run_export
from himapp.document.export_options import ExportOptions, NamingOptions
from himapp.document.layers import PersonLayer
from himapp.document.matte_tiles import MatteTiles
from himapp.document.project_file import load_project, save_project
from himapp.document.project_photo import read_known_photo
from himapp.document.recovery import find_left_edits
from himapp.document.render_cache import RenderCache
from himapp.gui import autosaving
from himapp.gui.editor import Editor
from himapp.imaging.image_files import write_png
from himapp.imaging.photo import Photo

PEOPLE = 3
AUTOSAVE_MS = 150
EDIT_MS = 10
TEMPORARY = ".himapp-*.tmp"
EXPORT = ExportOptions(naming=NamingOptions(collision="overwrite", has_sidecar=True))


@dataclass
class Tally:
    """What the trials of one kind came to."""

    trials: int = 0
    old: int = 0
    new: int = 0
    nothing: int = 0
    leftovers: int = 0
    lost_seconds: float = 0.0
    broken: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.trials} trials: {self.old} old, {self.new} new, {self.nothing} nothing yet, "
            f"{len(self.broken)} broken; {self.leftovers} killed in the middle of a file"
        )


@cache
def open_photo(folder: Path) -> Photo:
    """The photo of all documents, made when it is not there."""
    path = folder / "photo.png"
    if not path.exists():
        write_png(path, np.random.default_rng(0).integers(0, 256, (500, 700, 3), np.uint8))
    return read_known_photo(path)


def make_document(folder: Path, number: int) -> Document:
    """A photo with people whose mattes and opacities say which document it is."""
    photo = open_photo(folder)
    rng = np.random.default_rng(1)
    mattes = [
        MatteTiles.from_array(
            rng.integers(0, 20000, (450, 200), np.uint16) + np.uint16(number % 1000),
            (500, 700),
            left=30 + 210 * index,
            top=20,
        )
        for index in range(PEOPLE)
    ]
    people = tuple(
        PersonLayer(i, i, f"document {number}", matte, matte, opacity=mark(number))
        for i, matte in enumerate(mattes, 1)
    )
    return Document(photo, people, next_number=PEOPLE + 1)


def mark(number: int) -> float:
    """An opacity that tells documents apart."""
    return 1 - number / 1e6


def number_of(document: Document) -> int:
    """Return which document it is; every part of it must say the same.

    Raises:
        ValueError: parts of two documents are mixed.
    """
    numbers = {round((1 - layer.opacity) * 1e6) for layer in document.layers}
    (number,) = numbers
    expected = make_document(Path(document.photo.path or "").parent, number)
    for layer, wanted in zip(document.layers, expected.layers, strict=True):
        if layer.name != wanted.name or not np.array_equal(
            layer.matte.to_array(), wanted.matte.to_array()
        ):
            raise ValueError(f"{layer.name} is not what document {number} was")
    return number


# --- what children do until they are killed ------------------------------------------------------


def keep_saving(folder: Path, tell: Callable[[str], None]) -> None:
    """Save one document after the other over the same project."""
    documents = [make_document(folder, number) for number in range(1, 12)]
    for number in range(1, 1_000):
        document = documents[number % len(documents)]
        tell(f"start {document.layers[0].name.split()[1]}")
        save_project(document, folder / "a.himapp")
        tell(f"done {document.layers[0].name.split()[1]}")


def keep_exporting(folder: Path, tell: Callable[[str], None]) -> None:
    """Export one document after the other over the same files."""
    documents = [make_document(folder, number) for number in (1, 2)]
    renderings = RenderCache()
    tell("start 0")
    for number in range(1_000):
        run_export(documents[number % 2], EXPORT, folder / "out", cache=renderings)


def keep_editing(folder: Path, tell: Callable[[str], None]) -> None:
    """Edit, and let the window's own autosave do its work."""
    autosaving.AUTOSAVE_MS = AUTOSAVE_MS  # type: ignore[misc]
    app = QCoreApplication([])
    editor = Editor()
    no_project: Any = SimpleNamespace(path=None)
    keeper = autosaving.Autosaving(editor, no_project, folder / "recovery")
    editor.open_document(make_document(folder, 0))
    numbers = iter(range(1, 100_000))

    def edit() -> None:
        number, document = next(numbers), editor.document
        if document is not None:
            for layer in document.layers:
                document = set_opacity(document, layer.id, mark(number))
            editor.apply(document, "edit")
            tell(f"edit {number} {time.monotonic()}")

    timer = QTimer()
    timer.timeout.connect(edit)
    timer.start(EDIT_MS)
    app.exec()
    del keeper


KINDS = {"save": keep_saving, "autosave": keep_editing, "export": keep_exporting}


def run_and_kill(kind: str, folder: Path, seconds: float) -> list[str]:
    """Fork a child, kill it some time after its first word, and return what it told."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with contextlib.suppress(BaseException):
            KINDS[kind](folder, lambda line: os.write(writing, f"{line}\n".encode()) and None)
        os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        select.select([pipe], [], [], 60)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        killed_at = time.monotonic()
        told = pipe.read().decode().splitlines()
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        raise SystemExit(f"the child for {kind} ended by itself")
    return [*told, f"killed {killed_at}"]


# --- what must be there afterwards ---------------------------------------------------------------


def check_save(folder: Path, told: list[str], tally: Tally) -> None:
    """The project is the document of the last save that ended, or of the one under way."""
    started = [int(line.split()[1]) for line in told if line.startswith("start")]
    done = [0, *(int(line.split()[1]) for line in told if line.startswith("done"))]
    found = number_of(load_project(folder / "a.himapp"))
    if found not in (done[-1], started[-1]):
        raise ValueError(f"document {found} is neither {done[-1]} nor {started[-1]}")
    tally.old += found == done[-1]
    tally.new += found != done[-1]


def check_autosave(folder: Path, told: list[str], tally: Tally) -> None:
    """What was kept is whole, and little is lost."""
    edits = {int(line.split()[1]): float(line.split()[2]) for line in told[:-1]}
    killed_at = float(told[-1].split()[1])
    left = find_left_edits(folder / "recovery")
    kept = 0
    for each in left:
        document = load_project(each.place.path)
        kept = round((1 - document.layers[0].opacity) * 1e6)
        if len({layer.opacity for layer in document.layers}) != 1 or kept not in edits:
            raise ValueError(f"edit {kept} never was")
        each.place.discard()
    if len(left) > 1:
        raise ValueError(f"{len(left)} files for one window")
    not_kept = [moment for number, moment in edits.items() if number > kept]
    tally.lost_seconds = max(tally.lost_seconds, killed_at - min(not_kept, default=killed_at))
    tally.nothing += not left
    tally.old += len(left)


def check_export(folder: Path, tally: Tally, known: dict[str, set[str]]) -> None:
    """Every file is byte for byte that of one document or the other."""
    files = [path for path in (folder / "out").glob("*") if not path.match(TEMPORARY)]
    for path in files:
        if digest(path) not in known.get(path.name, set()):
            raise ValueError(f"{path.name} is no file of either document")
    tally.old += bool(files)
    tally.nothing += not files


def digest(path: Path) -> str:
    """Return a file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def export_both(folder: Path) -> dict[str, set[str]]:
    """Return what undisturbed exports of both documents write, by name."""
    known: dict[str, set[str]] = {}
    for number in (1, 2):
        options = replace(EXPORT)
        target = folder / f"reference {number}"
        document = make_document(folder, number)
        for path in run_export(document, options, target, cache=RenderCache()):
            known.setdefault(path.name, set()).add(digest(path))
    return known


def clean_up(folder: Path, tally: Tally) -> None:
    """Count temporary files, and see that the next save removes them."""
    places = {path.parent for path in folder.rglob(TEMPORARY)}
    tally.leftovers += len(list(folder.rglob(TEMPORARY)))
    for place in places:
        write_atomically(place / "next.txt", [b"saved"])
        (place / "next.txt").unlink()
    left = list(folder.rglob(TEMPORARY))
    if left:
        raise ValueError(f"{left} stays")


def run_trials(kind: str, trials: int, chance: random.Random) -> Tally:
    """Run the trials of one kind; what earlier ones left stays for the later ones."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="kill-trials-") as name:
        folder = Path(name)
        save_project(make_document(folder, 0), folder / "a.himapp")
        begun = time.monotonic()
        save_project(make_document(folder, 0), folder / "a.himapp")
        known = export_both(folder) if kind == "export" else {}
        seconds = time.monotonic() - begun
        seconds += (seconds + AUTOSAVE_MS / 1000) * (kind == "autosave")
        for _ in range(trials):
            tally.trials += 1
            told = run_and_kill(kind, folder, chance.uniform(0, 2 * seconds))
            try:
                if kind == "save":
                    check_save(folder, told, tally)
                elif kind == "autosave":
                    check_autosave(folder, told, tally)
                else:
                    check_export(folder, tally, known)
                clean_up(folder, tally)
                if kind == "save":
                    save_project(make_document(folder, 0), folder / "a.himapp")
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
                tally.broken.append(repr(error))
    return tally


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100, help="altogether")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    cv2.setNumThreads(0)
    chance = random.Random(options.seed)
    tallies: dict[str, Tally] = {}
    for index, kind in enumerate(KINDS):
        trials = options.trials // len(KINDS) + (index < options.trials % len(KINDS))
        tallies[kind] = run_trials(kind, trials, chance)
        print(f"{kind}: {tallies[kind]}", flush=True)
        for sentence in tallies[kind].broken:
            print(f"    {sentence}")
    lost = tallies["autosave"].lost_seconds
    print(f"autosave {AUTOSAVE_MS} ms after an edit: at most {lost * 1000:.0f} ms of edits lost")
    return int(any(tally.broken for tally in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
