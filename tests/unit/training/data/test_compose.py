from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.data.compose import (
    MIN_VISIBLE_SHARE,
    SOLID,
    Canvas,
    cover,
    draw_person,
    flip_person,
    transform_person,
)


def canvas_of(side: int = 64) -> Canvas:
    return Canvas.over(np.full((side, side, 3), 90, np.uint8))


def block(height: int, width: int, alpha: int = 255) -> NDArray[np.uint8]:
    person = np.full((height, width, 4), 200, np.uint8)
    person[..., 3] = alpha
    return person


def draw(canvas: Canvas, person: NDArray[np.uint8], left: int, top: int) -> bool:
    return draw_person(canvas, person, left, top, np.random.default_rng(0))


def test_the_front_person_takes_alpha_from_those_behind() -> None:
    canvas = canvas_of()
    assert draw(canvas, block(40, 40), 0, 0)
    assert draw(canvas, block(40, 40, alpha=128), 20, 0)
    behind, front = canvas.alphas
    assert front[10, 30] == 128
    assert behind[10, 30] in (126, 127)  # 255 x (1 - 128/255), rounded down in float32
    assert behind[10, 10] == 255


def test_alphas_of_a_pixel_never_sum_above_one() -> None:
    rng = np.random.default_rng(1)
    canvas = canvas_of()
    for _ in range(12):
        person = rng.integers(0, 256, (40, 30, 4), dtype=np.uint8)
        draw_person(canvas, person, int(rng.integers(-10, 50)), int(rng.integers(-10, 40)), rng)
    assert len(canvas.alphas) > 3
    assert np.sum(canvas.alphas, 0, dtype=int).max() <= 255


def test_nobody_keeps_less_than_a_quarter_visible() -> None:
    rng = np.random.default_rng(2)
    for _ in range(30):
        canvas = canvas_of()
        for _ in range(8):
            person = block(int(rng.integers(20, 50)), int(rng.integers(16, 40)), 200)
            draw_person(canvas, person, int(rng.integers(0, 40)), int(rng.integers(0, 40)), rng)
        for alpha, whole_px in zip(canvas.alphas, canvas.whole_px, strict=True):
            assert np.count_nonzero(alpha > SOLID) >= MIN_VISIBLE_SHARE * whole_px


def test_two_in_front_may_not_hide_together_what_one_may_not() -> None:
    canvas = canvas_of()
    assert draw(canvas, block(40, 40), 0, 0)
    assert draw(canvas, block(40, 24), 0, 0)  # leaves 16 of 40 columns
    assert not draw(canvas, block(40, 10), 24, 0)  # would leave 6
    assert len(canvas.alphas) == 2


@pytest.mark.parametrize(("left", "top"), [(60, 0), (0, 64), (-38, 0), (0, -30)])
def test_somebody_hardly_in_the_frame_is_not_drawn(left: int, top: int) -> None:
    canvas = canvas_of()
    assert not draw(canvas, block(40, 40), left, top)
    assert canvas.alphas == []
    assert (canvas.picture == 90).all()


def test_a_drawn_person_makes_an_unknown_place_known() -> None:
    canvas = canvas_of()
    canvas.ignore[:] = True
    draw(canvas, block(40, 40), 0, 0)
    assert not canvas.ignore[:40, :40].any()
    assert canvas.ignore[40:].all()


def test_an_occluder_belongs_to_nobody() -> None:
    canvas = canvas_of()
    draw(canvas, block(40, 40), 0, 0)
    cover(canvas, slice(0, 20), slice(None), np.ones((20, 64), np.float32))
    assert len(canvas.alphas) == 1
    assert not canvas.alphas[0][:20].any()
    assert canvas.alphas[0][20:40, :40].all()


def test_a_rotated_person_is_whole() -> None:
    # Bilinear rotation keeps the area but for the soft rim.
    bar = block(120, 30)
    turned = transform_person(bar, 120, 1.0, 15.0)
    assert turned[..., 3].sum() == pytest.approx(bar[..., 3].sum(dtype=int), rel=0.02)
    assert turned.shape[1] > 30


def test_a_rotation_brings_no_dark_seam() -> None:
    turned = transform_person(block(120, 30), 120, 1.0, -12.0)
    assert (turned[..., :3][turned[..., 3] > 0] == 200).all()


def test_height_and_stretch_give_the_size() -> None:
    assert transform_person(block(100, 50), 50, 1.1, 0.0).shape == (50, 28, 4)


def test_mirroring_swaps_left_and_right() -> None:
    person = block(4, 6)
    person[:, 0, 3] = 0
    flipped, cut = flip_person(person, (True, False, True, False))
    assert cut == (True, False, False, True)
    assert not flipped[:, -1, 3].any()
