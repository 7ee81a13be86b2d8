"""Errors of one matte, worked by hand."""

import numpy as np
import pytest

from training.metrics.matte_errors import (
    connectivity_error_map,
    gradient_magnitude,
    measure_matte,
    unknown_band,
)


def test_sad_mse_mad_of_a_constant_difference():
    # 200 pixels off by .25: SAD = 200 x .25 / 1000, MSE = .0625, MAD = .25.
    truth = np.full((10, 20), 0.5, np.float32)
    errors = measure_matte(truth + np.float32(0.25), truth)
    assert errors.sad == pytest.approx(0.05)
    assert errors.mse == pytest.approx(0.0625)
    assert errors.mad == pytest.approx(0.25)


def test_only_the_band_is_measured():
    truth = np.zeros((4, 4), np.float32)
    alpha = truth.copy()
    alpha[0, 0] = 1
    band = np.zeros((4, 4), bool)
    band[0, :2] = True
    assert measure_matte(alpha, truth, band).mad == pytest.approx(0.5)
    assert measure_matte(alpha, truth, ~band).mad == 0
    assert measure_matte(alpha, truth, np.zeros((4, 4), bool)).mad == 0


def test_equal_mattes_have_no_error():
    rng = np.random.default_rng(1)
    matte = rng.random((32, 32), np.float32)
    errors = measure_matte(matte, matte)
    assert (errors.sad, errors.mse, errors.mad, errors.grad, errors.conn) == (0, 0, 0, 0, 0)


def test_gradient_of_a_ramp_is_the_ramp_through_the_kernels():
    # A ramp of slope s: sum_x s·x·d(x) times sum_y g(y), with d and g of unit energy.
    radius = np.arange(-5, 6)
    smooth = np.exp(-(radius**2) / (2 * 1.4**2))
    derivative = radius * smooth
    gain = (radius * derivative).sum() / np.linalg.norm(derivative)
    gain *= smooth.sum() / np.linalg.norm(smooth)
    ramp = np.tile(np.linspace(0, 1, 51, dtype=np.float32), (51, 1))
    # float32 filters: a millionth of the value.
    assert gradient_magnitude(ramp)[25, 25] == pytest.approx(0.02 * gain, rel=1e-5)


def test_gradient_of_a_constant_is_zero_up_to_the_border():
    assert np.abs(gradient_magnitude(np.full((16, 16), 0.7, np.float32))).max() < 1e-6


def test_detached_blob_costs_its_connectivity():
    # The body: rows 0-4, alpha 1 in both. A blob of 6 pixels is 1 in the matte, 0 in the truth.
    # Its common level is 0, so its connectivity is 1 - 1 in the matte and 1 in the truth: error 1.
    truth = np.zeros((12, 12), np.float32)
    truth[:5] = 1
    alpha = truth.copy()
    alpha[8:10, 4:7] = 1
    error = connectivity_error_map(alpha, truth)
    assert error[8:10, 4:7].min() == 1
    assert error.sum() == 6
    assert measure_matte(alpha, truth).conn == pytest.approx(6 / 1000)


def test_attached_but_fainter_part_costs_what_it_lacks():
    # The attached part is .8 in the matte and .5 in the truth; it hangs on up to level .5.
    # Matte: .8 - .5 = .3, over the tolerance of .15, so connectivity .7; truth: 1. Error .3.
    truth = np.zeros((6, 12), np.float32)
    truth[:, :6] = 1
    truth[:, 6:8] = 0.5
    alpha = truth.copy()
    alpha[:, 6:8] = 0.8
    error = connectivity_error_map(alpha, truth)
    np.testing.assert_allclose(error[:, 6:8], 0.3, atol=1e-6)
    assert error[:, :6].max() == 0


def test_two_empty_mattes_have_no_connectivity_error():
    empty = np.zeros((8, 8), np.float32)
    assert connectivity_error_map(empty, empty).max() == 0


def test_band_lies_round_the_soft_pixels():
    truth = np.zeros((21, 21), np.float32)
    truth[10, 10] = 0.5
    assert unknown_band(truth, 3).sum() == 49


def test_other_sizes_are_refused():
    with pytest.raises(ValueError, match="differ in size"):
        measure_matte(np.zeros((4, 4), np.float32), np.zeros((4, 5), np.float32))
