"""Find people and answer prompts in the background; the only place of the window to load torch."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, Slot

from himapp.inference.prompts import Point, Prompt
from himapp.inference.session import CancelToken, InstanceMatte, MattingResult, MattingSession
from himapp.workers.task_runner import Report, TaskOutcome, TaskRunner

SessionFactory = Callable[[], MattingSession]
"""Opens a session; called on the worker's thread when there is work for a new one."""

Prepare = Callable[[MattingResult], Any]
"""Makes an immutable value of what was found; called on the worker's thread."""


@dataclass(frozen=True, slots=True)
class MattingOutcome:
    """How a request ended: with a result, with an error, or withdrawn.

    Attributes:
        ticket: names the request.
        result: what was found; None unless it succeeded.
        error: one sentence for the user if it failed, else None.
        prepared: what the request's ``prepare`` made of the result; None without one.
    """

    ticket: int
    result: MattingResult | None = None
    error: str | None = None
    prepared: Any = None

    @property
    def is_cancelled(self) -> bool:
        """Whether it was withdrawn, by the user or by a newer request."""
        return self.result is None and self.error is None


@dataclass(frozen=True, slots=True)
class AddRequest:
    """A wish to add whom a prompt points at.

    Attributes:
        pixels: the photo, uint8 or uint16 ``[H, W, 3]`` RGB, read-only.
        prompt: where the person is.
        others: everybody who is in the list already.
    """

    pixels: npt.NDArray[Any]
    prompt: Prompt
    others: tuple[InstanceMatte, ...]


@dataclass(frozen=True, slots=True)
class ExcludeRequest:
    """A wish to take from a person what is at a place.

    Attributes:
        pixels: the photo, uint8 or uint16 ``[H, W, 3]`` RGB, read-only.
        place: ``(x, y)`` in photo pixels.
        matte: the person's.
    """

    pixels: npt.NDArray[Any]
    place: Point
    matte: InstanceMatte


PromptRequest = AddRequest | ExcludeRequest


@dataclass(frozen=True, slots=True)
class PromptOutcome:
    """How a prompt ended: answered, with an error, or withdrawn.

    Attributes:
        ticket: names the request.
        matte: the answer; None where there is nobody (see ``MattingSession``), and if it failed.
        error: one sentence for the user if it failed, else None.
        is_cancelled: whether it was withdrawn, by the user or by a newer request.
    """

    ticket: int
    matte: InstanceMatte | None = None
    error: str | None = None
    is_cancelled: bool = False


class _PeopleFinder:
    """Holds the session; touched by the worker's thread alone, but for ``is_outdated``.

    Attributes:
        is_outdated: whether the next request shall open a new session.
    """

    def __init__(self, open_session: SessionFactory) -> None:
        self._open_session = open_session
        self._session: MattingSession | None = None
        self.is_outdated = False

    def find(
        self,
        pixels: npt.NDArray[Any],
        prepare: Prepare | None,
        report: Report,
        cancel: CancelToken,
    ) -> tuple[MattingResult, Any]:
        """Find people; a session that could not be opened is tried again next time."""
        session = self._ready(report, cancel)
        result = session.find_people(pixels, progress=report, cancel=cancel)
        return result, prepare(result) if prepare is not None else None

    def answer(
        self, request: PromptRequest, report: Report, cancel: CancelToken
    ) -> InstanceMatte | None:
        """Answer a prompt."""
        session = self._ready(report, cancel)
        if isinstance(request, AddRequest):
            return session.add_person(
                request.pixels, request.prompt, request.others, progress=report, cancel=cancel
            )
        return session.exclude_place(
            request.pixels, request.place, request.matte, progress=report, cancel=cancel
        )

    def _ready(self, report: Report, cancel: CancelToken) -> MattingSession:
        if self._session is None or self.is_outdated:
            report("load", 0, 1)
            self.is_outdated = False
            self._session = self._open_session()
        cancel.raise_if_cancelled()
        return self._session


class MattingService(QObject):
    """Finds people and answers prompts on one thread; the newest request wins.

    Every ticket that was started is finished (or answered) exactly once, a withdrawn one at once
    and as cancelled. All signals are emitted in the thread of this object.

    Attributes:
        started: ``(ticket)``.
        progressed: ``(ticket, stage, done, of)``, see ``himapp.inference.session``.
        finished: ``(ticket, outcome)``, a :class:`MattingOutcome`.
        prompt_progressed: as ``progressed``, for a prompt.
        answered: ``(ticket, outcome)``, a :class:`PromptOutcome`.
    """

    started = Signal(int)
    progressed = Signal(int, str, int, int)
    finished = Signal(int, object)
    prompt_progressed = Signal(int, str, int, int)
    answered = Signal(int, object)

    def __init__(self, open_session: SessionFactory, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._finder = _PeopleFinder(open_session)
        self._prompts: set[int] = set()
        self._runner = TaskRunner(self)
        self._runner.started.connect(self.started)
        self._runner.progressed.connect(self._on_progressed)
        self._runner.finished.connect(self._on_finished)

    @property
    def is_busy(self) -> bool:
        """Whether a request is under way."""
        return self._runner.is_busy

    @property
    def is_answering(self) -> bool:
        """Whether the request under way is a prompt."""
        return bool(self._prompts)

    def request(self, pixels: npt.NDArray[Any], prepare: Prepare | None = None) -> int:
        """Ask for the people of a photo, withdrawing the request under way; returns the ticket.

        Args:
            pixels: uint8 or uint16 ``[H, W, 3]`` RGB, upright and read-only.
            prepare: long work on what was found, which would hold up the window.

        Raises:
            ValueError: the pixels can be written to while the other thread reads them.
            RuntimeError: the service is shut down.
        """
        _refuse_writeable(pixels)
        return self._runner.run(partial(self._finder.find, pixels, prepare))

    def ask(self, request: PromptRequest) -> int:
        """Ask a prompt, withdrawing the request under way; returns the ticket.

        Raises:
            ValueError: the pixels can be written to while the other thread reads them.
            RuntimeError: the service is shut down.
        """
        _refuse_writeable(request.pixels)
        ticket = self._runner.run(partial(self._finder.answer, request))
        self._prompts.add(ticket)
        return ticket

    def renew_session(self) -> None:
        """Let the next request open a new session, after a setting changed; at any time."""
        self._finder.is_outdated = True

    def cancel(self) -> None:
        """Withdraw the request under way, if any."""
        self._runner.cancel()

    def shutdown(self) -> None:
        """Withdraw the request under way, end the thread and wait for it.

        A session looks at its token at least once a second, but for the first time it loads torch.
        """
        self._runner.shutdown()

    @Slot(int, str, int, int)
    def _on_progressed(self, ticket: int, stage: str, done: int, of: int) -> None:
        signal = self.prompt_progressed if ticket in self._prompts else self.progressed
        signal.emit(ticket, stage, done, of)

    @Slot(object)
    def _on_finished(self, outcome: TaskOutcome) -> None:
        ticket, error = outcome.ticket, outcome.error
        if ticket in self._prompts:
            self._prompts.discard(ticket)
            answer = PromptOutcome(ticket, outcome.value, error, outcome.is_cancelled)
            self.answered.emit(ticket, answer)
        else:
            result, prepared = outcome.value if outcome.value is not None else (None, None)
            self.finished.emit(ticket, MattingOutcome(ticket, result, error, prepared))


def _refuse_writeable(pixels: npt.NDArray[Any]) -> None:
    if pixels.flags.writeable:
        raise ValueError("The pixels of a request must be read-only")
