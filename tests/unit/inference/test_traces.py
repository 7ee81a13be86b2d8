"""Faint traces beside a body go; what belongs to it stays."""

import numpy as np

from himapp.inference.traces import drop_traces


def make_mattes() -> np.ndarray:
    """Two people side by side; the second leaves a trace on the first one's arm."""
    alphas = np.zeros((2, 60, 80), np.float32)
    alphas[0, 10:50, 5:30] = 0.9
    alphas[1, 10:50, 50:75] = 1
    alphas[1, 20:30, 10:15] = 0.08
    return alphas


def test_a_trace_on_a_neighbour_goes_to_the_neighbour() -> None:
    cleaned = drop_traces(make_mattes())
    assert not cleaned[1, :, :40].any()
    assert np.allclose(cleaned[0, 20:30, 10:15], 0.98)
    assert np.allclose(cleaned[0, 40:50, 5:30], 0.9)
    assert np.array_equal(cleaned[1, :, 50:], make_mattes()[1, :, 50:])


def test_haze_along_an_arm_does_not_tie_it_to_the_neighbour() -> None:
    alphas = make_mattes()
    alphas[0, 10:50, 5:30] = 0.7
    alphas[1, 20:30, 20:30] = 0.3
    alphas[1, 24:26, 30:50] = 0.06
    cleaned = drop_traces(alphas)
    assert not cleaned[1, 20:30, 20:27].any()
    assert np.allclose(cleaned[0, 20:30, 20:27], 1)
    assert np.allclose(cleaned[1, 24:26, 40:50], 0.06)


def test_a_trace_that_nobody_else_holds_goes() -> None:
    alphas = np.zeros((1, 60, 80), np.float32)
    alphas[0, 10:50, 10:30] = 1
    alphas[0, 5:15, 60:70] = 0.3
    cleaned = drop_traces(alphas)
    assert not cleaned[0, :, 40:].any()
    assert np.array_equal(cleaned[0, :, :40], alphas[0, :, :40])


def test_soft_hair_on_a_head_and_a_solid_part_apart_stay() -> None:
    alphas = np.zeros((1, 60, 80), np.float32)
    alphas[0, 20:50, 10:30] = 1
    alphas[0, 10:20, 10:30] = np.linspace(0.01, 0.4, 10, dtype=np.float32)[:, np.newaxis]
    alphas[0, 40:45, 60:65] = 0.8  # a hand behind somebody's back
    cleaned = drop_traces(alphas)
    assert np.array_equal(cleaned[0, 12:], alphas[0, 12:])


def test_nobody_and_somebody_who_is_solid_nowhere_stay_as_they_are() -> None:
    assert drop_traces(np.zeros((0, 8, 8), np.float32)).shape == (0, 8, 8)
    faint = np.full((1, 8, 8), 0.3, np.float32)
    assert np.array_equal(drop_traces(faint), faint)


def test_sums_never_grow() -> None:
    rng = np.random.default_rng(3)
    alphas = rng.random((3, 40, 50)).astype(np.float32) ** 4
    alphas /= np.maximum(alphas.sum(0), 1)
    assert (drop_traces(alphas).sum(0) <= alphas.sum(0) + 1e-6).all()
