"""PNG: rows filtered, deflated on all cores and streamed to the file.

Own code for a small format: OpenCV carries no profile and knows no grey with alpha, Pillow no
16-bit colour, and neither uses a second core.

Reference:
    PNG specification, third edition: 5 (structure), 9 (filters), 11 (chunks).
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from himapp.atomic_file import write_atomically
from himapp.imaging.deflate import deflate_rows
from himapp.imaging.file_tags import NO_TAGS, FileTags, check_picture, count_channels
from himapp.imaging.photo import PixelArray

# zlib-ng's level 1 hardly searches: its files of photos are half as large again.
FAST_COMPRESSION: Final = 2
"""A level that takes a third of the time of 6 for a twentieth more bytes."""

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES: Final = {1: 0, 2: 4, 3: 2, 4: 6}
_UP: Final = 2
_METRES_PER_INCH: Final = 0.0254


def write_png(
    path: Path,
    pixels: PixelArray,
    tags: FileTags = NO_TAGS,
    *,
    compression: int = FAST_COMPRESSION,
) -> None:
    """Write a PNG file of 8 or 16 bit.

    Args:
        path: The file to make or replace.
        pixels: uint8 or uint16, grey ``[H, W]``, grey and alpha ``[H, W, 2]``, RGB ``[H, W, 3]``
            or RGBA ``[H, W, 4]`` with straight alpha, written as they are.
        tags: Profile, metadata and size in print.
        compression: 1 (fast) to 9 (small); every level keeps every pixel.

    Raises:
        ValueError: The array is no picture, or the profile does not fit it.
        ExportError: The file cannot be written; nothing is left behind.
    """
    check_picture(pixels, tags.icc)
    write_atomically(path, encode_png(pixels, tags, compression))


def encode_png(pixels: PixelArray, tags: FileTags, compression: int) -> Iterator[bytes]:
    """Give the parts of a PNG file; see :func:`write_png`, which checks what it is given."""
    height, width = pixels.shape[:2]
    depth, kind = 8 * pixels.itemsize, _COLOUR_TYPES[count_channels(pixels)]
    yield _SIGNATURE
    yield _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
    yield from _tag_chunks(tags)
    row_bytes = 1 + pixels[0].nbytes
    # Mattes are flat with soft edges: runs of the rows as they are take an eighth of the time and
    # half the bytes of a search for repeats. In photos, rows differ little from those above.
    if pixels.ndim == 2:
        stream = deflate_rows(
            lambda first, end: _plain_rows(pixels, first, end),
            height,
            row_bytes,
            level=compression,
            search="runs",
        )
    else:
        stream = deflate_rows(
            lambda first, end: _rows_less_above(pixels, first, end),
            height,
            row_bytes,
            level=compression,
        )
    for part in stream:
        yield _chunk(b"IDAT", part)
    yield _chunk(b"IEND", b"")


def _tag_chunks(tags: FileTags) -> Iterator[bytes]:
    """Give the chunks that stand between header and pixels."""
    if tags.icc is not None:
        yield _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(tags.icc))
    if tags.dpi is not None:
        per_metre = round(tags.dpi / _METRES_PER_INCH)
        yield _chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1))
    if tags.exif:
        yield _chunk(b"eXIf", tags.exif)
    if tags.xmp:
        yield _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + tags.xmp)


def _chunk(kind: bytes, body: bytes) -> bytes:
    """Return a PNG chunk: length, kind, body, CRC of kind and body."""
    checksum = zlib.crc32(body, zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(body)), kind, body, struct.pack(">I", checksum)))


def _plain_rows(pixels: PixelArray, first: int, end: int) -> memoryview:
    """Return rows without a filter."""
    values = _row_bytes(pixels, first, end)
    coded = np.zeros((end - first, 1 + pixels[0].nbytes), np.uint8)
    coded[:, 1:] = values
    return coded.reshape(-1).data


def _rows_less_above(pixels: PixelArray, first: int, end: int) -> memoryview:
    """Return rows as the difference to the row above, byte by byte; above the first there is 0."""
    start = max(first - 1, 0)
    values = _row_bytes(pixels, start, end)
    coded = np.empty((end - first, 1 + pixels[0].nbytes), np.uint8)
    coded[:, 0] = _UP
    if first == 0:
        coded[:1, 1:] = values[:1]
    above = end - start - 1
    np.subtract(values[1:], values[:-1], out=coded[end - first - above :, 1:])
    return coded.reshape(-1).data


def _row_bytes(pixels: PixelArray, first: int, end: int) -> npt.NDArray[np.uint8]:
    """Return rows as bytes ``[rows, row bytes]``, the high byte of 16 bit first."""
    rows = pixels[first:end]
    ordered = np.ascontiguousarray(rows, np.dtype(rows.dtype).newbyteorder(">"))
    return ordered.view(np.uint8).reshape(end - first, pixels[0].nbytes)
