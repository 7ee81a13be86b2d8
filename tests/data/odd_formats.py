"""Write PNG, TIFF, PSD and DNG byte by byte, in the layouts that no library here writes.

Samples are ``[H, W, C]`` uint8 or uint16 arrays in the order the format stores them.
"""

import io
import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from PIL import Image

TiffTags = dict[int, tuple[int, Sequence[int] | bytes]]
"""Number to type and values."""

# First column, first row, steps of the seven passes (PNG 8.2).
ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
TIFF_COMPRESSIONS = {"none": 1, "lzw": 5, "deflate": 8, "packbits": 32773}
CAMERA_MATRICES = {
    "srgb": (32405, -15371, -4985, -9693, 18760, 416, 556, -2040, 10572),
    "display-p3": (24935, -9314, -4027, -8295, 17627, 236, 358, -762, 9569),
}
"""From XYZ (D65) to a camera that sees the primaries of a space, in 10,000ths."""

TIFF_TYPES = {
    **{1: ("B", 1), 2: ("s", 1), 3: ("H", 2), 4: ("I", 4), 5: ("I", 8)},
    **{7: ("B", 1), 10: ("i", 8), 16: ("Q", 8)},
}
"""By number: the code of its parts, and the bytes of a value."""

PILLOW_NAMES = {"lzw": "tiff_lzw", "packbits": "packbits"}


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def write_png(
    samples: np.ndarray,
    color_type: int,
    *,
    interlaced: bool = False,
    chunks: Iterable[tuple[bytes, bytes]] = (),
    size: tuple[int, int] | None = None,
) -> bytes:
    """Return a PNG; ``size`` is what the header says, if that is to be wrong."""
    width, height = size or samples.shape[1::-1]
    bits = samples.dtype.itemsize * 8
    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, int(interlaced))
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    rows = [
        b"\0" + row.astype(samples.dtype.newbyteorder(">")).tobytes()
        for left, top, right, down in passes
        for row in samples[top::down, left::right]
        if row.size
    ]
    body = b"".join(png_chunk(kind, content) for kind, content in chunks)
    data = png_chunk(b"IDAT", zlib.compress(b"".join(rows)))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + body + data + png_chunk(b"IEND", b"")


def icc_chunk(profile: bytes) -> tuple[bytes, bytes]:
    return b"iCCP", b"x\0\0" + zlib.compress(profile)


def write_tiff(
    samples: np.ndarray,
    photometric: int,
    *,
    order: str = "<",
    is_big: bool = False,
    compression: str = "none",
    predicted: bool = False,
    tile: int | None = None,
    planar: bool = False,
    tags: TiffTags | None = None,
    pages: int = 1,
) -> bytes:
    """Return a TIFF of strips of 8 rows, or of square tiles.

    Args:
        tags: more entries, or others: number to (type, values).
    """
    height, width, channels = samples.shape
    planes = np.split(samples, channels, axis=2) if planar else [samples]
    high, wide = (tile, tile) if tile else (8, width)
    parts = [
        _pack(
            _cut(plane, top, left, high, wide, padded=bool(tile)),
            compression,
            order,
            predicted=predicted,
        )
        for plane in planes
        for top in range(0, height, high)
        for left in range(0, width, wide)
    ]
    entries: TiffTags = {
        256: (4, [width]),
        257: (4, [height]),
        258: (3, [samples.dtype.itemsize * 8] * channels),
        259: (3, [TIFF_COMPRESSIONS[compression]]),
        262: (3, [photometric]),
        277: (3, [channels]),
        284: (3, [2 if planar else 1]),
        317: (3, [2 if predicted else 1]),
    }
    entries |= {322: (4, [tile]), 323: (4, [tile])} if tile else {278: (4, [high])}
    entries |= tags or {}
    return _join_tiff(parts, entries, order, is_big=is_big, is_tiled=bool(tile), pages=pages)


def _cut(
    plane: np.ndarray, top: int, left: int, high: int, wide: int, *, padded: bool
) -> np.ndarray:
    block = plane[top : top + high, left : left + wide]
    if not padded:
        return block
    missing = ((0, high - block.shape[0]), (0, wide - block.shape[1]), (0, 0))
    return np.pad(block, missing, mode="edge")


def _pack(block: np.ndarray, compression: str, order: str, *, predicted: bool) -> bytes:
    if predicted:
        block = np.diff(block, axis=1, prepend=np.zeros_like(block[:, :1]))
    data = np.ascontiguousarray(block).astype(block.dtype.newbyteorder(order)).tobytes()
    if compression == "deflate":
        return zlib.compress(data)
    return data if compression == "none" else _pack_with_libtiff(data, len(block), compression)


def _pack_with_libtiff(data: bytes, rows: int, compression: str) -> bytes:
    """Let Pillow's libtiff pack bytes as one strip of a grey picture, and take the strip."""
    buffer = io.BytesIO()
    picture = Image.frombytes("L", (len(data) // rows, rows), data)
    picture.save(buffer, "TIFF", compression=PILLOW_NAMES[compression], tiffinfo={278: rows})
    with Image.open(buffer) as written:
        (start,), (size,) = written.tag_v2[273], written.tag_v2[279]
    return buffer.getvalue()[start : start + size]


def _join_tiff(
    parts: list[bytes], entries: TiffTags, order: str, *, is_big: bool, is_tiled: bool, pages: int
) -> bytes:
    """Lay out header, data and directories; every page shows the same data."""
    word = order + ("Q" if is_big else "I")
    file = bytearray((b"II" if order == "<" else b"MM") + struct.pack(order + "H", 42 + is_big))
    file += struct.pack(order + "HH", 8, 0) if is_big else b""
    link = len(file)
    file += bytes(struct.calcsize(word))

    def put(data: bytes) -> int:
        file.extend(bytes(len(file) % 2) + data)
        return len(file) - len(data)

    places, counts = [put(part) for part in parts], [len(part) for part in parts]
    kind = 16 if is_big else 4
    offsets = {324 if is_tiled else 273: (kind, places), 325 if is_tiled else 279: (kind, counts)}
    entries = offsets | entries
    for _ in range(pages):
        packed = [_entry(tag, *entries[tag], word, put) for tag in sorted(entries)]
        directory = struct.pack(order + ("Q" if is_big else "H"), len(packed)) + b"".join(packed)
        file[link : link + struct.calcsize(word)] = struct.pack(word, put(directory))
        link = len(file)
        file += bytes(struct.calcsize(word))
    return bytes(file)


def _entry(tag: int, kind: int, values: Sequence[int] | bytes, word: str, put: Any) -> bytes:
    code, size = TIFF_TYPES[kind]
    packed = isinstance(values, bytes)
    data = values if packed else struct.pack(f"{word[0]}{len(values)}{code}", *values)
    room = struct.calcsize(word)
    value = data.ljust(room, b"\0") if len(data) <= room else struct.pack(word, put(data))
    return struct.pack(word[0] + "HH" + word[1], tag, kind, len(data) // size) + value


def write_psd(
    planes: np.ndarray,
    mode: int,
    *,
    compression: int = 1,
    version: int = 1,
    bits: int | None = None,
    palette: bytes = b"",
    resources: dict[int, bytes] | None = None,
) -> bytes:
    """Return a Photoshop file without layers.

    Args:
        planes: ``[C, H, W]`` as stored; for 1 bit ``[1, H, row bytes]``.
    """
    channels, height, width = planes.shape
    depth = bits or planes.dtype.itemsize * 8
    stored = planes.astype(planes.dtype.newbyteorder(">"))
    header = struct.pack(
        ">4sH6xHIIHH",
        b"8BPS",
        version,
        channels,
        height,
        width * 8 if depth == 1 else width,
        depth,
        mode,
    )
    block = b"".join(
        b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + bytes(len(data) % 2)
        for number, data in (resources or {}).items()
    )
    sections = struct.pack(">I", len(palette)) + palette + struct.pack(">I", len(block)) + block
    sections += bytes(8 if version == 2 else 4)
    return (
        header
        + sections
        + struct.pack(">H", compression)
        + _pack_planes(stored, compression, version)
    )


def _pack_planes(stored: np.ndarray, compression: int, version: int) -> bytes:
    if compression == 0:
        return stored.tobytes()
    if compression == 1:
        rows = [_pack_literally(row.tobytes()) for plane in stored for row in plane]
        lengths = struct.pack(f">{len(rows)}{'I' if version == 2 else 'H'}", *map(len, rows))
        return lengths + b"".join(rows)
    if compression == 3:
        native = stored.astype(stored.dtype.newbyteorder("="))
        steps = np.diff(native, axis=2, prepend=np.zeros_like(native[:, :, :1]))
        stored = steps.astype(stored.dtype)
    return zlib.compress(stored.tobytes())


def _pack_literally(row: bytes) -> bytes:
    """Pack bits: equal bytes as a run, others as they are."""
    packed, at = bytearray(), 0
    while at < len(row):
        run = 1
        while run < 128 and row[at : at + run + 1] == row[at : at + 1] * (run + 1):
            run += 1
        if run > 1:
            packed += bytes([257 - run, row[at]])
        else:
            packed += bytes([0, row[at]])
        at += run
    return bytes(packed)


def write_dng(
    mosaic: np.ndarray, *, orientation: int = 1, order: str = "<", primaries: str = "srgb"
) -> bytes:
    """Return a camera's RAW file: a mosaic of red, green, green, blue, 16 bit, no compression.

    Args:
        mosaic: uint16 ``[H, W]``; grey where green is twice red and blue.
        primaries: what the camera sees as pure red, green and blue.
    """
    matrix = [each for number in CAMERA_MATRICES[primaries] for each in (number, 10_000)]
    tags: TiffTags = {
        254: (4, [0]),
        271: (2, b"Himapp\0"),
        272: (2, b"Pinhole\0"),
        274: (3, [orientation]),
        306: (2, b"2024:05:06 07:08:09\0"),
        33421: (3, [2, 2]),
        33422: (1, [0, 1, 1, 2]),
        50706: (1, [1, 4, 0, 0]),
        50708: (2, b"Himapp Pinhole\0"),
        50714: (4, [0]),
        50717: (4, [65535]),
        50721: (10, matrix),
        50728: (5, [1, 2, 1, 1, 1, 2]),
        50778: (3, [21]),
    }
    return write_tiff(mosaic[:, :, np.newaxis], 32803, order=order, tags=tags)
