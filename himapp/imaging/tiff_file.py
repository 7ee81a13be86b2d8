"""TIFF: strips of rows, deflated on all cores, straight alpha.

Own code for a small part of the format: OpenCV and Pillow do not write 16-bit colour with alpha
that says it is straight, and no library at hand carries an EXIF block over as it is.

An EXIF block is a TIFF structure with offsets from its own first byte, also some that only
the camera's maker knows. It stands at the very start of the file, so that every one of them stays
right; the picture's directory takes over its entries and comes last.

Reference:
    TIFF 6.0: 2 (structure), 14 (differencing), 18 (associated alpha); TIFF Technical Note 2002
    (deflate); Exif 2.32: 4.6 (structure).
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

import numpy as np
import numpy.typing as npt
from zlib_ng import zlib_ng

from himapp.atomic_file import open_atomically
from himapp.errors import ExportError
from himapp.imaging.file_tags import NO_TAGS, FileTags, check_picture, count_channels
from himapp.imaging.photo import PixelArray
from himapp.imaging.stripes import map_in_order, split_rows
from himapp.paths import display_name

# Of 16-bit photos 3 keeps 26 %, 6 keeps 24 % in four times the time.
_LEVEL: Final = 3
# Offsets have 32 bits; profile, metadata and directory come behind the pixels.
_LARGEST_PIXELS: Final = 2**32 - 2**26
_ORDERS: Final[dict[bytes, "ByteOrder"]] = {b"II*\0": "<", b"MM\0*": ">"}
_BYTE, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 1, 3, 4, 5, 7
_CODES: Final = {_BYTE: "B", _SHORT: "H", _LONG: "I", _RATIONAL: "I", _UNDEFINED: "B"}
_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_DEFLATE, _DIFFERENCES, _STRAIGHT_ALPHA = 8, 2, 2
# Of an EXIF block's first directory: description, maker, model, software, date, artist, host,
# rating (2), copyright, EXIF and GPS directories, Windows' texts. The others describe the pixels.
_TAKEN_OVER: Final = frozenset(
    (270, 271, 272, 305, 306, 315, 316, 18246, 18249, 33432, 34665, 34853, *range(40091, 40096))
)

ByteOrder = Literal["<", ">"]
"""Low byte first, or high."""

Entries = dict[int, tuple[int, int, bytes]]
"""Kind, count and the values' bytes, by tag."""

Strips = list[tuple[int, int]]
"""Where each strip starts in the file, and its bytes."""


def write_tiff(
    path: Path,
    pixels: PixelArray,
    tags: FileTags = NO_TAGS,
) -> None:
    """Write a TIFF file of 8 or 16 bit, deflated.

    Args:
        path: The file to make or replace.
        pixels: uint8 or uint16, grey ``[H, W]``, grey and alpha ``[H, W, 2]``, RGB ``[H, W, 3]``
            or RGBA ``[H, W, 4]`` with straight (unassociated) alpha, written as they are.
        tags: Profile, metadata and size in print. The EXIF block's byte order becomes the file's.

    Raises:
        ValueError: The array is no picture, or the profile does not fit it.
        ExportError: The file cannot be written; nothing is left behind.
    """
    check_picture(pixels, tags.icc)
    lead, entries = _read_exif(tags.exif)
    order = _ORDERS[lead[:4]]
    with open_atomically(path) as file:
        file.write(lead)
        strips: Strips = []
        for strip in _encode_strips(pixels, order):
            strips.append((file.tell(), len(strip)))
            file.write(strip)
            if file.tell() > _LARGEST_PIXELS:
                raise ExportError(f"“{display_name(path)}” is too large for TIFF (4 GB).")
        entries |= _describe_picture(pixels, strips, order) | _describe_tags(tags, order)
        _write_directory(file, entries, order)


def _read_exif(exif: bytes | None) -> tuple[bytes, Entries]:
    """Return what the file starts with, an even number of bytes, and the entries taken over."""
    plain = b"II*\0" + bytes(4)
    if exif is None or exif[:4] not in _ORDERS:
        return plain, {}
    try:
        entries = dict(_read_entries(exif, _ORDERS[exif[:4]]))
    except struct.error:  # a damaged block must not cost the picture
        return plain, {}
    return exif + bytes(len(exif) % 2), entries


def _read_entries(exif: bytes, order: ByteOrder) -> Iterator[tuple[int, tuple[int, int, bytes]]]:
    """Give the entries of the first directory that are to be taken over."""
    (directory,) = struct.unpack_from(order + "I", exif, 4)
    (count,) = struct.unpack_from(order + "H", exif, directory)
    for place in range(directory + 2, directory + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack_from(order + "HHI", exif, place)
        size = _SIZES.get(kind, 0) * values
        start = place + 8 if size <= 4 else struct.unpack_from(order + "I", exif, place + 8)[0]
        if tag in _TAKEN_OVER and 0 < size <= len(exif) - start:
            yield tag, (kind, values, exif[start : start + size])


def _encode_strips(pixels: PixelArray, order: ByteOrder) -> Iterator[bytes]:
    """Give the compressed strips from top to bottom."""

    def encode(rows: tuple[int, int]) -> bytes:
        differences = _subtract_left(pixels[rows[0] : rows[1]])
        stored = differences.astype(differences.dtype.newbyteorder(order), copy=False)
        return zlib_ng.compress(stored.reshape(-1).data.cast("B"), _LEVEL)

    return map_in_order(encode, split_rows(len(pixels), pixels[0].nbytes))


def _subtract_left(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return each pixel as the difference to its left neighbour, modulo the type's range."""
    differences = np.empty(rows.shape, rows.dtype)
    differences[:, :1] = rows[:, :1]
    np.subtract(rows[:, 1:], rows[:, :-1], out=differences[:, 1:])
    return differences


def _describe_picture(pixels: PixelArray, strips: Strips, order: ByteOrder) -> Entries:
    """Return the entries that say how the pixels are stored."""
    height, width = pixels.shape[:2]
    channels = count_channels(pixels)
    has_alpha = channels in (2, 4)
    rows_per_strip = split_rows(height, pixels[0].nbytes)[0][1]
    values = {
        256: (_LONG, [width]),
        257: (_LONG, [height]),
        258: (_SHORT, [8 * pixels.itemsize] * channels),
        259: (_SHORT, [_DEFLATE]),
        262: (_SHORT, [2 if channels >= 3 else 1]),  # RGB, or grey from black to white
        273: (_LONG, [offset for offset, _ in strips]),
        274: (_SHORT, [1]),  # upright
        277: (_SHORT, [channels]),
        278: (_LONG, [rows_per_strip]),
        279: (_LONG, [size for _, size in strips]),
        284: (_SHORT, [1]),  # the channels of a pixel stand together
        317: (_SHORT, [_DIFFERENCES]),
    }
    if has_alpha:
        values[338] = (_SHORT, [_STRAIGHT_ALPHA])
    return {tag: _pack(kind, numbers, order) for tag, (kind, numbers) in values.items()}


def _describe_tags(tags: FileTags, order: ByteOrder) -> Entries:
    """Return the entries for everything besides pixels and EXIF."""
    entries: Entries = {}
    if tags.dpi is not None:
        resolution = [round(tags.dpi * 10_000), 10_000]
        entries[282] = entries[283] = _pack(_RATIONAL, resolution, order)
        entries[296] = _pack(_SHORT, [2], order)  # per inch
    if tags.xmp:
        entries[700] = _BYTE, len(tags.xmp), tags.xmp
    if tags.icc is not None:
        entries[34675] = _UNDEFINED, len(tags.icc), tags.icc
    return entries


def _pack(kind: int, numbers: list[int], order: ByteOrder) -> tuple[int, int, bytes]:
    """Return an entry of whole numbers; a rational is two."""
    count = len(numbers) // 2 if kind == _RATIONAL else len(numbers)
    return kind, count, struct.pack(f"{order}{len(numbers)}{_CODES[kind]}", *numbers)


def _write_directory(file: BinaryIO, entries: Entries, order: ByteOrder) -> None:
    """Write the values, then the directory at an even offset, and say in the header where it is."""
    rows = []
    for tag, (kind, count, values) in sorted(entries.items()):
        place = values.ljust(4, b"\0")
        if len(values) > 4:
            place = struct.pack(order + "I", _write_even(file, values))
        rows.append(struct.pack(order + "HHI", tag, kind, count) + place)
    body = b"".join([struct.pack(order + "H", len(rows)), *rows, bytes(4)])
    directory = _write_even(file, body)
    file.seek(4)
    file.write(struct.pack(order + "I", directory))


def _write_even(file: BinaryIO, body: bytes) -> int:
    """Write at an even offset; returns the offset."""
    file.write(bytes(file.tell() % 2))
    offset = file.tell()
    file.write(body)
    return offset
