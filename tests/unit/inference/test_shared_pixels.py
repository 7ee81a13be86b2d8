import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from himapp.inference.shared_pixels import Cropped, keep_shared, limit_sums

SHAPE = (300, 60)


def _spread(mattes: list[Cropped]) -> npt.NDArray[np.int64]:
    frames = np.zeros((len(mattes), *SHAPE), np.int64)
    for frame, (alpha, left, top) in zip(frames, mattes, strict=True):
        frame[top : top + alpha.shape[0], left : left + alpha.shape[1]] = alpha
    return frames


def _constant(share: float, left: int = 0, top: int = 0) -> Cropped:
    return np.full((200, 40), round(share * 65535), np.uint16), left, top


def _copy(matte: Cropped) -> Cropped:
    return matte[0].copy(), matte[1], matte[2]


def test_a_shared_wrist_is_not_lost() -> None:
    before = [_constant(0.6), _constant(0.4, left=10, top=30)]
    after = [_constant(0.1), _constant(0.2, left=10, top=30)]
    keep_shared(after, before, SHAPE)
    first, second = _spread(after)
    shared = np.s_[30:200, 10:40]
    # .7 were lost: .42 come back to the one, .28 to the other.
    np.testing.assert_allclose(first[shared] / 65535, 0.52, atol=1e-4)
    np.testing.assert_allclose(second[shared] / 65535, 0.48, atol=1e-4)
    assert (first[:30, :40] == round(0.1 * 65535)).all()
    assert (second[200:230, 10:50] == round(0.2 * 65535)).all()


def test_a_gap_beside_one_person_opens() -> None:
    before = [_constant(0.9), _constant(0.05)]
    after = [_constant(0.0), _constant(0.0)]
    keep_shared(after, before, SHAPE)
    assert not _spread(after).any()


def test_haze_of_both_goes() -> None:
    before = [_constant(0.2), _constant(0.2)]
    after = [_constant(0.0), _constant(0.0)]
    keep_shared(after, before, SHAPE)
    assert not _spread(after).any()


def test_what_grew_stays() -> None:
    before = [_constant(0.5), _constant(0.4)]
    after = [_constant(0.2), _constant(0.75)]
    wanted = [_copy(matte) for matte in after]
    keep_shared(after, before, SHAPE)
    assert (_spread(after) == _spread(wanted)).all()


def test_no_seam_is_left_between_people_who_hold_all_of_it() -> None:
    before = [_constant(0.5), _constant(0.3)]
    after = [_copy(matte) for matte in before]
    keep_shared(after, before, SHAPE, together=(np.full((100, 20), 65535, np.uint16), 5, 50))
    first, second = _spread(after)
    held = np.s_[50:150, 5:25]
    np.testing.assert_allclose(first[held] / 65535, 0.625, atol=1e-4)
    np.testing.assert_allclose(second[held] / 65535, 0.375, atol=1e-4)
    assert (first[:50, :40] == round(0.5 * 65535)).all()
    assert (second[160:200, :40] == round(0.3 * 65535)).all()


def test_what_one_holds_alone_is_no_seam() -> None:
    mattes = [_constant(0.6), _constant(0.02)]
    keep_shared(mattes, mattes, SHAPE, together=_constant(1.0))
    assert _spread(mattes).sum(0).max() == round(0.6 * 65535) + round(0.02 * 65535)


@given(seed=st.integers(0, 2**16), people=st.integers(1, 4))
def test_sums_are_kept_and_never_too_large(seed: int, people: int) -> None:
    rng = np.random.default_rng(seed)

    def draw() -> Cropped:
        height, width = int(rng.integers(1, 250)), int(rng.integers(1, 50))
        alpha = rng.integers(0, 65536, (height, width), np.uint16)
        return alpha, int(rng.integers(0, 60 - width)), int(rng.integers(0, 300 - height))

    before = [draw() for _ in range(people)]
    after = [(rng.permuted(alpha), left, top) for alpha, left, top in before]
    keep_shared(after, before, SHAPE)
    limit_sums(after, SHAPE)
    had, has = _spread(before), _spread(after)
    assert has.sum(0).max() <= 65535
    total = had.sum(0)
    is_shared = (total - had.max(0) > 0.1001 * 65535) & (total > 0.5001 * 65535)
    floor = np.minimum(total, 65535) - 2 * people
    assert (has.sum(0) >= floor)[is_shared].all()
