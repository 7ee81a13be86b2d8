"""Tasks run one at a time on a thread of their own, and every end is told once."""

import threading
from collections.abc import Iterator

import cv2
import pytest
from PySide6.QtCore import QObject, QThread, Signal, Slot
from pytestqt.qtbot import QtBot

from himapp.errors import ExportError
from himapp.inference.session import CancelToken
from himapp.workers.task_runner import Report, TaskOutcome, TaskRunner

PATIENCE_S = 10.0


class Gate:
    """A task that reports, waits for its gate and then ends."""

    def __init__(self, value: object = "done", error: BaseException | None = None) -> None:
        self.entered = threading.Event()
        self.open = threading.Event()
        self.thread: QThread | None = None
        self.was_cancelled = False
        self._value = value
        self._error = error

    def __call__(self, report: Report, cancel: CancelToken) -> object:
        self.thread = QThread.currentThread()
        report("work", 0, 2)
        self.entered.set()
        while not self.open.wait(0.005):
            self.was_cancelled = cancel.is_cancelled
            cancel.raise_if_cancelled()
        report("work", 2, 2)
        if self._error is not None:
            raise self._error
        return self._value


class Listener(QObject):
    """Keeps what a runner says, and in which thread it was heard."""

    changed = Signal()

    def __init__(self, runner: TaskRunner) -> None:
        super().__init__()
        self.started: list[int] = []
        self.progress: list[tuple[int, str, int, int]] = []
        self.outcomes: list[TaskOutcome] = []
        self.threads: set[QThread] = set()
        runner.started.connect(self.on_started)
        runner.progressed.connect(self.on_progressed)
        runner.finished.connect(self.on_finished)

    @Slot(int)
    def on_started(self, ticket: int) -> None:
        self.started.append(ticket)

    @Slot(int, str, int, int)
    def on_progressed(self, ticket: int, stage: str, done: int, of: int) -> None:
        self.threads.add(QThread.currentThread())
        self.progress.append((ticket, stage, done, of))

    @Slot(object)
    def on_finished(self, outcome: TaskOutcome) -> None:
        self.threads.add(QThread.currentThread())
        self.outcomes.append(outcome)


@pytest.fixture
def runner(qapp: object) -> Iterator[TaskRunner]:
    runner = TaskRunner()
    yield runner
    runner.shutdown()


def open_gate(report: Report, cancel: CancelToken) -> str:
    return "at once"


def test_a_task_runs_on_another_thread_and_is_heard_on_this_one(
    qtbot: QtBot, runner: TaskRunner
) -> None:
    listener, gate = Listener(runner), Gate(value=42)
    ticket = runner.run(gate)
    assert runner.is_busy
    gate.open.set()
    qtbot.waitUntil(lambda: bool(listener.outcomes))
    assert listener.outcomes == [TaskOutcome(ticket, value=42)]
    assert listener.progress == [(ticket, "work", 0, 2), (ticket, "work", 2, 2)]
    assert gate.thread is not QThread.currentThread()
    assert listener.threads == {QThread.currentThread()}
    assert not runner.is_busy


def test_the_newest_task_wins_and_the_older_one_is_told_to_stop(
    qtbot: QtBot, runner: TaskRunner
) -> None:
    listener, old = Listener(runner), Gate("old")
    first = runner.run(old)
    assert old.entered.wait(PATIENCE_S)
    second = runner.run(open_gate)
    assert listener.outcomes == [TaskOutcome(first, is_cancelled=True)]
    qtbot.waitUntil(lambda: len(listener.outcomes) == 2)
    assert listener.outcomes[1] == TaskOutcome(second, value="at once")
    assert old.was_cancelled
    assert listener.started == [first, second]


def test_a_task_that_waits_behind_another_can_be_withdrawn_before_it_starts(
    qtbot: QtBot, runner: TaskRunner
) -> None:
    listener, never, released = Listener(runner), Gate(), threading.Event()
    # The first does not look at its token, so it holds the thread until both others are sent.
    runner.run(lambda _report, _cancel: released.wait(PATIENCE_S))
    runner.run(never)
    runner.run(open_gate)
    released.set()
    qtbot.waitUntil(lambda: len(listener.outcomes) == 3)
    assert not never.entered.is_set()
    assert [outcome.is_cancelled for outcome in listener.outcomes] == [True, True, False]


def test_a_withdrawn_task_is_finished_at_once_and_never_heard_again(
    qtbot: QtBot, runner: TaskRunner
) -> None:
    listener, gate = Listener(runner), Gate()
    ticket = runner.run(gate)
    assert gate.entered.wait(PATIENCE_S)
    runner.cancel()
    assert listener.outcomes == [TaskOutcome(ticket, is_cancelled=True)]
    later = runner.run(open_gate)
    qtbot.waitUntil(lambda: len(listener.outcomes) == 2)
    assert [outcome.ticket for outcome in listener.outcomes] == [ticket, later]
    assert listener.progress == []


def test_cancelling_nothing_says_nothing(runner: TaskRunner) -> None:
    listener = Listener(runner)
    runner.cancel()
    assert listener.outcomes == []


def test_an_error_for_the_user_keeps_its_own_sentence(qtbot: QtBot, runner: TaskRunner) -> None:
    listener, gate = Listener(runner), Gate(error=ExportError("The disk is full."))
    gate.open.set()
    ticket = runner.run(gate)
    qtbot.waitUntil(lambda: bool(listener.outcomes))
    assert listener.outcomes == [TaskOutcome(ticket, error="The disk is full.")]


@pytest.mark.parametrize("error", [MemoryError(), cv2.error("(-4:Insufficient memory)")])
def test_running_out_of_memory_is_said_in_a_sentence(
    qtbot: QtBot, runner: TaskRunner, error: Exception
) -> None:
    listener, gate = Listener(runner), Gate(error=error)
    gate.open.set()
    runner.run(gate)
    qtbot.waitUntil(lambda: bool(listener.outcomes))
    assert listener.outcomes[0].error == "There is not enough memory for this."


@pytest.mark.expects_log_warning
def test_an_unforeseen_error_becomes_a_sentence_and_a_log_entry(
    qtbot: QtBot, runner: TaskRunner, caplog: pytest.LogCaptureFixture
) -> None:
    listener, gate = Listener(runner), Gate(error=ZeroDivisionError("secret"))
    gate.open.set()
    runner.run(gate)
    qtbot.waitUntil(lambda: bool(listener.outcomes))
    assert listener.outcomes[0].error == "Something unexpected went wrong; the log says what."
    assert caplog.records[-1].exc_info is not None
    runner.run(open_gate)
    qtbot.waitUntil(lambda: len(listener.outcomes) == 2)
    assert listener.outcomes[1].value == "at once"


def test_shutting_down_ends_the_task_and_the_thread(qapp: object) -> None:
    runner, gate = TaskRunner(), Gate()
    listener = Listener(runner)
    ticket = runner.run(gate)
    assert gate.entered.wait(PATIENCE_S)
    assert gate.thread is not None
    runner.shutdown()
    assert gate.thread.isFinished()
    assert gate.was_cancelled
    assert listener.outcomes == [TaskOutcome(ticket, is_cancelled=True)]
    runner.shutdown()
    with pytest.raises(RuntimeError, match="shut down"):
        runner.run(open_gate)


def test_a_runner_that_was_never_used_starts_no_thread(qapp: object) -> None:
    before = set(threading.enumerate())
    runner = TaskRunner()
    assert set(threading.enumerate()) <= before
    assert not any(thread.isRunning() for thread in runner.findChildren(QThread))
    runner.shutdown()
