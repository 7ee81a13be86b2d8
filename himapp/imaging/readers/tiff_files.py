"""Read TIFF: 8 and 16 bit in every layout by its strips and tiles, the rest with Pillow.

Pillow cuts 16-bit colour to 8 bit, and OpenCV reads separate planes as garbage; so strips and tiles
are put together here, and Pillow's libtiff only unpacks the bytes of each.

Reference:
    TIFF Revision 6.0, 1992; Adobe TIFF Technical Note 3 (predictors), BigTIFF.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import accumulate, groupby
from typing import Any, Final

import numpy as np
from PIL import Image

from himapp.errors import PhotoError
from himapp.imaging.color_profiles import ColorModel
from himapp.imaging.photo import PixelArray
from himapp.imaging.readers.decoded import DecodedFile
from himapp.imaging.readers.facts import collect_tiff_facts, orientation_of
from himapp.imaging.readers.limits import check_size, pixel_bytes
from himapp.imaging.readers.pillow_files import read_with_pillow
from himapp.imaging.readers.tiff_directory import read_directory

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 256, 257, 258, 259, 262, 266
_OFFSETS, _SAMPLES, _ROWS_PER_STRIP, _COUNTS, _PLANAR, _PREDICTOR = 273, 277, 278, 279, 284, 317
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_COUNTS = 322, 323, 324, 325
_EXTRA_SAMPLES, _SAMPLE_FORMAT, _ICC = 338, 339, 34675
_UNPACKED: Final = 1
_DEFLATE: Final = (8, 32946)
_BY_LIBTIFF: Final = (5, 32773, 34925, 50000)
"""LZW, PackBits, LZMA, Zstandard."""

_ARRAYS_AT: Final = 8 + 2 + 9 * 12 + 4
"""Where data stand behind a header and a directory of nine entries."""

_BLOCKS_AT_ONCE: Final = 64

_WHITE_IS_ZERO, _CIE_LAB, _ICC_LAB = 0, 8, 9
_MODELS: Final[dict[int, tuple[ColorModel, str, int]]] = {
    _WHITE_IS_ZERO: ("GRAY", "L", 1),
    1: ("GRAY", "L", 1),
    2: ("RGB", "RGB", 3),
    5: ("CMYK", "CMYK", 4),
    _CIE_LAB: ("Lab", "LAB", 3),
    _ICC_LAB: ("Lab", "LAB", 3),
}
"""Colour model, Pillow's name and number of channels by photometric interpretation."""

_ASSOCIATED: Final = 1
_ALPHA_KINDS: Final = (1, 2)
_ICC_LAB_WHITE: Final = 65280
_DEEPER_BITS: Final = (24, 32, 64)
_FLOATING: Final = 3


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the samples of a file lie in it.

    Attributes:
        block: height and width of a tile, or of a strip, in pixels.
        kind: the samples' type and byte order.
        is_planar: whether each channel has strips or tiles of its own.
    """

    height: int
    width: int
    channels: int
    block: tuple[int, int]
    kind: np.dtype[Any]
    compression: int
    is_tiled: bool
    is_planar: bool
    is_predicted: bool
    parts: tuple[tuple[int, int], ...]

    @property
    def block_channels(self) -> int:
        return 1 if self.is_planar else self.channels

    @property
    def row_bytes(self) -> int:
        return self.block[1] * self.block_channels * self.kind.itemsize

    @property
    def block_count(self) -> int:
        """Return how many strips or tiles the picture takes."""
        down, across = -(-self.height // self.block[0]), -(-self.width // self.block[1])
        return down * across * (self.channels if self.is_planar else 1)

    def rows_at(self, top: int) -> int:
        """Return the rows of the strip or tile there: only a tile is stored over the edge."""
        return self.block[0] if self.is_tiled else min(self.block[0], self.height - top)


def read_tiff(data: bytes, name: str) -> DecodedFile:
    """Decode the first picture of a file.

    Args:
        data: the whole file.
        name: the file as the user sees it.

    Raises:
        PhotoError: it is too large, or has 32 bits or floating-point numbers per channel.
        Exception: one of :data:`~himapp.imaging.readers.damage.DECODING_ERRORS` for a damaged one.
    """
    tags = read_directory(data)
    bits, formats = _numbers(tags, _BITS, 1), _numbers(tags, _SAMPLE_FORMAT, 1)
    if max(bits) in _DEEPER_BITS or _FLOATING in formats:
        kind = f"{max(bits)} bits" if max(bits) > 16 else "floating-point numbers"
        raise PhotoError(f"“{name}” has {kind} per channel; 8 and 16 bits can be opened.")
    if not _is_plain(tags, bits):
        return read_with_pillow(data, name, "TIFF")
    model, mode, wanted = _MODELS[_number(tags, _PHOTOMETRIC)]
    layout = _lay_out(tags, data)
    # A tile is unpacked whole, also where it is larger than the picture.
    width, height = max(layout.width, layout.block[1]), max(layout.height, layout.block[0])
    check_size(name, width, height, pixel_bytes(layout.channels, bits[0]))
    stored = _assemble(data, layout)
    extra = _numbers(tags, _EXTRA_SAMPLES, 2) if layout.channels > wanted else ()
    has_alpha = bool(extra) and extra[0] in _ALPHA_KINDS
    icc = tags.get(_ICC)
    return DecodedFile(
        _normalise(stored[:, :, :wanted], _number(tags, _PHOTOMETRIC)),
        model,
        mode,
        stored[:, :, wanted] if has_alpha else None,
        is_associated=has_alpha and extra[0] == _ASSOCIATED,
        orientation=orientation_of(tags),
        icc=icc if isinstance(icc, bytes) else None,
        facts=collect_tiff_facts(data),
    )


def _numbers(tags: Any, tag: int, default: int) -> tuple[int, ...]:
    """Return a tag's numbers; one for every channel, or a few for all."""
    value = tags.get(tag, default)
    return tuple(int(part) for part in (value if isinstance(value, tuple) else (value,)))


def _number(tags: Any, tag: int, default: int | None = None) -> int:
    """Return a tag's one number.

    Raises:
        KeyError: the tag is missing and has no default.
    """
    value = tags[tag] if default is None else tags.get(tag, default)
    return int(value[0] if isinstance(value, tuple) else value)


def _is_plain(tags: Any, bits: tuple[int, ...]) -> bool:
    """Return whether the file is put together here."""
    photometric = _number(tags, _PHOTOMETRIC, -1)
    return (
        set(bits) in ({8}, {16})
        and photometric in _MODELS
        and _number(tags, _SAMPLES, 1) >= _MODELS[photometric][2]
        and _number(tags, _COMPRESSION, 1) in (_UNPACKED, *_DEFLATE, *_BY_LIBTIFF)
        and _number(tags, _PREDICTOR, 1) in (1, 2)
        and _number(tags, _FILL_ORDER, 1) == 1
    )


def _lay_out(tags: Any, data: bytes) -> _Layout:
    """Read where the samples lie."""
    height, width = _number(tags, _HEIGHT), _number(tags, _WIDTH)
    is_tiled = _TILE_OFFSETS in tags
    if is_tiled:
        block = (_number(tags, _TILE_HEIGHT), _number(tags, _TILE_WIDTH))
    else:
        block = (min(_number(tags, _ROWS_PER_STRIP, height), height), width)
    offsets = _numbers(tags, _TILE_OFFSETS if is_tiled else _OFFSETS, 0)
    counts = _numbers(tags, _TILE_COUNTS if is_tiled else _COUNTS, len(data))
    if min(block) < 1:
        raise ValueError(f"strips or tiles of {block} pixels")
    order = "<" if data[:2] == b"II" else ">"
    return _Layout(
        height=height,
        width=width,
        channels=_number(tags, _SAMPLES, 1),
        block=block,
        kind=np.dtype(f"{order}u{_numbers(tags, _BITS, 8)[0] // 8}"),
        compression=_number(tags, _COMPRESSION, 1),
        is_tiled=is_tiled,
        is_planar=_number(tags, _PLANAR, 1) == 2,
        is_predicted=_number(tags, _PREDICTOR, 1) == 2,
        parts=tuple(zip(offsets, counts, strict=True)),
    )


def _assemble(data: bytes, layout: _Layout) -> PixelArray:
    """Put strips or tiles together to ``[H, W, channels]`` in the machine's byte order."""
    # Before they are listed: a small file may say that it has a billion of them.
    if layout.block_count > len(layout.parts):
        raise ValueError(f"{len(layout.parts)} strips or tiles of {layout.block_count}")
    stored = np.empty((layout.height, layout.width, layout.channels), layout.kind.newbyteorder("="))
    rows, columns = layout.block
    places = list(_iterate_places(layout))
    blocks = _iterate_blocks(data, layout, places)
    for (channel, top, left), block in zip(places, blocks, strict=True):
        target = stored[top : top + rows, left : left + columns, channel]
        target[...] = block[: target.shape[0], : target.shape[1]]
    return stored


def _iterate_places(layout: _Layout) -> Iterator[tuple[slice, int, int]]:
    """Yield channels, first row and first column of every strip or tile, as they are stored."""
    channels = range(layout.channels) if layout.is_planar else (0,)
    for channel in channels:
        for top in range(0, layout.height, layout.block[0]):
            for left in range(0, layout.width, layout.block[1]):
                yield slice(channel, channel + layout.block_channels), top, left


def _iterate_blocks(
    data: bytes, layout: _Layout, places: list[tuple[slice, int, int]]
) -> Iterator[PixelArray]:
    """Yield every strip or tile unpacked, ``[rows, columns, channels]``."""
    members = zip(places, layout.parts, strict=False)
    for _, plane in groupby(members, key=lambda member: member[0][0].start):
        parts = list(plane)
        for start in range(0, len(parts), _BLOCKS_AT_ONCE):
            batch = parts[start : start + _BLOCKS_AT_ONCE]
            packed = [data[offset : offset + count] for _, (offset, count) in batch]
            heights = [layout.rows_at(top) for (_, top, _), _ in batch]
            unpacked = _unpack(packed, heights, layout)
            for block, rows in zip(unpacked, heights, strict=True):
                yield _interpret(block, rows, layout)


def _unpack(packed: list[bytes], heights: list[int], layout: _Layout) -> Iterator[bytes]:
    """Yield the bytes of strips or tiles of one plane; only the last may be lower."""
    if layout.compression in _BY_LIBTIFF:
        joined = memoryview(_unpack_with_libtiff(packed, heights, layout))
        ends = [rows * layout.row_bytes for rows in accumulate(heights)]
        yield from (bytes(joined[a:b]) for a, b in zip([0, *ends], ends, strict=False))
    elif layout.compression in _DEFLATE:
        for block, rows in zip(packed, heights, strict=True):
            yield zlib.decompressobj().decompress(block, rows * layout.row_bytes)
    else:
        yield from packed


def _interpret(block: bytes, rows: int, layout: _Layout) -> PixelArray:
    """Return the samples that unpacked bytes stand for."""
    shape = (rows, layout.block[1], layout.block_channels)
    samples = np.frombuffer(block, layout.kind, shape[0] * shape[1] * shape[2]).reshape(shape)
    native = layout.kind.newbyteorder("=")
    if layout.is_predicted and layout.compression != _UNPACKED:
        # Differences between neighbours, modulo the samples' own range.
        return np.cumsum(samples.astype(native), axis=1, dtype=native)
    return samples


def _unpack_with_libtiff(packed: list[bytes], heights: list[int], layout: _Layout) -> bytes:
    """Let libtiff unpack bytes, as if they were an 8-bit grey picture in strips.

    Many at once: one row a strip is common, and every call costs half a millisecond.
    """
    count, sizes = len(packed), [len(part) for part in packed]
    starts = list(accumulate(sizes, initial=_ARRAYS_AT + 8 * count))[:-1]
    entries = (
        *((_WIDTH, 1, layout.row_bytes), (_HEIGHT, 1, sum(heights)), (_BITS, 1, 8)),
        *((_COMPRESSION, 1, layout.compression), (_PHOTOMETRIC, 1, 1)),
        (_OFFSETS, count, starts[0] if count == 1 else _ARRAYS_AT),
        *((_SAMPLES, 1, 1), (_ROWS_PER_STRIP, 1, heights[0])),
        (_COUNTS, count, sizes[0] if count == 1 else _ARRAYS_AT + 4 * count),
    )
    directory = b"".join(struct.pack("<HHII", tag, 4, *rest) for tag, *rest in entries)
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + directory + bytes(4)
    arrays = struct.pack(f"<{2 * count}I", *starts, *sizes)
    with Image.open(BytesIO(b"".join([head, arrays, *packed])), formats=("TIFF",)) as image:
        return image.tobytes()


def _normalise(samples: PixelArray, photometric: int) -> PixelArray:
    """Return samples as :class:`DecodedFile` has them; ``[H, W]`` for one channel."""
    if photometric == _WHITE_IS_ZERO:
        samples = np.invert(samples)
    if photometric == _CIE_LAB:
        samples = samples.copy()
        samples[:, :, 1:] ^= samples.dtype.type(0x8000 if samples.dtype == np.uint16 else 0x80)
    if photometric == _ICC_LAB and samples.dtype == np.uint16:
        samples = samples.copy()
        lightness = samples[:, :, 0].astype(np.uint32) * 65535 // _ICC_LAB_WHITE
        samples[:, :, 0] = np.minimum(lightness, 65535).astype(np.uint16)
    return samples[:, :, 0] if samples.shape[2] == 1 else samples
