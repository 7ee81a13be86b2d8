"""The two EXIF facts the program needs: the orientation, and a block fit for an upright photo."""

import struct
from typing import Final

import numpy as np

from himapp.imaging.photo import PixelArray

ORIENTATION_TAG: Final = 0x0112
_LEAD: Final = b"Exif\x00\x00"
_TIFF_MAGIC: Final = {b"II*\x00": "<", b"MM\x00*": ">"}
_ENTRY_BYTES: Final = 12


def apply_orientation(pixels: PixelArray, orientation: int) -> PixelArray:
    """Turn stored pixels upright.

    Args:
        pixels: ``[H, W, ...]`` as stored in the file.
        orientation: EXIF value; anything but 2 to 8 leaves the pixels as they are.

    Returns:
        A contiguous array, height and width swapped for 5 to 8.

    Reference:
        EXIF 2.32, tag 274: the value names the scene's side at row 0 and column 0.
    """
    if orientation in (5, 6, 7, 8):
        pixels = np.swapaxes(pixels, 0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def mark_upright(exif: bytes) -> bytes | None:
    """Set the orientation in an EXIF block to 1 without changing a byte besides.

    Rewriting the whole block would break maker notes, which hold offsets into it.

    Args:
        exif: The block with or without the lead ``Exif`` and two zero bytes.

    Returns:
        The block without the lead, or None when its structure is damaged.
    """
    block = bytearray(exif.removeprefix(_LEAD))
    order = _TIFF_MAGIC.get(bytes(block[:4]))
    if order is None:
        return None
    try:
        _reset_orientation(block, order)
    except struct.error:
        return None
    return bytes(block)


def _reset_orientation(block: bytearray, order: str) -> None:
    """Overwrite the orientation entry of the first directory, if there is one."""
    (directory,) = struct.unpack_from(order + "I", block, 4)
    (count,) = struct.unpack_from(order + "H", block, directory)
    for entry in range(directory + 2, directory + 2 + count * _ENTRY_BYTES, _ENTRY_BYTES):
        tag, kind = struct.unpack_from(order + "HH", block, entry)
        if tag == ORIENTATION_TAG:
            struct.pack_into(order + ("I" if kind == 4 else "H"), block, entry + 8, 1)
