"""How many bytes an export may take, where that can be said without writing it."""

from collections.abc import Sequence
from typing import Final

from himapp.document.document import Document
from himapp.document.export_options import ExportOptions
from himapp.document.export_plan import PlannedFile

_ALLOWANCE: Final = 1.01
"""Packing that finds nothing to pack adds less than a hundredth."""

_HEAD_BYTES: Final = 64 << 10
"""Profile and metadata."""

_UNITS: Final = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def find_most_bytes(
    document: Document, options: ExportOptions, files: Sequence[PlannedFile]
) -> int | None:
    """Return what files take at most: their pixels, unpacked.

    Returns:
        None where that would say nothing: a JPEG or a WebP with losses is a small part of it, and
        layers overlap.
    """
    coding = options.coding
    has_losses = coding.image_format == "webp" and not coding.is_lossless
    if coding.image_format in ("jpeg", "psd") or has_losses:
        return None
    channels = 1 if options.content == "matte" else 4
    is_deep = coding.bit_depth == "16" or (
        coding.bit_depth == "keep" and document.photo.bit_depth == 16
    )
    depth_bytes = 2 if is_deep and coding.image_format != "webp" else 1
    pixels = sum(file.size[0] * file.size[1] for file in files)
    return round(pixels * channels * depth_bytes * _ALLOWANCE) + _HEAD_BYTES * len(files)


def describe_bytes(count: int) -> str:
    """Return a number of bytes for reading, e.g. ``"34 MB"``."""
    for unit, size in _UNITS:
        if count >= size:
            value = count / size
            return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"
    return f"{count} bytes"
