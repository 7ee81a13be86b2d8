import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from himapp.imaging.exif import mark_upright


def block(order: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif.endian = order
    exif[0x0112] = orientation
    exif[0x010F] = "A maker"
    return exif.tobytes()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_only_the_orientation_changes(order: str, orientation: int) -> None:
    marked = mark_upright(block(order, orientation))
    assert marked == block(order, 1).removeprefix(b"Exif\0\0")


def test_a_block_without_orientation_stays_as_it_is() -> None:
    exif = Image.Exif()
    exif[0x010F] = "A maker"
    plain = exif.tobytes().removeprefix(b"Exif\0\0")
    assert mark_upright(plain) == plain


@given(st.binary(max_size=64))
def test_damaged_blocks_are_dropped_or_kept_but_never_raise(data: bytes) -> None:
    marked = mark_upright(b"II*\0" + struct.pack("<I", 8) + data)
    assert marked is None or len(marked) == 8 + len(data)
    assert mark_upright(data[:3]) is None
