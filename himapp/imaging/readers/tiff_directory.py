"""The directory of a TIFF file, which most cameras' RAW files have as well."""

import io
from collections.abc import Iterator
from typing import Any, Final

from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from himapp.imaging.readers.damage import DECODING_ERRORS, ignored_warnings

TIFF_LEADS: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""The first bytes of classic TIFF and BigTIFF, little- and big-endian."""

_BIG_HEADER_BYTES: Final = 16
_CLASSIC_HEADER_BYTES: Final = 8
_COMPRESSION: Final = 259
_PHOTOMETRIC: Final = 262
_SUB_DIRECTORIES: Final = 330
_DNG_VERSION: Final = 50706
_MOST_SUB_DIRECTORIES: Final = 16
# TIFF/EP 6.2.1: colour filter array; DNG 1.6: linear raw.
_RAW_PHOTOMETRICS: Final = (32803, 34892)
# Sony, Epson, Samsung, Nikon, Kodak, Pentax.
_RAW_COMPRESSIONS: Final = (32767, 32769, 32770, 34713, 65000, 65535)


def read_directory(data: bytes, offset: int | None = None) -> ImageFileDirectory_v2:
    """Return a directory's tags.

    Args:
        data: the whole file.
        offset: where the directory stands; None for the first one.

    Raises:
        Exception: one of :data:`~himapp.imaging.readers.damage.DECODING_ERRORS` for a damaged one.
    """
    is_big = b"+" in data[2:4]
    header = data[: _BIG_HEADER_BYTES if is_big else _CLASSIC_HEADER_BYTES]
    if data[:4] == b"MM\0+":
        # Pillow knows BigTIFF by its little-endian number alone.
        directory = ImageFileDirectory_v2(b"II+\0" + header[4:], prefix=b"MM")
    else:
        directory = ImageFileDirectory_v2(header)
    stream = io.BytesIO(data)
    stream.seek(directory.next if offset is None else offset)
    directory.load(stream)
    return directory


def holds_raw(data: bytes) -> bool:
    """Return whether a TIFF structure is a camera's RAW file rather than a picture."""
    if data[8:10] == b"CR":
        return True
    try:
        with ignored_warnings():
            return any(_is_raw(directory) for directory in _iterate_directories(data))
    except DECODING_ERRORS:
        return False


def read_exif(data: bytes) -> Image.Exif | None:
    """Return the tags about camera, time, author and place; None if the structure is damaged."""
    exif = Image.Exif()
    try:
        with ignored_warnings():
            exif.load(data)
    except DECODING_ERRORS:
        return None
    return exif


def _iterate_directories(data: bytes) -> Iterator[ImageFileDirectory_v2]:
    """Yield the first directory and those below it."""
    first = read_directory(data)
    yield first
    below: Any = first.get(_SUB_DIRECTORIES, ())
    for offset in below[:_MOST_SUB_DIRECTORIES] if isinstance(below, tuple) else (below,):
        yield read_directory(data, int(offset))


def _is_raw(directory: ImageFileDirectory_v2) -> bool:
    return (
        _DNG_VERSION in directory
        or directory.get(_PHOTOMETRIC) in _RAW_PHOTOMETRICS
        or directory.get(_COMPRESSION) in _RAW_COMPRESSIONS
    )
