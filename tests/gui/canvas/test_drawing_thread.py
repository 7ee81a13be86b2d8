"""Tiles are drawn beside the window's own thread."""

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from himapp.document.regions import Region
from himapp.gui.canvas.drawing_thread import DrawingThread, Drawn
from himapp.gui.canvas.tiles import Place, TileJob, TileStore

PATIENCE_S = 10.0


class Gate:
    """Draws when its gate is open."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.open = threading.Event()
        self.threads: list[str] = []

    def __call__(self, region: Region, level: int) -> QImage:
        self.threads.append(threading.current_thread().name)
        self.entered.set()
        assert self.open.wait(PATIENCE_S)
        return QImage(region.width, region.height, QImage.Format.Format_ARGB32_Premultiplied)


class Listener:
    def __init__(self, drawing: DrawingThread) -> None:
        self.places: list[Place] = []
        self.has_ended = False
        self.images: list[QImage] = []
        drawing.drawn.connect(self.on_drawn)

    def on_drawn(self, tiles: tuple[Drawn, ...], is_last: bool) -> None:  # noqa: FBT001
        self.places += [job.place for job, _ in tiles]
        self.images += [image for _, image in tiles]
        self.has_ended = is_last


def jobs_of(draw: Gate, count: int) -> list[TileJob]:
    store = TileStore((4000, 4000), draw, 1 << 30)
    return [store.begin(Place(0, 0, column)) for column in range(count)]


@pytest.fixture
def drawing(qapp: object) -> Iterator[DrawingThread]:
    drawing = DrawingThread()
    yield drawing
    drawing.stop()


def test_a_batch_is_drawn_on_another_thread(qtbot: QtBot, drawing: DrawingThread) -> None:
    gate, listener = Gate(), Listener(drawing)
    gate.open.set()
    jobs = jobs_of(gate, 3)
    drawing.submit(jobs)
    qtbot.waitUntil(lambda: listener.has_ended)
    assert listener.places == [job.place for job in jobs]
    assert all(name.startswith("himapp tiles") for name in gate.threads)
    assert not drawing.is_busy


def test_one_batch_is_drawn_at_a_time(drawing: DrawingThread) -> None:
    gate = Gate()
    drawing.submit(jobs_of(gate, 1))
    with pytest.raises(RuntimeError, match="already"):
        drawing.submit(jobs_of(gate, 1))
    gate.open.set()


def test_a_stopped_batch_is_not_heard_of_and_its_thread_ends(
    qtbot: QtBot, drawing: DrawingThread
) -> None:
    gate, listener = Gate(), Listener(drawing)
    drawing.submit(jobs_of(gate, 2))
    assert gate.entered.wait(PATIENCE_S)
    threading.Timer(0.02, gate.open.set).start()
    drawing.stop()
    assert len(gate.threads) == 1
    assert not [t for t in threading.enumerate() if t.name.startswith("himapp tiles")]
    with qtbot.waitSignal(drawing.drawn):
        drawing.submit(jobs_of(gate, 1))
    assert listener.places == [Place(0, 0, 0)]


@pytest.mark.expects_log_warning
def test_a_tile_that_cannot_be_drawn_is_logged_and_left_out(
    qtbot: QtBot, drawing: DrawingThread, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(region: Region, level: int) -> QImage:
        raise ZeroDivisionError

    listener = Listener(drawing)
    store = TileStore((400, 400), fail, 1 << 30)
    drawing.submit([store.begin(Place(0, 0, 0))])
    qtbot.waitUntil(lambda: listener.has_ended)
    assert listener.images[0].isNull()
    assert "could not be drawn" in caplog.text
