"""The real window on real files, with a session that finds three people at once or on demand."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from himapp.gui.dialogs import files
from himapp.gui.main_window import MainWindow
from himapp.gui.theme import apply_theme
from himapp.imaging.image_files import write_png
from himapp.inference.prompts import Point, Prompt
from himapp.inference.session import (
    CancelToken,
    InstanceMatte,
    MattingResult,
    ProgressCallback,
    ignore_progress,
)

HEIGHT, WIDTH = 120, 180
LEFTS = (10, 70, 130)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Qt's offscreen platform says this of every dialog; nothing can be done about it."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("does not support propagateSizeHints"))


class FakeSession:
    """Finds upright rectangles; can be held back, fail, or find nobody."""

    device = "CPU (2 threads)"

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.lefts: tuple[int, ...] = LEFTS
        self.error: Exception | None = None
        self.requests = 0
        self.answer: InstanceMatte | None = None
        self.prompts: list[Prompt] = []
        self.excluded: list[tuple[Point, InstanceMatte]] = []

    def find_people(
        self,
        pixels: Any,
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> MattingResult:
        self.requests += 1
        report, token = progress or ignore_progress, cancel or CancelToken()
        report("find", 0, 1)
        report("edges", 0, len(self.lefts))
        report("edges", 1, len(self.lefts))
        while not self.gate.wait(0.01):
            token.raise_if_cancelled()
        if self.error is not None:
            raise self.error
        people = tuple(make_person(left) for left in self.lefts)
        return MattingResult(people, {"load": 9.0, "find": 0.3, "edges": 0.1}, self.device)

    def add_person(
        self,
        pixels: Any,
        prompt: Prompt,
        others: Sequence[InstanceMatte],
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> InstanceMatte | None:
        self.prompts.append(prompt)
        self._wait(progress, cancel)
        return self.answer

    def exclude_place(
        self,
        pixels: Any,
        place: Point,
        matte: InstanceMatte,
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> InstanceMatte | None:
        self.excluded.append((place, matte))
        self._wait(progress, cancel)
        return self.answer

    def _wait(self, progress: ProgressCallback | None, cancel: CancelToken | None) -> None:
        (progress or ignore_progress)("find", 0, 3)
        while not self.gate.wait(0.01):
            (cancel or CancelToken()).raise_if_cancelled()
        if self.error is not None:
            raise self.error


def make_person(left: int) -> InstanceMatte:
    alpha = np.full((80, 40), 65535, np.uint16)
    return InstanceMatte(alpha, left, 20, 0.9, (left, 20.0, left + 40.0, 100.0))


Drop = Callable[..., None]


@pytest.fixture
def drop() -> Drop:
    """Drag files over a widget and let them go: ``drop(widget, path, ...)``."""

    def drop_files(widget: QWidget, *paths: Path) -> None:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        enter = make_drop_event(data, QEvent.Type.DragEnter)
        widget.dragEnterEvent(enter)
        assert enter.isAccepted()
        widget.dropEvent(make_drop_event(data, QEvent.Type.Drop))

    return drop_files


Offer = Callable[[QWidget, Path, Qt.DropAction], tuple[QDropEvent, QDropEvent]]


@pytest.fixture
def offer() -> Offer:
    """Drag a file that may be taken so, moved if that is allowed; the answers: over it, let go."""

    def offer_file(
        widget: QWidget, path: Path, allowed: Qt.DropAction
    ) -> tuple[QDropEvent, QDropEvent]:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        enter = make_drop_event(data, QEvent.Type.DragEnter, allowed)
        widget.dragEnterEvent(enter)
        let_go = make_drop_event(data, QEvent.Type.Drop, allowed)
        widget.dropEvent(let_go)
        return enter, let_go

    return offer_file


def make_drop_event(
    data: QMimeData, kind: QEvent.Type, allowed: Qt.DropAction = Qt.DropAction.CopyAction
) -> QDropEvent:
    is_move = bool(allowed & Qt.DropAction.MoveAction)
    keys = Qt.KeyboardModifier.ShiftModifier if is_move else Qt.KeyboardModifier.NoModifier
    event = QDropEvent(QPointF(5, 5), allowed, data, Qt.MouseButton.LeftButton, keys, kind)
    event.setDropAction(Qt.DropAction.MoveAction if is_move else Qt.DropAction.CopyAction)
    event.setAccepted(False)
    return event


@pytest.fixture(autouse=True)
def _fresh_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Let no test find what another one chose or left behind."""
    folder = str(tmp_path_factory.mktemp("config"))
    for variable in ("XDG_CONFIG_HOME", "APPDATA", "XDG_STATE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, folder)


@pytest.fixture
def session() -> Iterator[FakeSession]:
    session = FakeSession()
    yield session
    session.gate.set()


@pytest.fixture
def photo_file(tmp_path: Path) -> Path:
    """A photo of a dark gradient, so that brighter is seen."""
    ramp = np.linspace(40, 90, WIDTH, dtype=np.uint8)
    pixels = np.repeat(np.tile(ramp, (HEIGHT, 1))[:, :, None], 3, axis=2)
    path = tmp_path / "three.png"
    write_png(path, np.ascontiguousarray(pixels))
    return path


@pytest.fixture
def image_file(tmp_path: Path) -> Path:
    """A red image to put behind people."""
    path = tmp_path / "red.png"
    write_png(path, np.full((60, 60, 3), (200, 10, 10), np.uint8))
    return path


@pytest.fixture
def project_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the dialog will say the project goes."""
    path = tmp_path / "mine.himapp"
    monkeypatch.setattr(files, "ask_project", lambda *_: path)
    return path


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot, session: FakeSession) -> Iterator[MainWindow]:
    """The window as the application makes it, closed at the end without a question."""
    apply_theme(qapp)
    window = MainWindow(lambda: session)
    window.resize(1200, 800)
    with qtbot.waitExposed(window):
        window.show()
    yield window
    session.gate.set()
    window.editor.undo_stack.setClean()
    window.close()
    window.deleteLater()


@pytest.fixture
def opened(qtbot: QtBot, window: MainWindow, photo_file: Path) -> MainWindow:
    """The window with the photo and its three people."""
    window.open_path(photo_file)
    wait_for_people(qtbot, window, 3)
    return window


def wait_for_people(qtbot: QtBot, window: MainWindow, count: int) -> None:
    def has_people() -> bool:
        document = window.editor.document
        return document is not None and len(document.layers) == count

    qtbot.waitUntil(has_people)
    qtbot.waitUntil(lambda: not window.is_busy)
