import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from himapp.imaging.compositing import Layer, composite, disjoint_over, over

unit = st.floats(0, 1, width=32)
layers = st.builds(
    Layer, arrays(np.float32, (2, 3, 3), elements=unit), arrays(np.float32, (2, 3), elements=unit)
)


def flat(color: tuple[float, float, float], alpha: float) -> Layer:
    return Layer(np.full((1, 1, 3), color, np.float32), np.full((1, 1), alpha, np.float32))


def test_half_of_two_colours_is_their_mean() -> None:
    mixed = composite(
        flat((1, 0, 0), 1).color, np.full((1, 1), 0.5, np.float32), np.zeros((1, 1, 3), np.float32)
    )
    np.testing.assert_array_equal(mixed[0, 0], [0.5, 0, 0])


@given(layers, layers)
def test_solid_and_empty_alpha_give_back_the_colours_exactly(one: Layer, other: Layer) -> None:
    solid, empty = np.ones((2, 3), np.float32), np.zeros((2, 3), np.float32)
    np.testing.assert_array_equal(composite(one.color, solid, other.color), one.color)
    np.testing.assert_array_equal(composite(one.color, empty, other.color), other.color)


def test_neighbours_that_share_an_edge_leave_no_seam() -> None:
    left, right = flat((1, 0, 0), 0.5), flat((0, 0, 1), 0.5)
    joined = disjoint_over(left, right)
    assert joined.alpha[0, 0] == 1
    np.testing.assert_array_equal(joined.color[0, 0], [0.5, 0, 0.5])
    assert over(left, right).alpha[0, 0] == 0.75


@given(layers, layers, layers)
def test_layers_over_a_background_equal_one_after_the_other(
    top: Layer, middle: Layer, ground: Layer
) -> None:
    joined = over(top, middle)
    at_once = composite(joined.color, joined.alpha, ground.color)
    stepwise = composite(top.color, top.alpha, composite(middle.color, middle.alpha, ground.color))
    np.testing.assert_allclose(at_once, stepwise, atol=2e-6)  # a few float32 roundings


@given(layers, layers)
def test_combining_stays_in_range_and_adds_alphas_up_to_one(top: Layer, bottom: Layer) -> None:
    joined = disjoint_over(top, bottom)
    np.testing.assert_allclose(joined.alpha, np.minimum(top.alpha + bottom.alpha, 1), atol=1e-6)
    for result in (joined, over(top, bottom)):
        assert result.color.dtype == result.alpha.dtype == np.float32
        assert 0 <= result.color.min() <= result.color.max() <= 1 + 1e-6
        assert 0 <= result.alpha.min() <= result.alpha.max() <= 1


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Layer(np.zeros((2, 2, 3), np.float32), np.zeros((2, 3), np.float32))
    with pytest.raises(ValueError, match="do not fit"):
        over(
            flat((0, 0, 0), 1), Layer(np.zeros((2, 2, 3), np.float32), np.zeros((2, 2), np.float32))
        )
