"""Drawn hair: exact, outside of the person, and only where there is somebody to grow it."""

import numpy as np
import pytest

from training.data.catalogue import Cut
from training.data.pixels import Rgba
from training.data.strands import draw_strands, grow_strands


def _person(side: int = 96) -> Rgba:
    y, x = np.mgrid[:side, :side]
    alpha = np.clip(side / 3 - np.hypot(y - side * 0.6, x - side / 2), 0, 1) * 255
    return np.dstack([np.full((side, side, 3), (200, 40, 40)), alpha]).astype(np.uint8)


def test_strands_add_alpha_outside_and_keep_what_was_there() -> None:
    person = _person()
    colour, alpha = np.ascontiguousarray(person[..., :3]), person[..., 3].astype(np.float32) / 255
    drawn, more = draw_strands(colour, alpha, np.random.default_rng(2))
    assert (more >= alpha - 1e-6).all()
    assert (more - alpha).sum() > 20
    assert ((more > 0.05) & (more < 0.95)).sum() > 40
    # Inside nothing but a strand's own colour changes, and where there is nothing, nothing.
    np.testing.assert_array_equal(drawn[more < 1e-3], colour[more < 1e-3])
    assert (person[..., :3] == (200, 40, 40)).all()


def test_an_empty_patch_grows_no_strands() -> None:
    alpha, colour = np.zeros((40, 40), np.float32), np.zeros((40, 40, 3), np.uint8)
    assert draw_strands(colour, alpha, np.random.default_rng(1))[1] is alpha


@pytest.mark.parametrize(
    "cut",
    [(False, True, False, False), (True, True, False, True), (False, False, False, False)],
)
def test_a_frame_grows_where_the_person_does_not_end_with_it(cut: Cut) -> None:
    person = _person(200)
    grown = grow_strands(person, cut, np.random.default_rng(3), rounds=6)
    solid, before = grown[..., 3] == 255, person[..., 3] == 255
    assert grown.dtype == np.uint8
    assert solid.sum() >= before.sum()
    assert (grown[..., 3] > 0).sum() > (person[..., 3] > 0).sum() + 100
    rows, columns = grown[..., 3].any(1), grown[..., 3].any(0)
    ends = (rows[0], rows[-1], columns[0], columns[-1])
    # Trimmed to what is seen, or still the old frame's side.
    assert all(seen for seen, ends_there in zip(ends, cut, strict=True) if not ends_there)
    if all(cut[:2]):
        assert grown.shape[0] == 200
