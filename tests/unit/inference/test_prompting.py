from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

from himapp.errors import Cancelled, WeightsError
from himapp.inference.e2e_him import E2EHimSession
from himapp.inference.prompts import BoxPrompt, PointPrompt
from himapp.inference.session import CancelToken, InstanceMatte, MattingSession
from models import create_network
from models.e2e_him.lite.prompts import NetworkPrompt

HEIGHT, WIDTH = 192, 256
PIXELS = np.full((HEIGHT, WIDTH, 3), 99, np.uint8)
PIXELS.setflags(write=False)

# Without colours to hold on to, the guided filter leaves edges a few pixels wide.
SOLID, CLEAR = 55000, 12000


@dataclass
class Found:
    score: torch.Tensor
    box: torch.Tensor
    alpha: torch.Tensor


Answer = Callable[[tuple[int, int], NetworkPrompt, int], tuple[float, torch.Tensor]]


@dataclass
class PointedNetwork:
    """Answers as it is told: ``answer((height, width), prompt, number of the look)``."""

    answer: Answer
    prompts: list[NetworkPrompt] = field(default_factory=list)
    score_threshold = 0.5
    input_side = 64

    def to(self, device: str) -> "PointedNetwork":
        return self

    def answer_prompt(self, images: torch.Tensor, prompt: NetworkPrompt) -> Found:
        self.prompts.append(prompt)
        shape = (images.shape[2], images.shape[3])
        score, alpha = self.answer(shape, prompt, len(self.prompts))
        count = int(score > 0)
        return Found(torch.full((count,), score), torch.zeros(count, 4), alpha[None][:count])


def columns(shape: tuple[int, int], left: int, right: int) -> torch.Tensor:
    alpha = torch.zeros(shape)
    alpha[4:44, left:right] = 1
    return alpha


def always(score: float, left: int, right: int) -> Answer:
    return lambda shape, _prompt, _look: (score, columns(shape, left, right))


def open_session(answer: Answer) -> tuple[E2EHimSession, PointedNetwork]:
    network = PointedNetwork(answer)
    return E2EHimSession("cpu", load=lambda: network, load_edges=lambda: None), network


def matte(left: int, right: int, value: int = 65535) -> InstanceMatte:
    alpha = np.full((160, right - left), value, np.uint16)
    return InstanceMatte(alpha, left, 16, 0.9, (left, 16, right, 176))


def full(found: InstanceMatte | None) -> np.ndarray:
    assert found is not None
    alpha = np.zeros((HEIGHT, WIDTH), np.int64)
    height, width = found.alpha.shape
    alpha[found.top : found.top + height, found.left : found.left + width] = found.alpha
    return alpha


CLICK = PointPrompt(((90.0, 96.0),))


def test_it_answers_prompts_as_the_protocol_says() -> None:
    session: MattingSession = open_session(always(0.9, 16, 32))[0]
    assert session.add_person(PIXELS, CLICK, ()) is not None


def test_a_click_arrives_in_input_pixels_with_the_others() -> None:
    session, network = open_session(always(0.9, 16, 32))
    found = session.add_person(PIXELS, CLICK, (matte(128, 192),))
    asked = network.prompts[0]
    assert asked.points.tolist() == [[22.5, 24.0]]
    assert asked.box is None
    assert asked.known.shape == (1, 64, 64)
    assert asked.known[0, 20, 36:44].min() == 1
    assert asked.known[0, :, :31].max() == 0
    assert (found.box, found.score) == (
        (found.left, found.top, found.left + found.alpha.shape[1],
         found.top + found.alpha.shape[0]),
        pytest.approx(0.9),
    )  # fmt: skip
    assert full(found)[96, 90] > SOLID
    assert full(found)[96, 200] < CLEAR


def test_a_box_arrives_in_input_pixels() -> None:
    session, network = open_session(always(0.9, 16, 32))
    session.add_person(PIXELS, BoxPrompt((64.0, 16.0, 128.0, 176.0)), ())
    assert network.prompts[0].box is not None
    assert network.prompts[0].box.tolist() == [16, 4, 32, 44]


def test_the_others_keep_every_pixel() -> None:
    session, _ = open_session(always(0.9, 16, 40))
    others = (matte(128, 192), matte(100, 110, value=40000))
    total = sum(full(other) for other in others)
    found = full(session.add_person(PIXELS, CLICK, others))
    assert (found + total).max() <= 65535
    assert found[96, 140] < CLEAR
    assert found[96, 105] == 65535 - 40000


def test_nobody_is_found_where_nothing_fits_and_closer_looks_are_tried() -> None:
    session, network = open_session(always(0.1, 16, 32))
    assert session.add_person(PIXELS, CLICK, ()) is None
    assert len(network.prompts) == 3


def test_nobody_is_added_where_the_others_leave_nothing() -> None:
    session, _ = open_session(always(0.9, 16, 32))
    assert session.add_person(PIXELS, CLICK, (matte(40, 160),)) is None


def test_a_closer_look_lands_at_its_place_in_the_photo() -> None:
    def only_closer(
        shape: tuple[int, int], prompt: NetworkPrompt, look: int
    ) -> tuple[float, torch.Tensor]:
        return (0.8 if look == 2 else 0.1), columns(shape, 24, 40)

    session, network = open_session(only_closer)
    found = session.add_person(PIXELS, PointPrompt(((200.0, 96.0),)), ())
    # The second look is at the 128 pixels from (128, 32) on, twice as large as the first.
    assert network.prompts[1].points.tolist() == [[36.0, 32.0]]
    inside = full(found)
    assert inside[96, 200] > SOLID
    assert inside[:, :150].max() < CLEAR
    assert inside[:34].max() < CLEAR
    assert len(network.prompts) == 2


def test_a_person_whom_a_closer_look_cuts_is_not_taken_from_it() -> None:
    def cut(shape: tuple[int, int], prompt: NetworkPrompt, look: int) -> tuple[float, torch.Tensor]:
        return (0.3, columns(shape, 16, 32)) if look == 1 else (0.9, torch.ones(shape))

    session, _ = open_session(cut)
    found = full(session.add_person(PIXELS, CLICK, ()))
    assert found[96, 90] > SOLID
    assert found[:, 150:].max() < CLEAR


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (40, 700), (300, 40)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_prompts_about_odd_photos_stay_inside_their_frame(
    shape: tuple[int, int], dtype: type
) -> None:
    session, _ = open_session(lambda grid, _prompt, _look: (0.3, torch.ones(grid)))
    pixels = np.full((*shape, 3), 99, dtype)
    corner = (shape[1] - 0.5, shape[0] - 0.5)
    for prompt in (PointPrompt((corner,)), BoxPrompt((0.0, 0.0, corner[0], corner[1]))):
        found = session.add_person(pixels, prompt, ())
        if found is not None:
            height, width = found.alpha.shape
            assert found.left + width <= shape[1]
            assert found.top + height <= shape[0]


def test_what_else_is_seen_at_an_excluded_place_leaves_the_person() -> None:
    session, network = open_session(always(0.9, 24, 32))
    rest = full(session.exclude_place(PIXELS, (112.0, 96.0), matte(64, 128)))
    assert not network.prompts[0].keeps_known
    assert rest[96, 112] < CLEAR
    assert rest[96, 76] > SOLID
    assert (rest <= full(matte(64, 128))).all()


def test_only_the_connected_part_at_the_place_leaves() -> None:
    def two_bars(
        shape: tuple[int, int], prompt: NetworkPrompt, look: int
    ) -> tuple[float, torch.Tensor]:
        return 0.9, columns(shape, 16, 20) + columns(shape, 26, 34)

    session, _ = open_session(two_bars)
    rest = full(session.exclude_place(PIXELS, (120.0, 96.0), matte(64, 128)))
    assert rest[96, 120] < CLEAR
    assert rest[96, 70] > SOLID


def test_where_nothing_else_is_seen_a_part_of_the_matte_leaves() -> None:
    session, _ = open_session(always(0.0, 0, 1))
    alpha = np.zeros((160, 100), np.uint16)
    alpha[:, :50], alpha[:, 80:] = 65535, 65535
    person = InstanceMatte(alpha, 20, 16, 0.9, (20, 16, 120, 176))
    rest = full(session.exclude_place(PIXELS, (110.0, 96.0), person))
    assert rest[96, 40] > SOLID
    assert rest[:, 80:].max() < CLEAR


def person_with(trace: np.ndarray) -> InstanceMatte:
    """A person at the left, and something else apart from them at columns 100 and rows 66 on."""
    alpha = np.zeros((160, 120), np.uint16)
    alpha[:, :50] = 65535
    alpha[50 : 50 + len(trace), 80 : 80 + trace.shape[1]] = trace
    return InstanceMatte(alpha, 20, 16, 0.9, (20, 16, 140, 176))


@pytest.mark.parametrize(
    "trace",
    [
        np.full((20, 20), 13000, np.uint16),
        np.full((6, 6), 65535, np.uint16),
        np.linspace(0, 5000, 400).astype(np.uint16).reshape(20, 20),
    ],
    ids=["haze", "speck", "uneven"],
)
@pytest.mark.parametrize("answer", [always(0.0, 0, 1), always(0.9, 5, 17)], ids=["none", "other"])
def test_a_leftover_trace_leaves_alone(trace: np.ndarray, answer: Answer) -> None:
    person = person_with(trace)
    session, _ = open_session(answer)
    place = (99.5 + trace.shape[1], 65.5 + len(trace))
    rest = full(session.exclude_place(PIXELS, place, person))
    assert not rest[:, 90:].any()
    np.testing.assert_array_equal(rest[:, :90], full(person)[:, :90])


def test_a_part_leaves_with_its_soft_rim() -> None:
    session, _ = open_session(always(0.0, 0, 1))
    part = np.full((100, 30), 20000, np.uint16)
    part[3:-3, 3:-3] = 65535
    assert not full(session.exclude_place(PIXELS, (115.0, 96.0), person_with(part)))[:, 90:].any()


def test_a_person_of_whom_nothing_would_stay_is_a_wrong_one() -> None:
    session, _ = open_session(always(0.0, 0, 1))
    assert session.exclude_place(PIXELS, (100.0, 96.0), matte(64, 128)) is None


def test_a_place_beside_the_person_changes_nothing() -> None:
    session, network = open_session(always(0.9, 24, 32))
    person = matte(64, 128)
    assert session.exclude_place(PIXELS, (10.0, 10.0), person) is person
    assert network.prompts == []


def test_a_negative_point_of_a_prompt_leaves_the_answer() -> None:
    def answer(
        shape: tuple[int, int], prompt: NetworkPrompt, look: int
    ) -> tuple[float, torch.Tensor]:
        return 0.9, columns(shape, 16 if look == 1 else 32, 40)

    session, network = open_session(answer)
    found = full(session.add_person(PIXELS, PointPrompt(((90.0, 96.0),), ((150.0, 96.0),)), ()))
    assert network.prompts[0].avoided.tolist() == [[37.5, 24.0]]
    assert found[96, 90] > SOLID
    assert found[96, 150] < CLEAR


def test_progress_counts_looks_and_then_edges() -> None:
    session, _ = open_session(always(0.9, 16, 32))
    seen: list[tuple[str, int, int]] = []
    session.add_person(PIXELS, CLICK, (), progress=lambda *report: seen.append(report))
    assert seen == [("load", 0, 1), ("find", 0, 3), ("edges", 0, 1), ("edges", 1, 1)]


@pytest.mark.parametrize("at", [("load", 0), ("find", 1), ("edges", 0)])
def test_a_cancelled_prompt_stops(at: tuple[str, int]) -> None:
    score = 0.9 if at[0] == "edges" else 0.1
    session, _ = open_session(always(score, 16, 32))
    token, seen = CancelToken(), []

    def cancel_there(stage: str, done: int, of: int) -> None:
        seen.append((stage, done))
        if (stage, done) == at:
            token.cancel()

    with pytest.raises(Cancelled):
        session.add_person(PIXELS, CLICK, (), progress=cancel_there, cancel=token)
    assert seen[-1] == at


def test_a_network_that_cannot_be_pointed_is_a_sentence() -> None:
    class Deaf:
        score_threshold, input_side = 0.5, 64

        def to(self, device: str) -> "Deaf":
            return self

    with pytest.raises(WeightsError, match="cannot be pointed at people"):
        E2EHimSession("cpu", load=lambda: Deaf()).add_person(PIXELS, CLICK, ())


@pytest.mark.parametrize(
    "make",
    [
        lambda: PointPrompt(()),
        lambda: BoxPrompt((5.0, 5.0, 5.0, 9.0)),
        lambda: BoxPrompt((5.0, 9.0, 8.0, 5.0)),
    ],
)
def test_prompts_that_point_at_nothing_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="needs"):
        make()


def test_the_real_network_fits_the_prompts() -> None:
    torch.manual_seed(0)
    network = create_network("e2e_him_lite").eval()
    network.input_side = 64
    session = E2EHimSession("cpu", load=lambda: network)
    other = matte(128, 192)
    for prompt in (CLICK, BoxPrompt((20.0, 20.0, 120.0, 180.0))):
        found = session.add_person(PIXELS, prompt, (other,))
        assert found is None or (full(found) + full(other)).max() <= 65535
    rest = session.exclude_place(PIXELS, (150.0, 96.0), other)
    assert rest is None or (full(rest) <= full(other)).all()
