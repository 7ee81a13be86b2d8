"""PSD and PSB: layers with masks and a composite, as Photoshop's published format has them.

Own code, because no library at hand writes 16-bit layers, masks and large files; psd-tools is what
the tests read the files with.

Data flow::

    layer by layer: pixels (made when needed) ─ channel ─ stripes ─ PackBits | deflate ─► file
    composite ─ channels ─ stripes ─► file;  lengths are filled in afterwards

8-bit channels are packed with PackBits, as everywhere; 16-bit layers are deflated as differences
to the left, which PackBits cannot shorten; a 16-bit composite is stored as it is, for which every
reader is prepared.

Reference:
    Adobe Photoshop File Formats Specification (November 2019).
"""

import math
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from himapp.atomic_file import open_atomically
from himapp.errors import ExportError
from himapp.imaging.file_tags import NO_TAGS, FileTags, check_picture
from himapp.imaging.photo import PixelArray
from himapp.imaging.psd_blocks import (
    LARGEST_PSB_SIDE,
    LARGEST_PSD_SIDE,
    TRANSPARENCY,
    USER_MASK,
    LayerRecord,
    PsdFrame,
    encode_header,
    encode_record,
    encode_resources,
)
from himapp.imaging.psd_planes import Plane, deflate_differences, pack_planes
from himapp.paths import display_name

_RAW, _PACKBITS, _DEFLATED_DIFFERENCES = 0, 1, 3
# Lengths in a PSD have 32 bits; readers stop at 2 GB.
_LARGEST_PSD_BYTES: Final = 2_000_000_000
# Of a channel, besides its values: the count, and a header that is not full.
_BYTES_PER_ROW: Final = 3


@dataclass(frozen=True, slots=True)
class LazyPixels:
    """Pixels that are made when the writer comes to them, and dropped after.

    Attributes:
        shape: What the array will have.
        dtype: What the array will have.
        load: Makes it.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    load: Callable[[], PixelArray]


PixelSource = PixelArray | LazyPixels


@dataclass(frozen=True, slots=True, eq=False)
class PsdLayer:
    """A layer of pixels.

    Attributes:
        name: As the list of layers shows it; any text.
        left: Column of its first pixel in the file; may lie outside the frame.
        top: Row of its first pixel.
        pixels: uint8 or uint16, RGB ``[h, w, 3]`` or RGBA ``[h, w, 4]`` with straight alpha.
        has_mask: Whether alpha becomes a mask, which can be edited and leaves the colours below
            it as they are, instead of transparency.
        opacity: 0..1.
        visible: Whether the eye is on.
    """

    name: str
    left: int
    top: int
    pixels: PixelSource
    has_mask: bool = False
    opacity: float = 1.0
    visible: bool = True

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        if len(shape) != 3 or shape[2] not in (3, 4):
            raise ValueError(f"a layer needs pixels [h, w, 3] or [h, w, 4], not {shape}")
        if self.has_mask and shape[2] != 4:
            raise ValueError("a mask is made from alpha, which RGB pixels have not")
        if not 0.0 <= self.opacity <= 1.0:
            raise ValueError(f"opacity must be in 0..1, not {self.opacity}")


def write_psd(
    path: Path,
    size: tuple[int, int],
    layers: Sequence[PsdLayer],
    composite: PixelSource,
    tags: FileTags = NO_TAGS,
    *,
    checkpoint: Callable[[], None] | None = None,
) -> None:
    """Write a PSD file, or a PSB file where a PSD cannot hold it (see :func:`needs_psb`).

    Args:
        path: The file to make or replace.
        size: Width and height in pixels.
        layers: Bottom to top, all of one dtype.
        composite: What the visible layers look like together, of the layers' dtype: RGB
            ``[H, W, 3]`` or RGBA ``[H, W, 4]`` with straight alpha.
        tags: Profile (of RGB), metadata and size in print.
        checkpoint: Called again and again; what it raises stops the writing.

    Raises:
        ValueError: Sizes or dtypes do not fit each other.
        ExportError: The file cannot be written, or the picture is too large (300,000 px a side);
            nothing is left behind.
    """
    frame = _make_frame(path, size, layers, composite)
    check_picture(np.zeros((1, 1, 3), composite.dtype), tags.icc)
    with open_atomically(path) as file:
        file.write(encode_header(frame) + encode_resources(tags))
        writer = _Writer(file, frame, checkpoint or (lambda: None))
        writer.write_layers(layers)
        writer.write_composite(composite)


def needs_psb(size: tuple[int, int], layers: Sequence[PsdLayer], composite: PixelSource) -> bool:
    """Return whether a picture is too large for a PSD: 30,000 px a side, or 2 GB."""
    sources = [composite, *(layer.pixels for layer in layers)]
    values = sum(math.prod(source.shape) for source in sources)
    rows = sum(source.shape[0] * math.prod(source.shape[2:]) for source in sources)
    most_bytes = values * composite.dtype.itemsize * 129 / 128 + rows * _BYTES_PER_ROW
    return max(size) > LARGEST_PSD_SIDE or most_bytes > _LARGEST_PSD_BYTES


def _make_frame(
    path: Path, size: tuple[int, int], layers: Sequence[PsdLayer], composite: PixelSource
) -> PsdFrame:
    """Check what is to be written, and say what holds for all of it."""
    width, height = size
    if composite.shape[:2] != (height, width) or composite.shape[2:] not in ((3,), (4,)):
        raise ValueError(f"a composite {composite.shape} does not fill {width} x {height} px")
    sources = [composite, *(layer.pixels for layer in layers)]
    if composite.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"pixels must be uint8 or uint16, not {composite.dtype}")
    if any(source.dtype != composite.dtype for source in sources):
        raise ValueError("layers and composite must have one dtype")
    if max(size) > LARGEST_PSB_SIDE:
        raise ExportError(f"“{display_name(path)}” is too large for PSB (300,000 px a side).")
    depth = 8 * composite.dtype.itemsize
    has_alpha = composite.shape[2] == 4
    return PsdFrame(width, height, depth, has_alpha, needs_psb(size, layers, composite))


class _Writer:
    """Writes the sections behind the resources, and fills in lengths afterwards."""

    def __init__(self, file: BinaryIO, frame: PsdFrame, checkpoint: Callable[[], None]) -> None:
        self._file = file
        self._frame = frame
        self._checkpoint = checkpoint

    def write_layers(self, layers: Sequence[PsdLayer]) -> None:
        """Write the section of layers; those of 16 bit stand in a block of their own."""
        is_deep = self._frame.depth == 16
        with self._measured():
            with self._measured():
                if layers and not is_deep:
                    self._write_layer_info(layers)
            self._file.write(bytes(4))  # no global mask
            if is_deep and self._frame.has_alpha:
                self._file.write(b"8BIMMt16" + struct.pack(self._frame.length_code, 0))
            if is_deep and layers:
                self._file.write(b"8BIMLr16")
                with self._measured():
                    self._write_layer_info(layers)

    def write_composite(self, composite: PixelSource) -> None:
        """Write the picture for programs that draw no layers; clear parts stand over white."""
        self._checkpoint()
        pixels = _load(composite)
        planes = [Plane.of_array(pixels[..., channel]) for channel in range(pixels.shape[2])]
        if self._frame.has_alpha:
            planes[:3] = [Plane.over_white(pixels, channel) for channel in range(3)]
        if self._frame.depth == 8:
            self._write_packed(planes)
        else:
            self._write_raw(planes)

    def _write_layer_info(self, layers: Sequence[PsdLayer]) -> None:
        """Write records, then channels, then the records again with the channels' lengths."""
        count = -len(layers) if self._frame.has_alpha else len(layers)
        self._file.write(struct.pack(">h", count))
        start = self._file.tell()
        for layer in layers:
            self._write_record(layer, [0] * len(_channels_of(layer)))
        lengths = [self._write_channels(layer) for layer in layers]
        end = self._file.tell()
        self._file.seek(start)
        for layer, layer_lengths in zip(layers, lengths, strict=True):
            self._write_record(layer, layer_lengths)
        self._file.seek(end)

    def _write_record(self, layer: PsdLayer, lengths: list[int]) -> None:
        height, width = layer.pixels.shape[:2]
        rectangle = layer.top, layer.left, layer.top + height, layer.left + width
        channels = tuple(zip(_channels_of(layer), lengths, strict=True))
        record = LayerRecord(layer.name, rectangle, channels, layer.opacity, layer.visible)
        self._file.write(encode_record(record, self._frame))

    def _write_channels(self, layer: PsdLayer) -> list[int]:
        """Write a layer's channels; returns the bytes of each."""
        self._checkpoint()
        pixels = _load(layer.pixels)
        return [
            self._write_channel(_plane_of(layer, pixels, channel) if pixels.size else None)
            for channel in _channels_of(layer)
        ]

    def _write_channel(self, plane: Plane | None) -> int:
        """Write one channel, None without pixels; returns the bytes."""
        start = self._file.tell()
        if plane is None:
            self._write_raw([])
        elif self._frame.depth == 8:
            self._write_packed([plane])
        else:
            self._file.write(struct.pack(">H", _DEFLATED_DIFFERENCES))
            for part in deflate_differences(plane):
                self._checkpoint()
                self._file.write(part)
        return self._file.tell() - start

    def _write_raw(self, planes: Sequence[Plane]) -> None:
        """Write planes as they are, the high byte of 16 bit first."""
        self._file.write(struct.pack(">H", _RAW))
        for plane in planes:
            for rows in plane.split():
                self._checkpoint()
                self._file.write(plane.read_rows(*rows).astype(">u2").data)

    def _write_packed(self, planes: Sequence[Plane]) -> None:
        """Write how many bytes each row of all planes takes, then the packed rows."""
        self._file.write(struct.pack(">H", _PACKBITS))
        start = self._file.tell()
        dtype = np.dtype(self._frame.count_code)
        self._file.write(bytes(dtype.itemsize * sum(plane.height for plane in planes)))
        counts = []
        for stripe_counts, packed in pack_planes(planes):
            self._checkpoint()
            counts.append(stripe_counts)
            self._file.write(packed.data)
        end = self._file.tell()
        self._file.seek(start)
        self._file.write(np.concatenate(counts).astype(dtype).data)
        self._file.seek(end)

    @contextmanager
    def _measured(self) -> Iterator[None]:
        """Write what the body writes behind its length, padded to four bytes."""
        code = self._frame.length_code
        start = self._file.tell()
        self._file.write(struct.pack(code, 0))
        first = self._file.tell()
        yield
        self._file.write(bytes(-(self._file.tell() - first) % 4))
        end = self._file.tell()
        self._file.seek(start)
        self._file.write(struct.pack(code, end - first))
        self._file.seek(end)


def _channels_of(layer: PsdLayer) -> tuple[int, ...]:
    """Return the numbers of a layer's channels in the file's order."""
    if layer.has_mask:
        return TRANSPARENCY, 0, 1, 2, USER_MASK
    has_alpha = layer.pixels.shape[2] == 4
    return (TRANSPARENCY, 0, 1, 2) if has_alpha else (0, 1, 2)


def _plane_of(layer: PsdLayer, pixels: PixelArray, channel: int) -> Plane:
    """Return a layer's channel."""
    if channel == TRANSPARENCY and layer.has_mask:
        return Plane.solid(pixels.shape[:2], pixels.dtype)
    is_alpha = channel in (TRANSPARENCY, USER_MASK)
    return Plane.of_array(pixels[..., 3 if is_alpha else channel])


def _load(source: PixelSource) -> PixelArray:
    """Return the pixels, made now if they were not."""
    if not isinstance(source, LazyPixels):
        return source
    pixels = source.load()
    if pixels.shape != source.shape or pixels.dtype != source.dtype:
        raise ValueError(f"{source} gave {pixels.dtype} {pixels.shape}")
    return pixels
