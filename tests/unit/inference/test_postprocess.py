import numpy as np
import numpy.typing as npt
import pytest

from himapp.errors import Cancelled
from himapp.imaging.geometry import place_with_multiple
from himapp.inference.devices import Prediction
from himapp.inference.postprocess import bring_to_photo, limit_sums, select_people
from himapp.inference.preprocess import prepare_input
from himapp.inference.session import CancelToken, InstanceMatte

Floats = npt.NDArray[np.float32]


def _pixels(height: int = 240, width: int = 320) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


def _block(left: int, right: int, value: float = 1) -> Floats:
    """Return alpha on a 64x64 grid whose lower 16 rows are padding."""
    alpha = np.zeros((64, 64), np.float32)
    alpha[10:40, left:right] = value
    return alpha


def _prediction(alphas: list[Floats], scores: list[float] | None = None) -> Prediction:
    scores = scores or [0.9] * len(alphas)
    boxes = np.array([[8, 10, 24, 40]] * len(alphas), np.float32).reshape(-1, 4)
    stacked = np.stack(alphas) if alphas else np.zeros((0, 64, 64), np.float32)
    return Prediction(np.array(scores, np.float32), boxes, stacked)


def _mattes(
    pixels: npt.NDArray[np.uint8], alphas: list[Floats], cancel: CancelToken | None = None
) -> tuple[InstanceMatte, ...]:
    model_input = prepare_input(pixels, 64)
    people = select_people(_prediction(alphas), model_input.placement, 0.4)
    return bring_to_photo(
        people,
        model_input,
        pixels,
        progress=lambda *_: None,
        cancel=cancel or CancelToken(),
    )


def _sum(mattes: tuple[InstanceMatte, ...], shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    total = np.zeros(shape[:2], np.int64)
    for matte in mattes:
        height, width = matte.alpha.shape
        total[matte.top : matte.top + height, matte.left : matte.left + width] += matte.alpha
    return total


PLACEMENT = place_with_multiple(240, 320, 64)


def test_only_scores_above_the_threshold_are_people() -> None:
    prediction = _prediction([_block(0, 9), _block(20, 29), _block(40, 49)], [0.9, 0.4, 0.39])
    people = select_people(prediction, PLACEMENT, 0.4)
    assert [person.score for person in people] == pytest.approx([0.9, 0.4])


def test_specks_are_dropped() -> None:
    speck, faint = np.zeros((64, 64), np.float32), _block(0, 64, 0.01)
    speck[5:9, 5:11] = 1
    assert select_people(_prediction([speck, faint]), PLACEMENT, 0.4) == []


def test_what_lies_in_the_padding_does_not_count() -> None:
    padding = np.zeros((64, 64), np.float32)
    padding[48:] = 1
    assert select_people(_prediction([padding]), PLACEMENT, 0.4) == []


def test_people_are_ordered_by_the_centre_of_their_matte_not_by_its_edge() -> None:
    reaches_left = _block(0, 64, 0.1) + _block(50, 60, 0.8)
    people = select_people(
        _prediction([_block(40, 50), reaches_left, _block(5, 12)], [0.7, 0.8, 0.9]),
        PLACEMENT,
        0.4,
    )
    assert [person.score for person in people] == pytest.approx([0.9, 0.8, 0.7])


def test_boxes_come_back_in_photo_pixels() -> None:
    (person,) = select_people(_prediction([_block(8, 24)]), PLACEMENT, 0.4)
    assert person.box == pytest.approx((40, 50, 120, 200))


def test_a_matte_lies_where_the_person_stands() -> None:
    (matte,) = _mattes(_pixels(), [_block(8, 24)])
    height, width = matte.alpha.shape
    # The filter moves the edge within its window of two grid pixels and as many again.
    reach = 5 * 5
    assert abs(matte.left - 40) <= reach
    assert abs(matte.top - 50) <= reach
    assert abs(matte.left + width - 120) <= reach
    assert abs(matte.top + height - 200) <= reach


@pytest.mark.parametrize("shape", [(240, 320), (300, 400), (48, 64), (20, 30), (1, 1)])
def test_people_who_touch_sum_to_one_at_most(shape: tuple[int, int]) -> None:
    pixels = _pixels(*shape)
    grid = prepare_input(pixels, 64)
    random = np.random.default_rng(3)
    logits = random.normal(0, 3, (4, *grid.image.shape[1:])).astype(np.float32)
    alphas = np.exp(logits) / np.exp(logits).sum(0)
    mattes = _mattes(pixels, list(alphas))
    total = _sum(mattes, shape)
    assert len(mattes) == 4
    assert total.max() <= 65535
    assert total.mean() > 0.9 * 65535


def test_limiting_keeps_what_is_within_bounds() -> None:
    first, second = np.full((2, 4), 40000, np.uint16), np.full((2, 4), 30000, np.uint16)
    limit_sums([(first, 0, 0), (second, 2, 0)], (2, 6))
    assert first[0].tolist() == [40000, 40000, 40000 * 65535 // 70000, 40000 * 65535 // 70000]
    assert second[0].tolist() == [30000 * 65535 // 70000] * 2 + [30000] * 2


def test_limiting_the_largest_values_does_not_overflow() -> None:
    everywhere = [np.full((3, 3), 65535, np.uint16) for _ in range(7)]
    limit_sums([(alpha, 0, 0) for alpha in everywhere], (3, 3))
    assert all((alpha == 65535 // 7).all() for alpha in everywhere)


def test_progress_counts_people_up_to_the_last() -> None:
    pixels, seen = _pixels(), []
    model_input = prepare_input(pixels, 64)
    alphas = [_block(0, 20), _block(30, 50)]
    people = select_people(_prediction(alphas), model_input.placement, 0.4)
    bring_to_photo(
        people, model_input, pixels, progress=lambda *at: seen.append(at), cancel=CancelToken()
    )
    assert seen == [(1, 2), (2, 2)]


def test_nobody_is_nothing_to_do() -> None:
    assert _mattes(_pixels(), []) == ()


def test_a_cancelled_token_stops_before_the_next_person() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        _mattes(_pixels(), [_block(8, 24)], token)
