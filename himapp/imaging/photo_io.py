"""Read a photo file: by its content, upright, as 8- or 16-bit RGB.

Data flow: bytes of the file -> :mod:`himapp.imaging.readers` by what they are -> orientation ->
:class:`~himapp.imaging.photo.Photo`. Limits: :data:`~readers.limits.MAX_PIXELS` per photo,
:data:`~readers.limits.MAX_FILE_BYTES` per file, and the memory that is free. Files are opened for
reading only.
"""

import logging
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError

from himapp.errors import PhotoError
from himapp.imaging.exif import apply_orientation, mark_upright
from himapp.imaging.photo import Photo, PhotoFormat
from himapp.imaging.readers.colors import make_rgb
from himapp.imaging.readers.damage import DECODING_ERRORS, ignored_warnings
from himapp.imaging.readers.decoded import DecodedFile
from himapp.imaging.readers.deep_files import is_deep, read_deep
from himapp.imaging.readers.heic_files import read_heic
from himapp.imaging.readers.limits import MAX_FILE_BYTES, MAX_PIXELS
from himapp.imaging.readers.pillow_files import read_with_pillow
from himapp.imaging.readers.psd_files import read_psd
from himapp.imaging.readers.raw_files import read_raw
from himapp.imaging.readers.signatures import recognise
from himapp.imaging.readers.tiff_files import read_tiff
from himapp.paths import display_name

_COMMON_SUFFIXES: Final = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".webp", ".bmp", ".gif"),
    *(".psd", ".psb", ".heic", ".heif", ".hif", ".avif"),
)
_RAW_SUFFIXES: Final = (
    *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".k25"),
    *(".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2"),
    *(".rwl", ".sr2", ".srf", ".srw", ".x3f"),
)

PHOTO_SUFFIXES: Final = frozenset({*_COMMON_SUFFIXES, *_RAW_SUFFIXES})
"""File name endings of the readable formats, lower case; reading itself goes by content."""

_READABLE: Final = "JPEG, PNG, TIFF, WebP, BMP, GIF, PSD, HEIC, AVIF or RAW"

# Pillow refuses from twice this number on, before it decodes; check_size does from once.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
# Damage reaches the user as a PhotoError; Pillow's own log lines about it would come on top.
logging.getLogger("PIL").setLevel(logging.CRITICAL)


def list_photos(path: Path) -> list[Path]:
    """List the photos a path stands for.

    Args:
        path: A file, which stands for itself whatever its name, or a folder, which stands for
            the photos right inside it, by suffix, without hidden files.

    Returns:
        The files; a folder's sorted by name, regardless of case. Empty for a folder without any.

    Raises:
        PhotoError: The path does not exist, cannot be looked at, or is a folder that cannot be
            listed.
    """
    try:
        if not path.is_dir():
            path.stat()
            return [path]
        entries = [entry for entry in path.iterdir() if _is_listed(entry)]
    except (FileNotFoundError, NotADirectoryError) as error:
        raise PhotoError(f"“{display_name(path)}” does not exist.") from error
    except PermissionError as error:
        raise PhotoError(f"“{display_name(path)}” cannot be opened: permission denied.") from error
    except (OSError, ValueError) as error:
        raise PhotoError(f"“{display_name(path)}” cannot be read from its disk.") from error
    return sorted(entries, key=lambda entry: (entry.name.casefold(), entry.name))


def read_photo(path: Path) -> Photo:
    """Read a photo as upright RGB; 16 bit stays 16 bit.

    Grey stays grey, in three equal channels; palettes become RGB; transparency is laid over white;
    CMYK and Lab are converted to sRGB, or to Display P3 where they need it; RAW is developed to
    one of the two as well. Of an animation or a stack the first picture counts, of a Photoshop
    file the merged one. A profile is kept only when it is whole and describes the pixels that are
    returned.

    Args:
        path: The file; its name need not have a known suffix.

    Returns:
        The photo, EXIF orientation applied.

    Raises:
        PhotoError: The file is missing, unreadable, no photo, damaged or too large.
    """
    data, name = _read_bytes(path), display_name(path)
    try:
        with ignored_warnings():
            return _make_photo(data, path, name)
    except PhotoError:
        raise
    except UnidentifiedImageError as error:
        raise PhotoError(f"“{name}” is damaged, or of a kind that cannot be opened.") from error
    except MemoryError as error:
        raise PhotoError(f"There is not enough memory to open “{name}”.") from error
    except DECODING_ERRORS as error:
        raise PhotoError(f"“{name}” is damaged and cannot be opened.") from error


def _is_listed(entry: Path) -> bool:
    """Return whether a folder's entry counts as a photo."""
    named_so = entry.suffix.lower() in PHOTO_SUFFIXES and not entry.name.startswith(".")
    return named_so and entry.is_file()


def _read_bytes(path: Path) -> bytes:
    """Read the whole file, so that both decoders see the same bytes."""
    name = display_name(path)
    try:
        if path.is_dir():
            raise PhotoError(f"“{name}” is a folder, not a photo.")
        if path.exists() and not path.is_file():
            raise PhotoError(f"“{name}” is not a file.")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise PhotoError(f"“{name}” is larger than 2 GB and cannot be opened.")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise PhotoError(f"“{name}” does not exist.") from error
    except PermissionError as error:
        raise PhotoError(f"“{name}” cannot be opened: permission denied.") from error
    except (OSError, ValueError) as error:
        raise PhotoError(f"“{name}” cannot be read from its disk.") from error
    if not data:
        raise PhotoError(f"“{name}” is empty (0 bytes).")
    return data


def _make_photo(data: bytes, path: Path, name: str) -> Photo:
    """Decode a file's bytes and turn them upright."""
    file_format = recognise(data)
    if file_format is None:
        raise PhotoError(f"“{name}” is not a {_READABLE} photo.")
    decoded = _decode(data, name, file_format)
    colors, facts = make_rgb(decoded), decoded.facts
    return Photo(
        pixels=apply_orientation(colors.pixels, decoded.orientation),
        icc=colors.icc,
        exif=mark_upright(facts.exif) if facts.exif else None,
        path=path,
        format=file_format,
        source_mode=decoded.source_mode,
        xmp=facts.xmp,
        iptc=facts.iptc,
        dpi=facts.dpi,
        captured=facts.captured,
        is_grey=colors.is_grey,
        grey_icc=colors.grey_icc,
    )


def _decode(data: bytes, name: str, file_format: PhotoFormat) -> DecodedFile:
    """Let the reader of a format at the bytes."""
    readers = {"TIFF": read_tiff, "PSD": read_psd, "RAW": read_raw, "HEIC": read_heic}
    if file_format in readers:
        return readers[file_format](data, name)
    if is_deep(data, file_format):
        return read_deep(data, name, file_format)
    return read_with_pillow(data, name, file_format)
