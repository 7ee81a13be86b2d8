"""Drawn heads of hair: on heads alone, exact, with room, and the same from the same seed."""

import numpy as np
import pytest

from training.data.catalogue import Cut
from training.data.hair import STYLES, draw_hair, grow_hair
from training.data.heads import find_head
from training.data.pixels import Rgba

HEAD_CUT: Cut = (True, False, False, False)
PORTRAIT_CUT: Cut = (False, True, False, False)


def _person(height: int = 300, *, top: int = 60) -> Rgba:
    """Return a round head of radius 40 above a wide body that ends with the frame."""
    y, x = np.mgrid[:height, :240].astype(np.float64)
    head = np.clip(40.5 - np.hypot(y - top - 40, x - 120), 0, 1)
    body = np.clip(80.5 - np.hypot(np.maximum(0, top + 150 - y), x - 120), 0, 1)
    alpha = np.maximum(head, body) * 255
    return np.dstack([np.full((height, 240, 3), (90, 60, 40)), alpha]).astype(np.uint8)


def test_a_head_is_found_at_the_top() -> None:
    head = find_head(_person()[..., 3])
    assert head is not None
    assert abs(head.x - 120) <= 4
    assert abs(head.y - 100) <= 12
    assert 30 <= head.radius <= 50


def test_where_a_picture_ends_is_no_head() -> None:
    assert find_head(_person()[100:, :, 3]) is None
    assert find_head(np.zeros((50, 50), np.uint8)) is None


def test_a_raised_finger_is_no_head() -> None:
    person = _person()
    person[20:60, 118:123, 3] = 255
    head = find_head(person[..., 3])
    assert head is None or head.radius > 20


@pytest.mark.parametrize("seed", range(8))
def test_hair_grows_round_the_head_and_alpha_only_grows(seed: int) -> None:
    person = _person()
    rng = np.random.default_rng(seed)
    alpha = person[..., 3].astype(np.float32) / 255
    colour, more = draw_hair(np.ascontiguousarray(person[..., :3]), alpha, rng)
    assert (more >= alpha - 1e-5).all()
    assert more.max() <= 1 + 1e-5
    assert (more - alpha)[:150].sum() > 100
    assert ((more > 0.05) & (more < 0.95)).sum() > 100
    np.testing.assert_array_equal(colour[more < 1e-3], person[..., :3][more < 1e-3])
    assert (person == _person()).all()


def test_the_frame_makes_room_but_not_where_the_person_is_cut() -> None:
    person = _person(top=2)
    tallest = 0
    for seed in range(6):
        grown = grow_hair(person, PORTRAIT_CUT, np.random.default_rng(seed))
        again = grow_hair(person, PORTRAIT_CUT, np.random.default_rng(seed))
        np.testing.assert_array_equal(grown, again)
        assert grown[-1, :, 3].max() == 255
        assert not np.array_equal(grown[..., 3].any(1)[:1], [False])
        tallest = max(tallest, grown.shape[0])
    assert tallest > person.shape[0] + 8


def test_whoever_is_cut_at_the_top_stays_bald() -> None:
    person = _person()
    assert grow_hair(person, HEAD_CUT, np.random.default_rng(1)) is person


def test_styles_differ() -> None:
    assert len(set(STYLES.values())) == len(STYLES)
