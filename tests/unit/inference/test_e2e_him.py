import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from himapp.errors import Cancelled, WeightsError
from himapp.inference import e2e_him
from himapp.inference.e2e_him import E2EHimSession
from himapp.inference.pictures import crop_of
from himapp.inference.session import CancelToken, MattingSession, Quality
from models import create_network


@dataclass
class Found:
    score: torch.Tensor
    box: torch.Tensor
    alpha: torch.Tensor


class FakeNetwork:
    """Finds people as upright bars: ``(left, right, score)`` on the network's grid."""

    score_threshold = 0.4
    input_side = 64

    def __init__(self, *bars: tuple[int, int, float]) -> None:
        self.bars = bars
        self.inputs: list[torch.Tensor] = []

    def to(self, device: str) -> "FakeNetwork":
        return self

    def predict(self, images: torch.Tensor, score_floor: float | None = None) -> list[Found]:
        self.inputs.append(images)
        height, width = images.shape[2:]
        alpha = torch.zeros(len(self.bars), height, width)
        for index, (left, right, _) in enumerate(self.bars):
            alpha[index, :, left:right] = 1
        boxes = [(left, 0, right, height) for left, right, _ in self.bars]
        score = torch.tensor([score for *_, score in self.bars])
        return [Found(score, torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4), alpha)]


PIXELS = np.random.default_rng(0).integers(0, 256, (192, 256, 3), np.uint8)


def _session(*bars: tuple[int, int, float]) -> tuple[E2EHimSession, FakeNetwork]:
    network = FakeNetwork(*bars)
    return E2EHimSession("cpu", load=lambda: network, load_edges=lambda: None), network


def test_it_is_a_matting_session() -> None:
    session: MattingSession = _session()[0]
    assert session.device.startswith("CPU (")


def test_people_come_from_left_to_right_with_score_and_box() -> None:
    session, network = _session((40, 56, 0.9), (8, 24, 0.7), (30, 34, 0.3))
    result = session.find_people(PIXELS)
    assert [person.score for person in result.people] == pytest.approx([0.7, 0.9])
    assert result.people[0].box == pytest.approx((32, 0, 96, 192))
    assert network.inputs[0].shape == (1, 3, 64, 64)
    first, second = result.people
    assert first.alpha.shape[0] == 192
    assert first.left < 96 < second.left + second.alpha.shape[1]


def test_a_result_says_device_and_seconds_and_loading_happens_once() -> None:
    session, _ = _session((8, 24, 0.9))
    assert set(session.find_people(PIXELS).seconds) == {"load", "find", "edges"}
    result = session.find_people(PIXELS)
    assert set(result.seconds) == {"find", "edges"}
    assert result.device == session.device
    assert result.notes == ()


def test_nobody_is_an_empty_result() -> None:
    assert _session()[0].find_people(PIXELS).people == ()


@pytest.mark.parametrize("shape", [(1, 1), (100, 20000), (3, 2), (300, 40)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_odd_photos_get_mattes_inside_their_frame(shape: tuple[int, int], dtype: type) -> None:
    session, _ = _session((0, 64, 0.9))
    for person in session.find_people(np.full((*shape, 3), 99, dtype)).people:
        height, width = person.alpha.shape
        assert 0 <= person.left <= person.left + width <= shape[1]
        assert 0 <= person.top <= person.top + height <= shape[0]


def test_progress_goes_stage_by_stage_and_person_by_person() -> None:
    session, _ = _session((8, 24, 0.9), (40, 56, 0.8))
    seen: list[tuple[str, int, int]] = []
    session.find_people(PIXELS, progress=lambda *report: seen.append(report))
    assert seen == [
        ("load", 0, 1),
        ("find", 0, 1),
        ("edges", 0, 2),
        ("edges", 1, 2),
        ("edges", 2, 2),
    ]


@pytest.mark.parametrize("at", [("load", 0), ("find", 0), ("edges", 0), ("edges", 1)])
def test_a_token_cancelled_during_a_stage_stops_what_follows(at: tuple[str, int]) -> None:
    session, _ = _session((8, 24, 0.9), (40, 56, 0.8))
    token, seen = CancelToken(), []

    def cancel_there(stage: str, done: int, of: int) -> None:
        seen.append((stage, done))
        if (stage, done) == at:
            token.cancel()

    with pytest.raises(Cancelled):
        session.find_people(PIXELS, progress=cancel_there, cancel=token)
    assert seen[-1] == at


def test_a_large_photo_with_many_people_is_cancelled_within_a_second() -> None:
    bars = [(2 * n, 2 * n + 1, 0.9) for n in range(32)]
    session, _ = _session(*bars)
    pixels = np.random.default_rng(0).integers(0, 256, (3000, 4000, 3), np.uint8)
    token, reached, stopped = CancelToken(), threading.Event(), []

    def tell(stage: str, done: int, of: int) -> None:
        if (stage, done) == ("edges", 1):
            reached.set()

    def work() -> None:
        with pytest.raises(Cancelled):
            session.find_people(pixels, progress=tell, cancel=token)
        stopped.append(time.perf_counter())

    thread = threading.Thread(target=work)
    thread.start()
    assert reached.wait(60)
    cancelled = time.perf_counter()
    token.cancel()
    thread.join(60)
    assert stopped[0] - cancelled < 1


def test_weights_of_another_version_are_a_weights_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Any) -> Any:
        raise e2e_him.WeightsFormatError("keys are missing")

    monkeypatch.setattr(e2e_him, "find_weights", lambda: "net.safetensors")
    monkeypatch.setattr(e2e_him, "load_network", refuse)
    with pytest.raises(WeightsError, match=r"net\.safetensors do not fit this version\."):
        E2EHimSession("cpu", load_edges=lambda: None).find_people(PIXELS)


def test_a_refiner_of_another_version_is_a_weights_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Any) -> Any:
        raise e2e_him.WeightsFormatError("keys are missing")

    monkeypatch.setattr(e2e_him, "load_refiner", refuse)
    with pytest.raises(WeightsError, match=r"refiner\.safetensors do not fit this version\."):
        E2EHimSession("cpu").find_people(PIXELS)


@pytest.mark.parametrize("threshold", [0.0, 2.0])
def test_the_real_network_fits_the_session(threshold: float) -> None:
    torch.manual_seed(0)
    network = create_network("e2e_him_lite").eval()
    network.score_threshold, network.input_side = threshold, 64
    session = E2EHimSession("cpu", load=lambda: network, load_edges=lambda: None)
    people = session.find_people(PIXELS).people
    assert threshold < 1 or people == ()
    total = np.zeros(PIXELS.shape[:2], np.int64)
    for person in people:
        rows, columns = crop_of(person)
        total[rows, columns] += person.alpha
    assert total.max() <= 65535


def test_the_photo_is_only_read() -> None:
    pixels = PIXELS.copy()
    pixels.setflags(write=False)
    _session((8, 24, 0.9))[0].find_people(pixels)
    np.testing.assert_array_equal(pixels, PIXELS)


@pytest.mark.parametrize(
    ("quality", "sides"), [("draft", [544]), ("normal", [672]), ("best", [672, 672])]
)
def test_a_draft_looks_at_fewer_pixels_and_the_best_looks_twice(
    quality: Quality, sides: list[int]
) -> None:
    network = FakeNetwork((8, 24, 0.9))
    network.input_side = 672
    session = E2EHimSession("cpu", quality=quality, load=lambda: network, load_edges=lambda: None)
    assert session.find_people(PIXELS).people
    assert [max(images.shape[2:]) for images in network.inputs] == sides
