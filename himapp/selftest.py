"""The command ``himapp selftest``: use every part once, without network, and say what works.

A frozen program can lack a library or a file and show it only in use: this is the use. It runs
from the source tree as well. Data flow::

    licences, weights;  sample photo ─► people ─► window, offscreen ─► files, project ─► read back
"""

import io
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
from PIL import Image

from himapp import __version__
from himapp.document.document import Document
from himapp.document.export import run_export
from himapp.document.export_options import ExportOptions
from himapp.document.layers import PersonLayer
from himapp.document.project_file import load_project, save_project
from himapp.document.recovery import claim_place
from himapp.document.render import render
from himapp.document.render_cache import RenderCache
from himapp.errors import HimappError
from himapp.imaging.photo_io import read_photo
from himapp.inference.session import MattingSession
from himapp.inference.weights import find_weights
from himapp.paths import licences_dir, samples_dir
from himapp.pipeline import document_with_people, open_session

SAMPLE: Final = "group-of-four.jpg"
_SAMPLE_PEOPLE: Final = 4
_LICENCES: Final = ("README.md", "Apache-2.0.txt", "LGPL-3.0.txt", "GPL-3.0.txt")
_WINDOW_SECONDS: Final = 120.0
_PHOTO_COLOURS: Final = 1000
"""Distinct colours that a shown photo has at the least; a flat window has a handful."""
_MEGABYTE: Final = 1_000_000


class CheckError(HimappError):
    """Say what a check found that is not as it should be."""


def run_selftest(
    say: Callable[[str], None], open_session: Callable[[], MattingSession] = open_session
) -> bool:
    """Run every check, say a line for each, and tell whether all are well.

    The user's settings are neither read nor written.

    Args:
        say: takes one line of text.
        open_session: opens the session that finds people.
    """
    with (
        tempfile.TemporaryDirectory(prefix="himapp-selftest-", ignore_cleanup_errors=True) as name,
        _strange_home(Path(name)),
        NetworkGuard() as network,
    ):
        selftest = _SelfTest(open_session, Path(name), network)
        # Every check runs, whatever became of the one before.
        results = [_try_check(title, check, say) for title, check in selftest.checks()]
    return all(results)


def _try_check(title: str, check: Callable[[], str], say: Callable[[str], None]) -> bool:
    start = time.perf_counter()
    try:
        found = check()
    except Exception as error:  # noqa: BLE001 - the border of a check: the others still run
        said = str(error) if isinstance(error, HimappError) else repr(error)
        say(f"FAIL  {title}: {said}")
        return False
    say(f"ok    {title}: {found} ({time.perf_counter() - start:.1f} s)")
    return True


class NetworkGuard:
    """Refuses every socket of this process while it is entered, and remembers who asked.

    It hears what Python asks the system for; Qt's own network module is not in the program.
    """

    def __init__(self) -> None:
        self.refused: list[str] = []
        self._is_shut = False
        # A hook stays for the life of the process: the flag ends its work.
        sys.addaudithook(self._refuse)

    def __enter__(self) -> Self:
        self._is_shut = True
        return self

    def __exit__(self, *_exception: object) -> None:
        self._is_shut = False

    def _refuse(self, event: str, _arguments: tuple[Any, ...]) -> None:
        if self._is_shut and event.startswith("socket."):
            self.refused.append(event)
            raise PermissionError("The self-test allows no network.")


@contextmanager
def _strange_home(folder: Path) -> Iterator[None]:
    """Let settings and log go to a folder, and Qt draw without a screen unless told otherwise."""
    names = ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "APPDATA", "LOCALAPPDATA"]
    if sys.platform == "darwin":
        names.append("HOME")
    screen = os.environ.get("QT_QPA_PLATFORM", "offscreen")
    changes = dict.fromkeys(names, str(folder / "home")) | {"QT_QPA_PLATFORM": screen}
    with patch.dict(os.environ, changes):
        yield


class _SelfTest:
    """The checks, in their order, and what they hand on."""

    def __init__(
        self, open_session: Callable[[], MattingSession], folder: Path, network: NetworkGuard
    ) -> None:
        self._open_session = open_session
        self._folder = folder
        self._network = network
        self._document: Document | None = None

    def checks(self) -> tuple[tuple[str, Callable[[], str]], ...]:
        return (
            ("licences", check_licences),
            ("weights", check_weights),
            ("readers", check_readers),
            # Before the window: on Windows torch has to load before Qt, see himapp.app.
            ("find people", self.find_people),
            ("window", self.show_window),
            ("export", self.export),
            ("project", self.save_and_open),
            ("network", self.check_network),
            ("versions", describe_versions),
        )

    def find_people(self) -> str:
        photo = read_photo(samples_dir() / SAMPLE)
        result = self._open_session().find_people(photo.pixels)
        self._document = document_with_people(photo, result)
        _expect_people(len(result.people))
        return f"{len(result.people)} in {SAMPLE} ({photo.width} × {photo.height}), {result.device}"

    def show_window(self) -> str:
        # Qt is loaded for this check alone.
        from himapp.app import create_application
        from himapp.gui.main_window import MainWindow

        app = _running_application() or create_application()
        window = MainWindow(self._open_session)
        try:
            return _show_sample(window, app)
        finally:
            window.close()
            window.deleteLater()
            app.processEvents()

    def export(self) -> str:
        document = self._document
        if document is None:
            raise CheckError("there are no people to export")
        people = sorted(document.layers, key=lambda layer: layer.number)
        files = _export(document, ExportOptions(), self._folder)
        for person, file in zip(people, files, strict=True):
            check_cutout(file, person)
        (composite,) = _export(document, ExportOptions(content="composite"), self._folder)
        if not np.array_equal(_read_back(composite, "RGB"), document.photo.pixels):
            raise CheckError("the picture with everybody in place is not the photo")
        size = sum(file.stat().st_size for file in (*files, composite)) / _MEGABYTE
        return f"{len(files)} cut-outs and the picture, read back ({size:.1f} MB)"

    def save_and_open(self) -> str:
        document = self._document
        if document is None:
            raise CheckError("there are no people to save")
        path = self._folder / "selftest.himapp"
        save_project(document, path)
        again, cache = load_project(path), RenderCache()
        before, after = (render(each, each.frame, cache=cache) for each in (document, again))
        if len(again.layers) != len(document.layers) or not np.array_equal(before, after):
            raise CheckError("the project that was opened is not the one that was saved")
        place = claim_place(self._folder / "recovery")
        place.discard()
        return f"saved and opened to the last bit ({path.stat().st_size / _MEGABYTE:.1f} MB)"

    def check_network(self) -> str:
        if self._network.refused:
            raise CheckError(f"somebody asked for it ({', '.join(self._network.refused)})")
        return "shut all the time, and nobody asked for it"


def check_licences() -> str:
    """Return how many licence texts there are.

    Raises:
        CheckError: one that must be there is missing or empty.
    """
    folder = licences_dir()
    texts = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size > 0]
    missing = [name for name in _LICENCES if folder / name not in texts]
    if missing:
        raise CheckError(f"{', '.join(missing)} missing in {folder}")
    return f"{len(texts)} texts"


def check_weights() -> str:
    """Return the size of the weights, whose checksum is the manifest's.

    Raises:
        WeightsError: they are missing or damaged.
    """
    path = find_weights()
    return f"{path.name}, {path.stat().st_size / _MEGABYTE:.1f} MB, SHA-256 as listed"


def check_readers() -> str:
    """Load what only some photos need: the libraries for AVIF and RAW.

    Raises:
        ImportError: LibRaw is missing.
        OSError: AVIF is.
    """
    import rawpy

    with io.BytesIO() as buffer:
        Image.new("RGB", (16, 16)).save(buffer, "AVIF")
        with Image.open(buffer) as image:
            image.load()
    return f"AVIF, RAW (LibRaw {'.'.join(str(part) for part in rawpy.libraw_version)})"


def _expect_people(count: int) -> None:
    if count != _SAMPLE_PEOPLE:
        raise CheckError(f"found {count} people in {SAMPLE}, which shows {_SAMPLE_PEOPLE}")


def _running_application() -> Any:
    from PySide6.QtCore import QCoreApplication

    return QCoreApplication.instance()


def _show_sample(window: Any, app: Any) -> str:
    """Open the sample in the window as a user would; wait until its people are on the screen."""
    errors: list[str] = []
    window.opening.failed.connect(errors.append)
    window.show()
    window.open_path(samples_dir() / SAMPLE)
    deadline = time.monotonic() + _WINDOW_SECONDS
    while window.is_busy or not window.canvas.is_complete:
        if time.monotonic() > deadline:
            raise CheckError(f"still busy after {_WINDOW_SECONDS:.0f} s")
        app.processEvents()
        time.sleep(0.01)
    if errors:
        raise CheckError(errors[0])
    _expect_people(len(window.editor.document.layers))
    colours = count_colours(window.canvas.grab().toImage())
    if colours < _PHOTO_COLOURS:
        raise CheckError(f"the canvas shows {colours} colours: that is no photo")
    return f"shows {SAMPLE} and its {_SAMPLE_PEOPLE} people as layers, drawn {app.platformName()}"


def count_colours(image: Any) -> int:
    """Return how many different colours a ``QImage`` of 32 bits a pixel holds."""
    pixels = np.frombuffer(image.constBits(), np.uint32)
    return len(np.unique(pixels))


def _export(document: Document, options: ExportOptions, folder: Path) -> tuple[Path, ...]:
    return run_export(document, options, folder / "export", cache=RenderCache())


def check_cutout(file: Path, person: PersonLayer) -> None:
    """Make sure that a file holds a person: the crop's size, clear and solid pixels.

    Raises:
        CheckError: it does not.
    """
    alpha = _read_back(file, "RGBA")[..., 3]
    bounds = person.visible_bounds
    if alpha.shape != (bounds.height, bounds.width):
        raise CheckError(f"{file.name} is {alpha.shape}, the person {bounds}")
    if alpha.min() != 0 or alpha.max() != np.iinfo(np.uint8).max:
        raise CheckError(f"{file.name} holds alpha of {alpha.min()} to {alpha.max()} only")


def _read_back(file: Path, mode: str) -> npt.NDArray[np.uint8]:
    with Image.open(file) as image:
        if image.mode != mode:
            raise CheckError(f"{file.name} is {image.mode}, not {mode}")
        return np.asarray(image)


def describe_versions() -> str:
    """Return the versions of what was used, and the size of a frozen program."""
    parts = [f"himapp {__version__}", f"Python {platform.python_version()}"]
    loaded = [name for name in ("torch", "PySide6", "cv2", "numpy") if name in sys.modules]
    parts += [f"{name} {sys.modules[name].__version__}" for name in loaded]
    bundle = getattr(sys, "_MEIPASS", None)
    if bundle is None:
        return ", ".join([*parts, "from the source tree"])
    files = [path for path in Path(bundle).parent.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files if not path.is_symlink()) / _MEGABYTE
    return ", ".join([*parts, f"frozen, {size:.0f} MB in {len(files)} files"])
