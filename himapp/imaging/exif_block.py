"""Take an EXIF block apart and put together a new one from what is wanted of it.

A block is a TIFF structure: directories of entries that point to their values. Editing it in place
would leave what was taken out lying between; here only what was picked is written anew. The maker's
note is the exception in one way: it may point into itself by places in the block, so it keeps its
place.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

EXIF_POINTER: Final = 34665
GPS_POINTER: Final = 34853
MAKER_NOTE: Final = 37500

_LEAD: Final = b"Exif\x00\x00"
_ORDERS: Final = {b"II*\x00": "<", b"MM\x00*": ">"}
_HEADER_BYTES: Final = 8
_ENTRY_BYTES: Final = 12
_MOST_ENTRIES: Final = 1000
_LONG: Final = 4
_POINTERS: Final = (4, 13)
_LARGEST_BYTES: Final = 65_000
"""A JPEG segment holds 65,533 bytes with the lead."""

_TYPE_BYTES: Final = {
    **{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8},
    **{13: 4, 129: 1},  # a pointer; UTF-8 of EXIF 3.0
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A value: TIFF's type number, how many, and the bytes in the block's order.

    Attributes:
        kind: 1 to 12, or 129 for UTF-8.
        count: how many of that kind.
        data: the bytes.
        place: where in the block they lay.
    """

    kind: int
    count: int
    data: bytes
    place: int = 0


def make_entry(kind: int, data: bytes) -> Entry | None:
    """Return a value that is as many as its bytes hold; None where those are not of the kind."""
    size = _TYPE_BYTES.get(kind)
    if not data or size is None or len(data) % size:
        return None
    return Entry(kind, len(data) // size, data)


Directory = Mapping[int, Entry]
"""Entries by tag."""


@dataclass(frozen=True, slots=True)
class ExifBlock:
    """The directories that matter; the one of the thumbnail is not read at all.

    Attributes:
        order: ``"<"`` or ``">"``.
        main: camera, author, time.
        exif: how the photo was taken.
        gps: where; empty if it does not say.
    """

    order: str
    main: Directory
    exif: Directory
    gps: Directory


def read_block(data: bytes) -> ExifBlock:
    """Take a block apart; entries that point outside of it or are of no known type are left out.

    Args:
        data: a TIFF structure, with or without the lead ``Exif``.

    Raises:
        ValueError: it is none, or its directory is cut off.

    Reference:
        EXIF 2.32, 4.6: the directories and their tags.
    """
    data = data.removeprefix(_LEAD)
    order = _ORDERS.get(data[:4])
    if order is None:
        raise ValueError("not a TIFF structure")
    try:
        (start,) = struct.unpack_from(order + "I", data, 4)
        main = _read_directory(data, order, start)
    except struct.error as error:
        raise ValueError("the directory is cut off") from error
    exif, gps = (_read_pointed(data, order, main.get(tag)) for tag in (EXIF_POINTER, GPS_POINTER))
    return ExifBlock(order, main, exif, gps)


def write_block(block: ExifBlock) -> bytes | None:
    """Put a block together.

    The maker's note stays where it lay in the block it came from. What makes the block too large
    for a JPEG is left out: that note first, then the largest values.

    Returns:
        The TIFF structure, without a thumbnail; None when there is nothing in it.
    """
    while block.main or block.exif or block.gps:
        note = block.exif.get(MAKER_NOTE)
        whole = _write_plain(block) if note is None else _write_around(block, note)
        is_lawful = note is None or note.place >= _HEADER_BYTES
        if is_lawful and len(whole) <= _LARGEST_BYTES:
            return whole
        block = _without_largest(block) if note is None else _without_note(block)
    return None


def _write_plain(block: ExifBlock) -> bytes:
    return _head(block.order, _HEADER_BYTES) + _write_directories(block, _HEADER_BYTES)


def _write_around(block: ExifBlock, note: Entry) -> bytes:
    """Return a block whose directories lie before the maker's note or, if they are large, after."""
    body = _write_directories(block, _HEADER_BYTES)
    if _HEADER_BYTES + len(body) <= note.place:
        front = _head(block.order, _HEADER_BYTES) + body
        return front.ljust(note.place, b"\0") + note.data
    behind = note.place + len(note.data)
    behind += behind % 2
    front = _head(block.order, behind).ljust(note.place, b"\0") + note.data
    return front.ljust(behind, b"\0") + _write_directories(block, behind)


def _without_note(block: ExifBlock) -> ExifBlock:
    kept = {tag: entry for tag, entry in block.exif.items() if tag != MAKER_NOTE}
    return ExifBlock(block.order, block.main, kept, block.gps)


def _without_largest(block: ExifBlock) -> ExifBlock:
    directories = [dict(block.main), dict(block.exif), dict(block.gps)]
    _, place, largest = max(
        (len(entry.data), place, tag)
        for place, directory in enumerate(directories)
        for tag, entry in directory.items()
    )
    del directories[place][largest]
    return ExifBlock(block.order, *directories)


def _read_pointed(data: bytes, order: str, pointer: Entry | None) -> Directory:
    """Return the directory an entry points to; empty when there is none or it is cut off."""
    if pointer is None or pointer.kind not in _POINTERS:
        return {}
    try:
        return _read_directory(data, order, struct.unpack(order + "I", pointer.data[:4])[0])
    except struct.error:
        return {}


def _read_directory(data: bytes, order: str, start: int) -> Directory:
    (count,) = struct.unpack_from(order + "H", data, start)
    entries = {}
    for i in range(min(count, _MOST_ENTRIES)):
        place = start + 2 + i * _ENTRY_BYTES
        tag, kind, number = struct.unpack_from(order + "HHI", data, place)
        size = _TYPE_BYTES.get(kind, 0) * number
        (target,) = struct.unpack_from(order + "I", data, place + 8)
        target = place + 8 if size <= 4 else target
        if size and target + size <= len(data):
            entries[tag] = Entry(kind, number, data[target : target + size], target)
    return entries


def _head(order: str, start: int) -> bytes:
    magic = next(magic for magic, name in _ORDERS.items() if name == order)
    return magic + struct.pack(order + "I", start)


def _write_directories(block: ExifBlock, start: int) -> bytes:
    """Return the main directory, for a place in the block, and what it points to behind it."""
    main, body = dict(block.main), b""
    for tag, directory in ((EXIF_POINTER, block.exif), (GPS_POINTER, block.gps)):
        main.pop(tag, None)
        if directory:
            main[tag] = Entry(_LONG, 1, bytes(4))
    behind = start + len(_write_directory(main, block.order, 0))
    for tag, directory in ((EXIF_POINTER, block.exif), (GPS_POINTER, block.gps)):
        if directory:
            main[tag] = Entry(_LONG, 1, struct.pack(block.order + "I", behind + len(body)))
            body += _write_directory(directory, block.order, behind + len(body))
    return _write_directory(main, block.order, start) + body


def _write_directory(directory: Directory, order: str, start: int) -> bytes:
    """Return a directory with its values behind it; nothing follows it."""
    entries, values = b"", b""
    behind = start + 2 + _ENTRY_BYTES * len(directory) + 4
    for tag in sorted(directory):
        entry = directory[tag]
        entries += struct.pack(order + "HHI", tag, entry.kind, entry.count)
        if len(entry.data) <= 4:
            entries += entry.data.ljust(4, b"\0")
        elif tag == MAKER_NOTE:
            entries += struct.pack(order + "I", entry.place)
        else:
            entries += struct.pack(order + "I", behind + len(values))
            values += entry.data + bytes(len(entry.data) % 2)
    return struct.pack(order + "H", len(directory)) + entries + bytes(4) + values
