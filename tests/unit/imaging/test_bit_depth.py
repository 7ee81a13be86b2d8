import numpy as np
import pytest

from himapp.imaging.bit_depth import from_float, to_depth, to_float, to_uint8, to_uint16


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_every_level_survives_the_way_through_float(depth: type) -> None:
    levels = np.arange(np.iinfo(depth).max + 1, dtype=depth)
    np.testing.assert_array_equal(from_float(to_float(levels), depth), levels)


def test_values_are_limited_and_rounded() -> None:
    values = np.array([-1, 0, 0.5 / 255 + 1e-4, 1.5, np.inf, -np.inf], np.float32)
    np.testing.assert_array_equal(from_float(values, np.uint8), [0, 0, 1, 255, 255, 0])


def test_sixteen_bit_rounds_to_the_nearest_of_eight() -> None:
    levels = np.arange(65536, dtype=np.uint16)
    np.testing.assert_array_equal(to_uint8(levels), np.rint(levels / 257).astype(np.uint8))
    eight = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(to_uint8(eight), eight)
    assert np.shares_memory(to_uint8(eight), eight)


def test_eight_bit_covers_all_of_sixteen() -> None:
    eight = np.arange(256, dtype=np.uint8)
    sixteen = to_uint16(eight)
    np.testing.assert_array_equal(sixteen, np.linspace(0, 65535, 256))
    assert to_uint16(sixteen) is sixteen
    np.testing.assert_array_equal(to_depth(eight, np.uint16), sixteen)
    np.testing.assert_array_equal(to_depth(sixteen, np.uint8), eight)


@pytest.mark.parametrize("shape", [(0, 4), (3,), (2, 5, 7), (3, 1, 4)])
def test_any_shape_and_any_part_of_an_array_is_converted(shape: tuple[int, ...]) -> None:
    part = np.full((*shape, 2), 65535, np.uint16)[..., 1]
    np.testing.assert_array_equal(to_uint8(part), np.full(shape, 255, np.uint8))
    np.testing.assert_array_equal(from_float(to_float(part), np.uint16), part)


def test_other_types_are_refused() -> None:
    with pytest.raises(ValueError, match="uint8 or uint16"):
        to_float(np.zeros(3, np.int32))
