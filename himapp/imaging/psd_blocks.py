"""The small parts of a PSD or PSB file as bytes: header, resources, layer records.

Reference:
    Adobe Photoshop File Formats Specification (November 2019): "File Header Section", "Image
    Resources Section", "Layer and Mask Information Section".
"""

import struct
import unicodedata
from dataclasses import dataclass
from typing import Final

from himapp.imaging.file_tags import FileTags

LARGEST_PSD_SIDE: Final = 30_000
LARGEST_PSB_SIDE: Final = 300_000
TRANSPARENCY: Final = -1
USER_MASK: Final = -2

_RESOLUTION, _ICC, _VERSION, _EXIF, _XMP = 1005, 1039, 1057, 1058, 1060
_RGB_MODE: Final = 3
_HIDDEN: Final = 0x02
_SINCE_PHOTOSHOP_5: Final = 0x08
_FULL_RANGE: Final = b"\0\0\xff\xff" * 2
_LONGEST_PASCAL: Final = 255


@dataclass(frozen=True, slots=True)
class PsdFrame:
    """What holds for a whole file.

    Attributes:
        width: In pixels.
        height: In pixels.
        depth: Bits per channel, 8 or 16.
        has_alpha: Whether the composite has transparency.
        is_large: Whether it is a PSB, with longer numbers for lengths.
    """

    width: int
    height: int
    depth: int
    has_alpha: bool
    is_large: bool

    @property
    def length_code(self) -> str:
        """How ``struct`` writes a long length."""
        return ">Q" if self.is_large else ">I"

    @property
    def count_code(self) -> str:
        """How numpy writes the packed bytes of a row."""
        return ">u4" if self.is_large else ">u2"


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """A layer without its pixels.

    Attributes:
        name: As the list of layers shows it.
        rectangle: Top, left, bottom and right in pixels of the file.
        channels: Number and bytes of each channel's data, in the file's order.
        opacity: 0..1.
        visible: Whether the eye is on.
    """

    name: str
    rectangle: tuple[int, int, int, int]
    channels: tuple[tuple[int, int], ...]
    opacity: float
    visible: bool


def encode_header(frame: PsdFrame) -> bytes:
    """Return the header and the empty colour mode data."""
    version, channels = 2 if frame.is_large else 1, 4 if frame.has_alpha else 3
    header = struct.pack(
        ">4sH6xHIIHH",
        b"8BPS",
        version,
        channels,
        frame.height,
        frame.width,
        frame.depth,
        _RGB_MODE,
    )
    return header + bytes(4)


def encode_resources(tags: FileTags) -> bytes:
    """Return the image resources with their length."""
    resources = {_VERSION: _encode_version()}
    if tags.dpi is not None:
        fixed = round(tags.dpi * 65536)  # 16 bits before the point, 16 behind
        per_inch, inches = 1, 1
        resources[_RESOLUTION] = struct.pack(">IHH", fixed, per_inch, inches) * 2
    if tags.icc is not None:
        resources[_ICC] = tags.icc
    if tags.exif:
        resources[_EXIF] = tags.exif
    if tags.xmp:
        resources[_XMP] = tags.xmp
    body = b"".join(
        b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + bytes(len(data) % 2)
        for number, data in sorted(resources.items())
    )
    return struct.pack(">I", len(body)) + body


def encode_record(record: LayerRecord, frame: PsdFrame) -> bytes:
    """Return a layer's record; its length does not depend on the lengths of its channels."""
    channel_code = ">h" + frame.length_code[1:]
    channels = b"".join(struct.pack(channel_code, *channel) for channel in record.channels)
    flags = _SINCE_PHOTOSHOP_5 | (0 if record.visible else _HIDDEN)
    opacity = round(record.opacity * 255)
    blend = struct.pack(">4s4sBBBB", b"8BIM", b"norm", opacity, 0, flags, 0)
    has_mask = any(number == USER_MASK for number, _ in record.channels)
    extra = _encode_mask(record.rectangle) if has_mask else bytes(4)
    extra += _encode_blend_ranges(len(record.channels) - has_mask)
    extra += _encode_pascal(record.name) + _encode_unicode_name(record.name)
    head = struct.pack(">iiiiH", *record.rectangle, len(record.channels))
    return head + channels + blend + struct.pack(">I", len(extra)) + extra


def _encode_version() -> bytes:
    """Say that the composite is there for programs that do not draw layers."""
    has_composite = 1
    name = _encode_unicode("himapp")
    return struct.pack(">IB", 1, has_composite) + name + name + struct.pack(">I", 1)


def _encode_mask(rectangle: tuple[int, int, int, int]) -> bytes:
    """Return the mask's place; outside it nothing shows."""
    return struct.pack(">I4iBBH", 20, *rectangle, 0, 0, 0)


def _encode_blend_ranges(channels: int) -> bytes:
    """Say that every level of grey and of each channel is drawn."""
    ranges = _FULL_RANGE * (channels + 1)
    return struct.pack(">I", len(ranges)) + ranges


def _encode_pascal(name: str) -> bytes:
    """Return the name for programs from before Unicode: plain letters, padded to 4 bytes."""
    bare = (each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))
    plain = "".join(each if " " <= each <= "~" else "_" for each in bare).encode("ascii")
    plain = plain[:_LONGEST_PASCAL]
    body = bytes([len(plain)]) + plain
    return body + bytes(-len(body) % 4)


def _encode_unicode_name(name: str) -> bytes:
    """Return the block that holds the name as it is."""
    body = _encode_unicode(name)
    body += bytes(-len(body) % 4)
    return b"8BIMluni" + struct.pack(">I", len(body)) + body


def _encode_unicode(text: str) -> bytes:
    """Return a text with its length in UTF-16 units."""
    units = text.encode("utf-16-be", "replace")
    return struct.pack(">I", len(units) // 2) + units
