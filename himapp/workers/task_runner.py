"""One background task at a time: the newest wins, every exception becomes a sentence."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from himapp.errors import Cancelled, HimappError
from himapp.imaging.memory import memory_errors
from himapp.inference.session import CancelToken

_log = logging.getLogger(__name__)

Report = Callable[[str, int, int], None]
"""Called by a task as ``report(stage, done, of)``."""

Task = Callable[[Report, CancelToken], Any]
"""What a runner runs: it reports, looks at the token, and returns an immutable value."""

_STACK_BYTES = 8 << 20
"""macOS gives threads other than the first 512 KB, which is too little for numerical libraries."""


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """How a task ended.

    Attributes:
        ticket: names the task.
        value: what it returned; None unless it succeeded.
        error: one sentence for the user if it failed, else None.
        is_cancelled: whether it was withdrawn, by the user or by a newer task.
    """

    ticket: int
    value: Any = None
    error: str | None = None
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class _Job:
    ticket: int
    task: Task
    cancel: CancelToken = field(default_factory=CancelToken)


class _Worker(QObject):
    """Lives on the runner's thread and does the jobs that are sent to it, one by one."""

    progressed = Signal(int, str, int, int)
    finished = Signal(object)

    @Slot(object)
    def work(self, job: _Job) -> None:
        def report(stage: str, done: int, of: int) -> None:
            self.progressed.emit(job.ticket, stage, done, of)

        self.finished.emit(_run(job, report))


def _run(job: _Job, report: Report) -> TaskOutcome:
    try:
        job.cancel.raise_if_cancelled()
        with memory_errors():
            return TaskOutcome(job.ticket, value=job.task(report, job.cancel))
    except Cancelled:
        return TaskOutcome(job.ticket, is_cancelled=True)
    except HimappError as error:
        _log.info("A task failed", exc_info=True)
        return TaskOutcome(job.ticket, error=str(error))
    except MemoryError:
        _log.info("A task ran out of memory", exc_info=True)
        return TaskOutcome(job.ticket, error="There is not enough memory for this.")
    except Exception:  # noqa: BLE001 - the border of this thread: nothing may end it
        _log.exception("Unexpected error in a task")
        return TaskOutcome(job.ticket, error="Something unexpected went wrong; the log says what.")


class TaskRunner(QObject):
    """Runs tasks on a thread of its own, one at a time.

    A new task withdraws the one before it. Every ticket that was started is finished exactly once;
    nothing is heard of a withdrawn task after that, whatever it still does. All signals are emitted
    in the thread of this object. Connect them to methods of QObjects only.

    Attributes:
        started: ``(ticket)``.
        progressed: ``(ticket, stage, done, of)``.
        finished: ``(outcome)``, a :class:`TaskOutcome`.
    """

    started = Signal(int)
    progressed = Signal(int, str, int, int)
    finished = Signal(object)
    _sent = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job: _Job | None = None
        self._last_ticket = 0
        self._is_shut_down = False
        self._thread = QThread(self)
        self._thread.setObjectName("himapp tasks")
        self._thread.setStackSize(_STACK_BYTES)
        self._worker = _Worker()
        self._worker.moveToThread(self._thread)
        # Bound methods of QObjects only: anything else would run in the thread that emits.
        queued = Qt.ConnectionType.QueuedConnection
        self._sent.connect(self._worker.work, queued)
        self._worker.progressed.connect(self._on_progressed, queued)
        self._worker.finished.connect(self._on_finished, queued)

    @property
    def is_busy(self) -> bool:
        """Whether a task is under way."""
        return self._job is not None

    def run(self, task: Task) -> int:
        """Start a task, withdrawing the one under way, and return its ticket.

        Raises:
            RuntimeError: the runner is shut down.
        """
        if self._is_shut_down:
            raise RuntimeError("The task runner is shut down")
        self.cancel()
        self._last_ticket += 1
        job = self._job = _Job(self._last_ticket, task)
        if not self._thread.isRunning():
            self._thread.start()
        self.started.emit(job.ticket)
        self._sent.emit(job)
        return job.ticket

    def cancel(self) -> None:
        """Withdraw the task under way, if any: it is finished as cancelled at once."""
        job, self._job = self._job, None
        if job is not None:
            job.cancel.cancel()
            self.finished.emit(TaskOutcome(job.ticket, is_cancelled=True))

    def shutdown(self) -> None:
        """Withdraw the task under way, end the thread and wait for it.

        This takes until the task next looks at its token. A second call does nothing.
        """
        self._is_shut_down = True
        self.cancel()
        self._thread.quit()
        self._thread.wait()

    @Slot(int, str, int, int)
    def _on_progressed(self, ticket: int, stage: str, done: int, of: int) -> None:
        if self._job is not None and self._job.ticket == ticket:
            self.progressed.emit(ticket, stage, done, of)

    @Slot(object)
    def _on_finished(self, outcome: TaskOutcome) -> None:
        if self._job is not None and self._job.ticket == outcome.ticket:
            self._job = None
            self.finished.emit(outcome)
