"""Compress rows of a picture on all cores to one zlib stream.

Each stripe is compressed by itself, with the 32 KB before it as its dictionary, and ends at a whole
byte; put one behind the other, the stripes are one stream that any reader understands. It is
a few bytes per megabyte larger than a stream made in one go.

zlib-ng does the work: at level 6 a photo's rows take a quarter of the time of zlib, which OpenCV
has, for the same size.

Reference:
    RFC 1950 (zlib), RFC 1951 (deflate).
"""

from collections.abc import Callable, Iterator
from typing import Final, Literal

from zlib_ng import zlib_ng

from himapp.imaging.stripes import map_in_order, split_rows

CodeRows = Callable[[int, int], bytes | memoryview]
"""Called as ``code(first, after_last)``; returns those rows as they are to be compressed."""

Search = Literal["repeats", "runs"]
"""What to look for: repeated stretches, or only runs of one byte (which is far quicker)."""

_STRATEGIES: Final[dict[Search, int]] = {
    "repeats": zlib_ng.Z_DEFAULT_STRATEGY,
    "runs": zlib_ng.Z_RLE,
}
_WINDOW_BYTES: Final = 1 << 15
_WITHOUT_HEADER: Final = -zlib_ng.MAX_WBITS
_MEMORY_LEVEL: Final = 8
# Deflate with a window of 32 KB, no dictionary, default level (which readers ignore).
_ZLIB_HEADER: Final = b"\x78\x9c"


def deflate_rows(
    code_rows: CodeRows, height: int, row_bytes: int, *, level: int, search: Search = "repeats"
) -> Iterator[bytes]:
    """Give the parts of a zlib stream that holds all rows.

    Args:
        code_rows: Gives any rows; called from several threads, for some rows twice.
        height: Number of rows, 1 or more.
        row_bytes: Bytes of a row as ``code_rows`` gives it.
        level: 1 (fast) to 9 (small).
        search: What to look for.
    """
    context_rows = -(-_WINDOW_BYTES // row_bytes)

    def squeeze(rows: tuple[int, int]) -> tuple[bytes | memoryview, bytes]:
        first, end = rows
        data = code_rows(first, end)
        before = bytes(code_rows(max(first - context_rows, 0), first))[-_WINDOW_BYTES:]
        coder = zlib_ng.compressobj(
            level,
            zlib_ng.DEFLATED,
            _WITHOUT_HEADER,
            _MEMORY_LEVEL,
            _STRATEGIES[search],
            before,
        )
        start = coder.compress(data)
        return data, start + coder.flush(
            zlib_ng.Z_FINISH if end == height else zlib_ng.Z_SYNC_FLUSH
        )

    yield _ZLIB_HEADER
    checksum = 1
    for data, squeezed in map_in_order(squeeze, split_rows(height, row_bytes)):
        checksum = zlib_ng.adler32(data, checksum)
        yield squeezed
    yield checksum.to_bytes(4, "big")
