import numpy as np
import pytest

from himapp.imaging.alpha_parts import assign_to_nearest, find_parts, part_at
from himapp.imaging.alpha_sums import limit_to_free


def test_parts_are_numbered_by_size_and_specks_are_none():
    mask = np.zeros((60, 80), bool)
    mask[5:20, 5:20], mask[5:40, 40:70], mask[50:53, 5:8] = True, True, True
    parts = find_parts(mask)
    assert (parts[10, 10], parts[10, 50], parts[51, 6], parts[0, 0]) == (2, 1, 0, 0)


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (4, 4)])
def test_a_mask_without_pixels_has_no_parts(shape):
    assert not find_parts(np.zeros(shape, bool)).any()
    assert assign_to_nearest(np.zeros(shape, np.int32)).shape == shape


def test_every_pixel_goes_to_the_nearest_seed():
    seeds = np.zeros((5, 10), np.int32)
    seeds[2, 1], seeds[2, 8] = 7, 3
    nearest = assign_to_nearest(seeds)
    assert (nearest[:, :4] == 7).all()
    assert (nearest[:, 6:] == 3).all()


def test_the_part_at_a_pixel_has_its_soft_rim_and_nothing_else():
    alpha = np.zeros((40, 80), np.uint16)
    alpha[:, 5:25], alpha[:, 25:28], alpha[:, 50:75] = 65535, 500, 65535
    part = part_at(alpha, 10, 10)
    np.testing.assert_array_equal(part[:, :30], alpha[:, :30])
    assert not part[:, 40:].any()


@pytest.mark.parametrize("value", [300, 2000, 13000, 65535])
def test_a_trace_or_a_speck_beside_the_body_is_a_part_of_its_own(value):
    alpha = np.zeros((40, 80), np.uint16)
    alpha[:, 5:25], alpha[20:24, 40:44] = 65535, value
    alpha[19, 40:44] = 200
    part = part_at(alpha, 41, 21)
    np.testing.assert_array_equal(part[:, 30:], alpha[:, 30:])
    assert not part[:, :30].any()


def test_haze_that_nobody_sees_does_not_join_a_trace_to_the_body():
    alpha = np.full((40, 80), 300, np.uint16)
    alpha[:, 5:25], alpha[20:24, 60:64] = 65535, 13000
    assert not part_at(alpha, 61, 21)[:, :25].any()


def test_a_matte_takes_what_others_leave_and_they_may_lie_beside_it():
    alpha = np.full((4, 6), 50000, np.uint16)
    others = [
        (np.full((10, 4), 30000, np.uint16), 8, 0),
        (np.full((2, 3), 65535, np.uint16), 13, 8),
        (np.full((2, 2), 65535, np.uint16), 100, 100),
    ]
    free = limit_to_free(alpha, 10, 6, others)
    assert free[:, :2].tolist() == [[35535] * 2] * 4
    assert free[0, 4] == 50000
    assert (free[2:, 3:] == 0).all()
    assert alpha.min() == 50000
