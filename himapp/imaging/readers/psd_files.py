"""Read the merged picture of a Photoshop file (PSD, PSB); its layers stay unread.

Reference:
    Adobe Photoshop File Formats Specification, 2019: "File Header Section", "Image Resource
    Blocks", "Image Data Section".
"""

import struct
import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from himapp.errors import PhotoError
from himapp.imaging.color_profiles import ColorModel
from himapp.imaging.photo import PixelArray
from himapp.imaging.readers.decoded import DecodedFile, FileFacts
from himapp.imaging.readers.facts import IPTC_RESOURCE, collect_facts, list_resources
from himapp.imaging.readers.limits import check_size, pixel_bytes

_HEADER: Final = struct.Struct(">4sH6xHIIHH")
_BITMAP, _GREY, _INDEXED, _RGB, _CMYK, _DUOTONE, _LAB = 0, 1, 2, 3, 4, 8, 9
_MODELS: Final[dict[int, tuple[ColorModel, str, int]]] = {
    _BITMAP: ("GRAY", "1", 1),
    _GREY: ("GRAY", "L", 1),
    _INDEXED: ("RGB", "P", 1),
    _RGB: ("RGB", "RGB", 3),
    _CMYK: ("CMYK", "CMYK", 4),
    _DUOTONE: ("GRAY", "L", 1),
    _LAB: ("Lab", "LAB", 3),
}
"""Colour model, Pillow's name and number of channels by Photoshop's colour mode."""

_RESOLUTION, _ICC, _VERSION_INFO, _EXIF, _XMP = 1005, 1039, 1057, 1058, 1060
_RAW, _PACKBITS, _ZIP, _ZIP_PREDICTED = range(4)
_PALETTE_BYTES: Final = 768


@dataclass(frozen=True, slots=True)
class _Header:
    """The first section: how the merged picture is laid out."""

    version: int
    channels: int
    height: int
    width: int
    bits: int
    mode: int

    @property
    def row_bytes(self) -> int:
        return (self.width * self.bits + 7) // 8

    @property
    def is_large(self) -> bool:
        return self.version == 2


def read_psd(data: bytes, name: str) -> DecodedFile:
    """Decode the merged picture of a file at 1, 8 or 16 bits per channel.

    Photoshop stores it already laid over white, so that channels beyond the colours' do not count.

    Args:
        data: the whole file.
        name: the file as the user sees it.

    Raises:
        PhotoError: it is too large, holds no merged picture, or is of a mode or depth that cannot
            be opened.
        Exception: one of :data:`~himapp.imaging.readers.damage.DECODING_ERRORS` for a damaged one.
    """
    signature, *fields = _HEADER.unpack_from(data)
    header = _Header(*fields)
    if signature != b"8BPS" or header.version not in (1, 2):
        raise ValueError("no Photoshop header")
    palette, at = _section(data, _HEADER.size)
    block, at = _section(data, at)
    resources = list_resources(block)
    _check_kind(header, resources, name)
    model, mode, wanted = _MODELS[header.mode]
    if header.channels < wanted:
        raise ValueError(f"{header.channels} channels in mode {mode}")
    check_size(name, header.width, header.height, pixel_bytes(2 * wanted, header.bits))
    at = _skip_layers(data, at, header)
    planes = _decode_planes(data[at:], header, wanted)
    samples = _interpret(planes, header, palette)
    return DecodedFile(samples, model, mode, icc=resources.get(_ICC), facts=_facts(resources))


def _section(data: bytes, at: int) -> tuple[bytes, int]:
    """Return a section that starts with its length, and where the next one starts."""
    (length,) = struct.unpack_from(">I", data, at)
    if at + 4 + length > len(data):
        raise ValueError("the file ends within a section")
    return data[at + 4 : at + 4 + length], at + 4 + length


def _skip_layers(data: bytes, at: int, header: _Header) -> int:
    """Return where the merged picture starts."""
    code = ">Q" if header.is_large else ">I"
    (length,) = struct.unpack_from(code, data, at)
    return at + struct.calcsize(code) + int(length)


def _check_kind(header: _Header, resources: dict[int, bytes], name: str) -> None:
    """Refuse files that are whole, but hold nothing that can be shown."""
    if header.bits == 32:
        raise PhotoError(f"“{name}” has 32 bits per channel; 8 and 16 can be opened.")
    if header.mode not in _MODELS:
        raise PhotoError(f"“{name}” is no RGB, grey, CMYK or Lab file and cannot be opened.")
    if header.bits not in ((1,) if header.mode == _BITMAP else (8, 16)):
        raise ValueError(f"{header.bits} bits in mode {header.mode}")
    if resources.get(_VERSION_INFO, b"\0\0\0\1\1")[4:5] == b"\0":
        raise PhotoError(
            f"“{name}” holds layers alone; save it again with “Maximize Compatibility” switched on."
        )


def _decode_planes(data: bytes, header: _Header, wanted: int) -> PixelArray:
    """Return the first channels as bytes, ``[wanted, H, row bytes]``."""
    (compression,) = struct.unpack_from(">H", data)
    body = memoryview(data)[2:]
    size = wanted * header.height * header.row_bytes
    if compression == _PACKBITS:
        return _unpack_bits(body, header, wanted)
    if compression in (_ZIP, _ZIP_PREDICTED):
        body = memoryview(zlib.decompressobj().decompress(body, size))
    elif compression != _RAW:
        raise ValueError(f"compression {compression}")
    planes = np.frombuffer(body, np.uint8, size).reshape(wanted, header.height, header.row_bytes)
    return _undo_prediction(planes, header) if compression == _ZIP_PREDICTED else planes


def _unpack_bits(body: memoryview, header: _Header, wanted: int) -> PixelArray:
    """Decode runs of bytes, row by row; a table in front says how long each row is."""
    rows = header.channels * header.height
    lengths = np.frombuffer(body, ">u4" if header.is_large else ">u2", rows).astype(np.int64)
    ends = np.cumsum(lengths.reshape(header.channels, header.height).sum(axis=1))
    starts = [0, *ends.tolist()]
    packed = body[rows * (4 if header.is_large else 2) :]
    if starts[wanted] > len(packed):
        raise ValueError("the file ends within its picture")
    size = (header.row_bytes, header.height)
    planes = [
        Image.frombytes("L", size, bytes(packed[starts[i] : starts[i + 1]]), "packbits", "L")
        for i in range(wanted)
    ]
    return np.stack([np.asarray(plane) for plane in planes])


def _undo_prediction(planes: PixelArray, header: _Header) -> PixelArray:
    """Add up the differences along each row, in the samples' own type."""
    kind = np.dtype(">u2" if header.bits == 16 else "u1")
    differences = np.ascontiguousarray(planes).view(kind)
    sums = np.cumsum(differences, axis=2, dtype=kind.newbyteorder("="))
    return sums.astype(kind).view(np.uint8)


def _interpret(planes: PixelArray, header: _Header, palette: bytes) -> PixelArray:
    """Return samples as :class:`DecodedFile` has them."""
    if header.mode == _BITMAP:
        bits = np.unpackbits(planes[0], axis=1)[:, : header.width]
        return np.where(bits == 1, 0, 255).astype(np.uint8)
    if header.bits == 16:
        planes = planes.view(">u2").astype(np.uint16)
    if header.mode == _INDEXED:
        colors = np.frombuffer(palette, np.uint8, _PALETTE_BYTES).reshape(3, 256)
        return np.ascontiguousarray(colors.T[planes[0]])
    if header.mode == _CMYK:
        planes = np.invert(planes)  # stored as what is left of the paper
    return planes[0] if len(planes) == 1 else np.ascontiguousarray(np.moveaxis(planes, 0, 2))


def _facts(resources: dict[int, bytes]) -> FileFacts:
    resolution = resources.get(_RESOLUTION, b"")
    # 16.16 fixed point, pixels per inch whatever unit is shown.
    dpi = int.from_bytes(resolution[:4], "big") / 65536 if len(resolution) >= 4 else None
    return collect_facts(
        resources.get(_EXIF), xmp=resources.get(_XMP), iptc=resources.get(IPTC_RESOURCE), dpi=dpi
    )
