"""Find the people of a photo in the background; the only place of the window that loads torch."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, Slot

from himapp.inference.session import CancelToken, MattingResult, MattingSession
from himapp.workers.task_runner import Report, TaskOutcome, TaskRunner

SessionFactory = Callable[[], MattingSession]
"""Opens a session; called on the worker's thread, once, when there is work."""


@dataclass(frozen=True, slots=True)
class MattingOutcome:
    """How a request ended: with a result, with an error, or withdrawn.

    Attributes:
        ticket: names the request.
        result: what was found; None unless it succeeded.
        error: one sentence for the user if it failed, else None.
    """

    ticket: int
    result: MattingResult | None = None
    error: str | None = None

    @property
    def is_cancelled(self) -> bool:
        """Whether it was withdrawn, by the user or by a newer request."""
        return self.result is None and self.error is None


class _PeopleFinder:
    """Holds the session; touched by the worker's thread alone."""

    def __init__(self, open_session: SessionFactory) -> None:
        self._open_session = open_session
        self._session: MattingSession | None = None

    def find(self, pixels: npt.NDArray[Any], report: Report, cancel: CancelToken) -> MattingResult:
        """Find people; a session that could not be opened is tried again next time."""
        if self._session is None:
            report("load", 0, 1)
            self._session = self._open_session()
        cancel.raise_if_cancelled()
        return self._session.find_people(pixels, progress=report, cancel=cancel)


class MattingService(QObject):
    """Finds people photo by photo on one thread; the newest request wins.

    Every ticket that was started is finished exactly once, a withdrawn one at once and as
    cancelled. All signals are emitted in the thread of this object.

    Attributes:
        started: ``(ticket)``.
        progressed: ``(ticket, stage, done, of)``, see ``himapp.inference.session``.
        finished: ``(ticket, outcome)``, a :class:`MattingOutcome`.
    """

    started = Signal(int)
    progressed = Signal(int, str, int, int)
    finished = Signal(int, object)

    def __init__(self, open_session: SessionFactory, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._finder = _PeopleFinder(open_session)
        self._runner = TaskRunner(self)
        self._runner.started.connect(self.started)
        self._runner.progressed.connect(self.progressed)
        self._runner.finished.connect(self._on_finished)

    @property
    def is_busy(self) -> bool:
        """Whether a request is under way."""
        return self._runner.is_busy

    def request(self, pixels: npt.NDArray[Any]) -> int:
        """Ask for the people of a photo, withdrawing the request under way; returns the ticket.

        Args:
            pixels: uint8 or uint16 ``[H, W, 3]`` RGB, upright and read-only.

        Raises:
            ValueError: the pixels can be written to while the other thread reads them.
            RuntimeError: the service is shut down.
        """
        if pixels.flags.writeable:
            raise ValueError("The pixels of a request must be read-only")
        return self._runner.run(partial(self._finder.find, pixels))

    def cancel(self) -> None:
        """Withdraw the request under way, if any."""
        self._runner.cancel()

    def shutdown(self) -> None:
        """Withdraw the request under way, end the thread and wait for it.

        A session looks at its token at least once a second, but for the first time it loads torch.
        """
        self._runner.shutdown()

    @Slot(object)
    def _on_finished(self, outcome: TaskOutcome) -> None:
        self.finished.emit(
            outcome.ticket, MattingOutcome(outcome.ticket, outcome.value, outcome.error)
        )
