"""People are found on a thread of its own; the newest request wins."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from himapp.errors import WeightsError
from himapp.inference.prompts import PointPrompt, Prompt
from himapp.inference.session import (
    CancelToken,
    InstanceMatte,
    MattingResult,
    MattingSession,
    ProgressCallback,
    ignore_progress,
)
from himapp.workers.matting_worker import (
    AddRequest,
    ExcludeRequest,
    MattingOutcome,
    MattingService,
    PromptOutcome,
)

PATIENCE_S = 10.0


class GatedSession:
    """Finds one person, once its gate is open; a photo of width 1 is damaged."""

    device = "CPU (test)"

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.threads: set[QThread] = set()

    def find_people(
        self,
        pixels: npt.NDArray[Any],
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> MattingResult:
        self.threads.add(QThread.currentThread())
        (progress or ignore_progress)("find", 0, 1)
        self.entered.set()
        while not self.gate.wait(0.005):
            (cancel or CancelToken()).raise_if_cancelled()
        if pixels.shape[1] == 1:
            raise WeightsError("The weights are damaged.")
        return MattingResult((everything(pixels),), {"find": 0.1}, self.device)

    def add_person(
        self,
        pixels: npt.NDArray[Any],
        prompt: Prompt,
        others: Sequence[InstanceMatte],
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> InstanceMatte | None:
        self.find_people(pixels, progress=progress, cancel=cancel)
        return None if others else everything(pixels)

    def exclude_place(
        self,
        pixels: npt.NDArray[Any],
        place: tuple[float, float],
        matte: InstanceMatte,
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> InstanceMatte | None:
        self.find_people(pixels, progress=progress, cancel=cancel)
        return matte


def everything(pixels: npt.NDArray[Any]) -> InstanceMatte:
    alpha = np.full(pixels.shape[:2], 65535, np.uint16)
    return InstanceMatte(alpha, 0, 0, 0.9, (0, 0, pixels.shape[1], pixels.shape[0]))


class Opener:
    """Opens the one session, and keeps count."""

    def __init__(self, session: MattingSession, failures: int = 0) -> None:
        self.threads: list[QThread] = []
        self._session = session
        self._failures = failures

    def __call__(self) -> MattingSession:
        self.threads.append(QThread.currentThread())
        if len(self.threads) <= self._failures:
            raise WeightsError("The weights are missing.")
        return self._session


def blank(width: int = 6, height: int = 4) -> npt.NDArray[np.uint8]:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels.setflags(write=False)
    return pixels


class Case:
    """A service with its session and everything it said."""

    def __init__(self, failures: int = 0) -> None:
        self.session = GatedSession()
        self.opener = Opener(self.session, failures)
        self.service = MattingService(self.opener)
        self.outcomes: list[MattingOutcome] = []
        self.answers: list[PromptOutcome] = []
        self.stages: list[tuple[int, str]] = []
        self.prompt_stages: list[tuple[int, str]] = []
        self.service.finished.connect(lambda _, outcome: self.outcomes.append(outcome))
        self.service.answered.connect(lambda _, outcome: self.answers.append(outcome))
        self.service.prompt_progressed.connect(lambda *told: self.prompt_stages.append(told[:2]))
        self.service.progressed.connect(lambda *told: self.stages.append(told[:2]))


@pytest.fixture
def make_case(qapp: object) -> Iterator[Callable[..., Case]]:
    cases: list[Case] = []

    def make(failures: int = 0) -> Case:
        cases.append(Case(failures))
        return cases[-1]

    yield make
    for case in cases:
        case.service.shutdown()


def test_people_are_found_on_one_other_thread_that_opens_the_session_once(
    qtbot: QtBot, make_case: Callable[..., Case]
) -> None:
    case = make_case()
    case.session.gate.set()
    for count in (1, 2):
        case.service.request(blank())
        qtbot.waitUntil(lambda count=count: len(case.outcomes) == count)
    results = [outcome.result for outcome in case.outcomes]
    assert [result is not None and len(result.people) for result in results] == [1, 1]
    assert case.stages == [(1, "load"), (1, "find"), (2, "find")]
    assert len(case.opener.threads) == 1
    assert case.session.threads == set(case.opener.threads)
    assert QThread.currentThread() not in case.session.threads


def test_what_was_found_is_prepared_on_the_same_thread(
    qtbot: QtBot, make_case: Callable[..., Case]
) -> None:
    case = make_case()
    case.session.gate.set()
    threads: set[QThread] = set()

    def count(result: MattingResult) -> int:
        threads.add(QThread.currentThread())
        return len(result.people)

    case.service.request(blank(), count)
    case.service.request(blank(1), count)
    case.service.request(blank(), count)
    qtbot.waitUntil(lambda: len(case.outcomes) == 3)
    case.service.request(blank())
    qtbot.waitUntil(lambda: len(case.outcomes) == 4)
    assert [outcome.prepared for outcome in case.outcomes] == [None, None, 1, None]
    assert threads <= case.session.threads


def test_the_newest_request_wins(qtbot: QtBot, make_case: Callable[..., Case]) -> None:
    case = make_case()
    old = case.service.request(blank())
    assert case.session.entered.wait(PATIENCE_S)
    new = case.service.request(blank(8, 8))
    assert [(o.ticket, o.is_cancelled) for o in case.outcomes] == [(old, True)]
    case.session.gate.set()
    qtbot.waitUntil(lambda: len(case.outcomes) == 2)
    newest = case.outcomes[1]
    assert newest.ticket == new
    assert newest.result is not None
    assert newest.result.people[0].alpha.shape == (8, 8)


def test_a_request_can_be_withdrawn(make_case: Callable[..., Case]) -> None:
    case = make_case()
    ticket = case.service.request(blank())
    assert case.session.entered.wait(PATIENCE_S)
    case.service.cancel()
    assert case.outcomes == [MattingOutcome(ticket)]
    assert not case.service.is_busy


def test_an_error_becomes_a_sentence_and_the_next_request_works(
    qtbot: QtBot, make_case: Callable[..., Case]
) -> None:
    case = make_case()
    case.session.gate.set()
    case.service.request(blank(width=1))
    qtbot.waitUntil(lambda: len(case.outcomes) == 1)
    assert case.outcomes[0].error == "The weights are damaged."
    case.service.request(blank())
    qtbot.waitUntil(lambda: len(case.outcomes) == 2)
    assert case.outcomes[1].error is None


def test_a_session_that_could_not_be_opened_is_tried_again(
    qtbot: QtBot, make_case: Callable[..., Case]
) -> None:
    case = make_case(failures=1)
    case.session.gate.set()
    case.service.request(blank())
    qtbot.waitUntil(lambda: len(case.outcomes) == 1)
    assert case.outcomes[0].error == "The weights are missing."
    case.service.request(blank())
    qtbot.waitUntil(lambda: len(case.outcomes) == 2)
    assert case.outcomes[1].result is not None


def test_shutting_down_during_inference_ends_cleanly(make_case: Callable[..., Case]) -> None:
    case = make_case()
    case.service.request(blank())
    assert case.session.entered.wait(PATIENCE_S)
    case.service.shutdown()
    assert [thread.isFinished() for thread in case.session.threads] == [True]
    assert case.outcomes[0].is_cancelled


def test_pixels_that_could_change_meanwhile_are_refused(make_case: Callable[..., Case]) -> None:
    with pytest.raises(ValueError, match="read-only"):
        make_case().service.request(np.zeros((4, 4, 3), np.uint8))


CLICK = PointPrompt(((1.0, 1.0),))


def test_prompts_are_answered_on_the_same_thread_and_told_apart(
    qtbot: QtBot, make_case: Callable[..., Case]
) -> None:
    case = make_case()
    case.session.gate.set()
    pixels = blank()
    person = everything(pixels)
    requests = (
        AddRequest(pixels, CLICK, ()),
        AddRequest(pixels, CLICK, (person,)),
        ExcludeRequest(pixels, (1.0, 1.0), person),
    )
    for count, request in enumerate(requests, start=1):
        case.service.ask(request)
        assert case.service.is_answering
        qtbot.waitUntil(lambda count=count: len(case.answers) == count)
        assert not case.service.is_answering
    first, second, third = case.answers
    assert first.matte is not None
    assert first.matte.alpha.shape == (4, 6)
    assert second == PromptOutcome(2)
    assert third.matte is person
    assert case.outcomes == []
    assert case.stages == []
    assert case.prompt_stages == [(1, "load"), (1, "find"), (2, "find"), (3, "find")]
    case.service.request(pixels)
    qtbot.waitUntil(lambda: len(case.outcomes) == 1)
    assert case.session.threads == set(case.opener.threads)


def test_a_withdrawn_prompt_is_answered_as_cancelled(make_case: Callable[..., Case]) -> None:
    case = make_case()
    ticket = case.service.ask(AddRequest(blank(), CLICK, ()))
    assert case.session.entered.wait(PATIENCE_S)
    case.service.cancel()
    assert case.answers == [PromptOutcome(ticket, is_cancelled=True)]
    assert not case.service.is_busy


def test_a_prompt_that_fails_is_a_sentence(qtbot: QtBot, make_case: Callable[..., Case]) -> None:
    case = make_case()
    case.session.gate.set()
    case.service.ask(AddRequest(blank(width=1), CLICK, ()))
    qtbot.waitUntil(lambda: len(case.answers) == 1)
    assert case.answers[0].error == "The weights are damaged."
    assert not case.answers[0].is_cancelled


def test_a_prompt_about_pixels_that_could_change_is_refused(
    make_case: Callable[..., Case],
) -> None:
    request = AddRequest(np.zeros((4, 4, 3), np.uint8), CLICK, ())
    with pytest.raises(ValueError, match="read-only"):
        make_case().service.ask(request)
