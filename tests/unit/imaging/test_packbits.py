import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from himapp.imaging.packbits import pack_rows


def unpack(packed: bytes) -> bytes:
    """Read PackBits by the letter of TIFF 6.0, section 9."""
    values, place = bytearray(), 0
    while place < len(packed):
        header = packed[place]
        assert header != 128  # means nothing, and no writer needs it
        if header < 128:
            values += packed[place + 1 : place + 2 + header]
            place += 2 + header
        else:
            values += packed[place + 1 : place + 2] * (257 - header)
            place += 2
    return bytes(values)


def unpack_rows(rows: np.ndarray) -> np.ndarray:
    packed, counts = pack_rows(rows)
    assert counts.sum() == packed.size
    pieces = np.split(packed, np.cumsum(counts)[:-1])
    return np.array([list(unpack(piece.tobytes())) for piece in pieces], np.uint8)


@settings(deadline=None)
@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.integers(0, 255), st.integers(1, 300)), min_size=1, max_size=12),
)
def test_rows_with_runs_come_back(height: int, runs: list[tuple[int, int]]) -> None:
    row = np.concatenate([np.full(length, value, np.uint8) for value, length in runs])
    rows = np.stack([np.roll(row, 7 * step) for step in range(height)])
    np.testing.assert_array_equal(unpack_rows(rows), rows)


@pytest.mark.parametrize("width", [1, 7, 8, 127, 128, 129, 256, 1000])
def test_rows_of_noise_and_of_one_value_come_back(width: int) -> None:
    noise = np.random.default_rng(width).integers(0, 256, (4, width), dtype=np.uint8)
    mixed = noise.copy()
    mixed[1:3, width // 3 :] = 9
    for rows in (noise, mixed, np.full_like(noise, 255)):
        np.testing.assert_array_equal(unpack_rows(rows), rows)


def test_no_row_grows_by_more_than_a_header_each_128_bytes() -> None:
    rows = np.random.default_rng(0).integers(0, 2, (200, 999), dtype=np.uint8)
    _, counts = pack_rows(rows)
    assert counts.max() <= 999 + 8


def test_a_flat_row_takes_two_bytes_each_128() -> None:
    _, counts = pack_rows(np.zeros((3, 6000), np.uint8))
    assert counts.tolist() == [94] * 3
