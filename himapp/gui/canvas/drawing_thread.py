"""Draws tiles on a thread of its own, so that the window answers while a slow one is drawn."""

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QImage

from himapp.gui.canvas.tiles import TileJob

_log = logging.getLogger(__name__)

DELIVERY_S = 0.04
"""What is drawn within this time is shown in one go, so that a quick edit does not crawl."""

Drawn = tuple[TileJob, QImage]


class DrawingThread(QObject):
    """Draws one batch of tiles at a time; its thread lives from the first batch until ``stop``.

    Attributes:
        drawn: ``(tuple[Drawn, ...], bool)``: tiles, and whether the batch has ended. Emitted in the
            thread of this object. After ``stop`` nothing more comes of the batch before it.
    """

    drawn = Signal(object, bool)
    _sent = Signal(object, object, bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._executor: ThreadPoolExecutor | None = None
        self._batch: _Batch | None = None
        self._future: Future[None] | None = None
        self._sent.connect(self._on_sent, Qt.ConnectionType.QueuedConnection)

    @property
    def is_busy(self) -> bool:
        """Whether a batch is being drawn."""
        return self._batch is not None

    def submit(self, jobs: Sequence[TileJob]) -> None:
        """Draw a batch.

        Raises:
            RuntimeError: another batch is being drawn.
        """
        if self._batch is not None:
            raise RuntimeError("A batch of tiles is being drawn already")
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="himapp tiles")
        self._batch = _Batch(jobs, self._sent)
        self._future = self._executor.submit(self._batch.draw)

    def hurry(self) -> None:
        """Let the batch end soon: what is wanted has changed."""
        if self._batch is not None:
            self._batch.is_hurried.set()

    def stop(self) -> None:
        """End the batch after the tile that is being drawn, and the thread, and wait for it."""
        if self._batch is not None:
            self._batch.is_stopped.set()
            self._batch = None
        if self._executor is not None:
            self._executor.shutdown(wait=True)
            self._executor = None

    def _on_sent(self, batch: object, tiles: tuple[Drawn, ...], is_last: bool) -> None:  # noqa: FBT001
        if batch is not self._batch:
            return
        if is_last:
            self._batch = None
        self.drawn.emit(tiles, is_last)


class _Batch:
    """Tiles to draw; ``draw`` runs on the thread."""

    def __init__(self, jobs: Sequence[TileJob], sent: SignalInstance) -> None:
        self.is_hurried = threading.Event()
        self.is_stopped = threading.Event()
        self._jobs = jobs
        self._sent = sent

    def draw(self) -> None:
        """Draw job after job; deliver what is done every so often, and the rest at the end."""
        start = delivered = time.perf_counter()
        done: list[Drawn] = []
        for job in self._jobs:
            done.append((job, _draw(job)))
            now = time.perf_counter()
            if self.is_stopped.is_set() or (self.is_hurried.is_set() and now - start > DELIVERY_S):
                break
            if now - delivered > DELIVERY_S:
                self._deliver(done, is_last=False)
                delivered, done = now, []
        self._deliver(done, is_last=True)

    def _deliver(self, done: list[Drawn], *, is_last: bool) -> None:
        if not self.is_stopped.is_set():
            self._sent.emit(self, tuple(done), is_last)


def _draw(job: TileJob) -> QImage:
    try:
        return job.draw(job.region, job.place.level)
    except Exception:  # noqa: BLE001 - the border of this thread: the canvas goes on without a tile
        _log.exception("A tile could not be drawn: %s", job.place)
        return QImage()
