"""Everything that runs in the background: shown in one place, withdrawn and ended together."""

from functools import partial
from typing import Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance, Slot

from himapp.gui.message_bar import MessageBar
from himapp.gui.status_line import StatusLine


class Work(Protocol):
    """What runs in the background, at most one task at a time."""

    worked: SignalInstance
    failed: SignalInstance
    ended: SignalInstance

    @property
    def is_busy(self) -> bool:
        """Whether a task is under way."""

    def cancel(self) -> None:
        """Withdraw the task."""

    def shutdown(self) -> None:
        """Withdraw the task and wait for the thread."""


class BackgroundWork(QObject):
    """Shows the work under way in the status bar and what failed in the message bar.

    Signals:
        begun: the first task is under way after a rest.
        changed: something began, went on or ended.
    """

    begun = Signal()
    changed = Signal()

    def __init__(
        self, status: StatusLine, message_bar: MessageBar, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._status = status
        self._message_bar = message_bar
        self._works: list[Work] = []
        self._last_words: dict[int, tuple[str, int, int]] = {}
        self._errors: dict[int, str] = {}
        self._is_resting = True

    @property
    def is_busy(self) -> bool:
        """Whether anything runs in the background."""
        return any(work.is_busy for work in self._works)

    def add(self, work: Work, succeeded: SignalInstance | None = None) -> None:
        """Show this work from now on.

        Args:
            work: what runs in the background.
            succeeded: says that a task ended well, whatever it carries: what went wrong with an
                earlier one is history then.
        """
        index = len(self._works)
        self._works.append(work)
        work.worked.connect(partial(self._on_worked, index))
        work.failed.connect(partial(self._on_failed, index))
        work.ended.connect(self._on_ended)
        if succeeded is not None:
            succeeded.connect(partial(self._on_succeeded, index))

    @Slot()
    def cancel(self) -> None:
        """Withdraw whatever is under way."""
        for work in self._works:
            work.cancel()

    def shutdown(self) -> None:
        """Withdraw whatever is under way and wait for the threads."""
        for work in self._works:
            work.shutdown()

    @Slot(str)
    def show_error(self, sentence: str) -> None:
        """Show what went wrong."""
        self._message_bar.show_message(sentence, "error")

    def _on_worked(self, index: int, text: str, done: int, of: int) -> None:
        self._last_words[index] = text, done, of
        if self._is_resting:
            self._is_resting = False
            self._status.forget_written()
            self.begun.emit()
        self._status.show_work(text, done, of)
        self.changed.emit()

    def _on_failed(self, index: int, sentence: str) -> None:
        self._errors[index] = sentence
        self.show_error(sentence)

    def _on_succeeded(self, index: int, *_facts: object) -> None:
        sentence = self._errors.pop(index, None)
        if sentence is not None:
            self._message_bar.take_back(sentence)

    def _on_ended(self, _is_cancelled: bool) -> None:  # noqa: FBT001 - a Qt slot
        busy = [index for index, work in enumerate(self._works) if work.is_busy]
        words = [self._last_words[index] for index in busy if index in self._last_words]
        if words:
            self._status.show_work(*words[-1])  # not those of what has ended
        elif not busy:
            self._is_resting = True
            self._status.end_work()
        self.changed.emit()
