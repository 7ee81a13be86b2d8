"""Composites with exact mattes."""

from pathlib import Path

import numpy as np
import pytest

from training.evaluation.composites import (
    LEAST_VISIBLE,
    CutOut,
    PlacedPerson,
    compose_close_ups,
    compose_group,
    compose_scene,
    fill_frame,
    lowest_visible_share,
    place_row,
    scale_cut_out,
)


def flat_cut_out(
    alpha: float,
    size_px: tuple[int, int] = (8, 8),
    color: float = 200,
    cut: tuple[bool, bool, bool, bool] = (False, False, False, False),
) -> CutOut:
    """Make a cut-out of one alpha and one grey."""
    return CutOut(
        np.full((*size_px, 3), color, np.float32), np.full(size_px, alpha, np.float32), cut
    )


def test_front_person_hides_the_one_behind_by_its_alpha():
    # Behind: alpha 1 and grey 200. In front: alpha .25 and grey 0. Behind keeps .75 of its alpha,
    # and the picture is .75 x 200 = 150.
    people = [
        PlacedPerson(flat_cut_out(1), 0, 0),
        PlacedPerson(flat_cut_out(0.25, color=0), 0, 0),
    ]
    scene = compose_scene("two", np.zeros((8, 8, 3), np.uint8), people)
    assert scene.alphas[:, 4, 4].tolist() == [0.75, 0.25]
    assert scene.photo[4, 4].tolist() == [150, 150, 150]


def test_people_beyond_the_border_are_cropped():
    scene = compose_scene(
        "one", np.zeros((10, 10, 3), np.uint8), [PlacedPerson(flat_cut_out(1), -4, 6)]
    )
    assert scene.alphas[0].sum() == 4 * 4
    assert scene.alphas[0, 3, 6] == 1


def test_visible_share_counts_what_is_covered_and_what_lies_outside():
    # The back one is half covered; the front one has a quarter outside.
    people = [PlacedPerson(flat_cut_out(1), 0, 0), PlacedPerson(flat_cut_out(1), 0, 4)]
    assert lowest_visible_share(people, (8, 16)) == pytest.approx(0.5)
    assert lowest_visible_share(people[1:], (6, 16)) == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("size_px", "cut", "top", "left"),
    [
        ((40, 50), (False, True, True, True), 20, 0),  # full width, standing on the border
        ((50, 40), (False, True, False, True), 0, 20),  # full height, at the right border
        ((60, 30), (False, True, True, True), 0, 0),  # taller than the frame: the head stays
        ((50, 50), (False, False, False, False), 0, 0),
    ],
)
def test_portraits_fill_the_frame_and_keep_cut_sides_on_the_border(
    size_px: tuple[int, int], cut: tuple[bool, bool, bool, bool], top: int, left: int
):
    placed = fill_frame(flat_cut_out(1, size_px, cut=cut), (100, 100))
    assert max(placed.cut_out.alpha.shape) >= 100
    assert (placed.top, placed.left) == (top, left)


def test_scaling_does_not_let_hidden_colours_bleed_in():
    cut_out = flat_cut_out(1, color=200)
    cut_out.alpha[:, 4:] = 0
    cut_out.color[:, 4:] = 0
    scaled = scale_cut_out(cut_out, 2)
    soft = (scaled.alpha > 0.05) & (scaled.alpha < 1)
    assert soft.any()
    # Weights of the interpolation are in float32 steps of 1/2048.
    np.testing.assert_allclose(scaled.color[soft], 200, atol=0.5)


def test_groups_show_everybody_and_sum_to_at_most_one(data_root: Path):
    scene = compose_group(data_root, 6, (96, 128), 0)
    assert scene.alphas.shape == (6, 96, 128)
    assert scene.is_exact
    assert scene.alphas.sum(0).max() <= 1 + 1e-6
    assert (scene.alphas.max((1, 2)) > 0.5).all()


def test_scenes_are_the_same_in_every_run(data_root: Path):
    first, second = (compose_group(data_root, 3, (96, 128), 1) for _ in range(2))
    np.testing.assert_array_equal(first.photo, second.photo)
    np.testing.assert_array_equal(first.alphas, second.alphas)
    other = compose_group(data_root, 3, (96, 128), 2)
    assert not np.array_equal(first.photo, other.photo)


def test_close_ups_take_portraits_only_and_come_again_when_there_are_few(data_root: Path):
    # Two portraits; the posture is none.
    scenes = list(compose_close_ups(data_root, 3))
    assert [len(scene.alphas) for scene in scenes] == [1, 1, 1]
    assert scenes[0].photo.shape == (1024, 1024, 3)
    assert all(scene.alphas[0].max(1).any(0) for scene in scenes)


def test_rows_keep_everyone_in_sight():
    rng = np.random.default_rng(3)
    people = [flat_cut_out(1, (60, 20)) for _ in range(8)]
    placed = place_row(people, (96, 160), rng)
    assert len(placed) == 8
    assert lowest_visible_share(placed, (96, 160)) >= LEAST_VISIBLE
