"""PackBits: run lengths of bytes, row by row, as Photoshop's files have them.

A row becomes packets of a header and up to 128 bytes: ``n - 1`` before ``n`` bytes as they are,
``257 - n`` before one byte that stands for ``n``. Only runs that are worth it become packets of
their own, so that photos, which have few, are copied nearly as they are.

Reference:
    TIFF 6.0, section 9; Adobe Photoshop File Formats Specification, "Image Data Section".
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.intp]

_PACKET: Final = 128
# A run within other bytes costs two headers; from this length on it saves most of itself.
_SHORTEST_RUN: Final = 8


@dataclass(frozen=True, slots=True)
class _Stretches:
    """What bytes in a row are: runs of one value, or as they come; all bytes, in order."""

    starts: Indices
    lengths: Indices
    is_run: npt.NDArray[np.bool_]


def pack_rows(rows: Bytes) -> tuple[Bytes, Indices]:
    """Pack each row by itself.

    Args:
        rows: ``[R, W]``, W at least 1.

    Returns:
        The packed rows one behind the other, and how many bytes each took ``[R]``.
    """
    rows = np.ascontiguousarray(rows)
    starts, ends = _find_runs(rows)
    if not starts.size:
        packed = _copy_rows(rows)
        return packed.reshape(-1), np.full(len(rows), packed.shape[1], np.intp)
    return _pack(rows, _divide(rows.shape, starts, ends))


def _find_runs(rows: Bytes) -> tuple[Indices, Indices]:
    """Return where runs of at least 8 equal bytes start and end, counted through all rows."""
    height, width = rows.shape
    if width < _SHORTEST_RUN:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    two = rows[:, 1:] == rows[:, :-1]
    three = two[:, 1:] & two[:, :-1]
    five = three[:, 2:] & three[:, :-2]
    begins_eight = five[:, 3:] & five[:, :-3]
    if not begins_eight.any():
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    framed = np.zeros((height, width), np.bool_)  # the last 7 of a row never begin one
    framed[:, : width - _SHORTEST_RUN + 1] = begins_eight
    flat = framed.reshape(-1)
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    if flat[0]:
        changes = np.concatenate(([0], changes))
    return changes[::2], changes[1::2] + _SHORTEST_RUN - 1


def _copy_rows(rows: Bytes) -> Bytes:
    """Return rows without runs: a header before every 128 bytes, ``[R, packed W]``."""
    height, width = rows.shape
    whole, rest = divmod(width, _PACKET)
    packed = np.empty((height, width + whole + (rest > 0)), np.uint8)
    blocks = packed[:, : whole * (_PACKET + 1)].reshape(height, whole, _PACKET + 1)
    blocks[..., 0] = _PACKET - 1
    blocks[..., 1:] = rows[:, : whole * _PACKET].reshape(height, whole, _PACKET)
    if rest:
        packed[:, -rest - 1] = rest - 1
        packed[:, -rest:] = rows[:, -rest:]
    return packed


def _divide(shape: tuple[int, ...], starts: Indices, ends: Indices) -> _Stretches:
    """Cut all bytes at the ends of rows and runs."""
    height, width = shape
    cuts = np.concatenate((np.arange(height, dtype=np.intp) * width, starts, ends))
    cuts.sort()
    is_new = np.diff(cuts, append=height * width) > 0
    cuts = cuts[is_new]
    is_run = np.zeros(cuts.size, np.bool_)
    is_run[np.searchsorted(cuts, starts)] = True
    return _Stretches(cuts, np.diff(cuts, append=height * width), is_run)


def _pack(rows: Bytes, stretches: _Stretches) -> tuple[Bytes, Indices]:
    """Write the packets of stretches."""
    height, width = rows.shape
    flat = rows.reshape(-1)
    packets = _cut_into_packets(stretches)
    sizes = 1 + np.where(packets.is_run, 1, packets.lengths)
    places = np.cumsum(sizes) - sizes
    packed = np.empty(int(sizes.sum()), np.uint8)
    is_copied = np.ones(packed.size, np.bool_)
    is_copied[places] = False
    runs = np.flatnonzero(packets.is_run)
    is_copied[places[runs] + 1] = False
    headers = np.where(packets.is_run, 257 - packets.lengths, packets.lengths - 1)
    packed[places] = headers.astype(np.uint8)  # a run of one is a copy of one: 256 becomes 0
    packed[places[runs] + 1] = flat[packets.starts[runs]]
    packed[is_copied] = flat[np.repeat(~stretches.is_run, stretches.lengths)]
    firsts = np.searchsorted(packets.starts, np.arange(height) * width)
    return packed, np.add.reduceat(sizes, firsts)


def _cut_into_packets(stretches: _Stretches) -> _Stretches:
    """Cut stretches that are longer than a packet."""
    counts = -(-stretches.lengths // _PACKET)
    first_packets = np.cumsum(counts) - counts
    steps = np.arange(int(counts.sum())) - np.repeat(first_packets, counts)
    starts = np.repeat(stretches.starts, counts) + _PACKET * steps
    rest = np.repeat(stretches.starts + stretches.lengths, counts) - starts
    return _Stretches(starts, np.minimum(rest, _PACKET), np.repeat(stretches.is_run, counts))
