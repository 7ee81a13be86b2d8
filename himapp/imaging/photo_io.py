"""Read a photo file: by its content, upright, as 8- or 16-bit RGB.

Data flow: bytes of the file -> Pillow reads the header and most pixels, OpenCV the 16-bit RGB
pixels that Pillow would cut to 8 bit -> colour model to RGB, alpha over white -> orientation ->
:class:`~himapp.imaging.photo.Photo`. Limits: :data:`MAX_PIXELS` per photo, :data:`MAX_FILE_BYTES`
per file. Files are opened for reading only.
"""

import io
import logging
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from himapp.errors import PhotoError
from himapp.imaging.color_profiles import color_model, convert_to_srgb
from himapp.imaging.exif import ORIENTATION_TAG, apply_orientation, mark_upright
from himapp.imaging.photo import Photo, PhotoFormat, PixelArray
from himapp.paths import display_name

PHOTO_SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".webp", ".bmp", ".gif"}
)
"""File name endings of the readable formats, lower case; reading itself goes by content."""

MAX_PIXELS: Final = 2**30
"""Pixels of the largest photo (1 gigapixel; OpenCV's decoders have the same limit)."""

MAX_FILE_BYTES: Final = 2**31 - 1
"""Bytes of the largest file (OpenCV counts the bytes of a buffer in 31 bits)."""

_FORMATS: Final[dict[str, PhotoFormat]] = {
    "JPEG": "JPEG",
    "MPO": "JPEG",
    "PNG": "PNG",
    "TIFF": "TIFF",
    "WEBP": "WebP",
    "BMP": "BMP",
    "GIF": "GIF",
}
# A camera's multi-picture JPEG (MPO) is opened by the JPEG plugin and has no opener of its own.
_OPENERS: Final = tuple(name for name in _FORMATS if name != "MPO")
_READABLE: Final = "JPEG, PNG, TIFF, WebP, BMP or GIF"
_SIGNATURES: Final = (b"\xff\xd8\xff", b"\x89PNG", b"II*\x00", b"MM\x00*", b"GIF8")
_BITS_PER_SAMPLE: Final = 258
_PHOTOMETRIC: Final = 262
_EXTRA_SAMPLES: Final = 338
_WHITE_IS_ZERO: Final = 0
_PHOTOMETRIC_RGB: Final = 2
_ASSOCIATED_ALPHA: Final = 1
_DESCRIPTIVE_TAGS: Final = (
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.Software,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
)
# What Pillow's plugins let out on damaged data, found by cutting and flipping bytes of files.
_DECODING_ERRORS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
    cv2.error,
    Image.DecompressionBombError,
)

# Pillow refuses from twice this number on, before it decodes; _open_header does from once.
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

    Grey and palette pictures become RGB, transparency is laid over white, CMYK and Lab (and 8-bit
    grey with a profile) are converted to sRGB; of an animation or a stack the first picture
    counts. A profile is kept only when it describes the RGB pixels that are returned.

    Args:
        path: The file; its name need not have a known suffix.

    Returns:
        The photo, EXIF orientation applied.

    Raises:
        PhotoError: The file is missing, unreadable, no photo, damaged or too large.
    """
    data = _read_bytes(path)
    try:
        with _quiet_pillow():
            return _decode(data, path)
    except PhotoError:
        raise
    except UnidentifiedImageError as error:
        raise PhotoError(_unrecognised(data, path)) from error
    except MemoryError as error:
        raise PhotoError(f"There is not enough memory to open “{display_name(path)}”.") from error
    except _DECODING_ERRORS as error:
        raise PhotoError(f"“{display_name(path)}” is damaged and cannot be opened.") from error


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


def _unrecognised(data: bytes, path: Path) -> str:
    """Say whether the file is a broken photo or something else."""
    if data.startswith(_SIGNATURES) or data[8:12] == b"WEBP":
        return f"“{display_name(path)}” is damaged, or of a kind that cannot be opened."
    return f"“{display_name(path)}” is not a {_READABLE} photo."


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Keep warnings about odd metadata from the user's terminal; real damage raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _decode(data: bytes, path: Path) -> Photo:
    """Decode a file's bytes."""
    with _open_header(data, path) as image:
        file_format = _FORMATS[image.format or ""]
        mode = image.mode
        orientation = _orientation(image)
        if _has_deep_color(image, data):
            stored, icc = _decode_deep_color(image, data), _profile(image)
        else:
            # Pillow turns a TIFF upright itself while it loads it, and no other format.
            image.load()
            orientation = 1 if file_format == "TIFF" else orientation
            stored, icc = _decode_with_pillow(image, path)
        exif = _descriptive_exif(image, file_format)
    pixels = apply_orientation(stored, orientation)
    return Photo(pixels, _kept_profile(icc), exif, path, file_format, mode)


def _open_header(data: bytes, path: Path) -> Image.Image:
    """Recognise the format and check the size before anything is decoded."""
    image = Image.open(io.BytesIO(data), formats=_OPENERS)
    if image.width * image.height > MAX_PIXELS:
        raise PhotoError(
            f"“{display_name(path)}” has {image.width} × {image.height} pixels; "
            "photos up to 1 gigapixel can be opened."
        )
    return image


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation; a damaged EXIF block must not cost the photo."""
    try:
        return int(image.getexif().get(ORIENTATION_TAG, 1))
    except _DECODING_ERRORS:
        return 1


def _profile(image: Image.Image) -> bytes | None:
    """Return the embedded profile."""
    icc = image.info.get("icc_profile")
    return icc if isinstance(icc, bytes) and icc else None


def _kept_profile(icc: bytes | None) -> bytes | None:
    """Return the profile when it fits RGB pixels."""
    return icc if color_model(icc) == "RGB" else None


def _has_deep_color(image: Image.Image, data: bytes) -> bool:
    """Return whether the file holds 16-bit samples that Pillow would cut to 8 bit."""
    if image.format == "PNG":
        return data[24] == 16 and image.mode != "I;16"
    if image.format != "TIFF":
        return False
    tags = getattr(image, "tag_v2", {})
    bits = tags.get(_BITS_PER_SAMPLE, (1,))
    return max(bits) == 16 and len(bits) > 1 and tags.get(_PHOTOMETRIC) == _PHOTOMETRIC_RGB


def _decode_deep_color(image: Image.Image, data: bytes) -> PixelArray:
    """Decode 16-bit colour with OpenCV, after Pillow has found the file whole."""
    size = sorted(image.size)  # Pillow swaps the sides of a TIFF that is to be turned
    associated = False
    if image.format == "PNG":
        Image.open(io.BytesIO(data)).verify()
    else:
        tags = getattr(image, "tag_v2", {})
        associated = _ASSOCIATED_ALPHA in tags.get(_EXTRA_SAMPLES, ())
        Image.open(io.BytesIO(data)).load()
        # OpenCV turns a TIFF upright itself, whatever the flags say; orientation is ours. A BigTIFF
        # (None here) is left as it is.
        data = mark_upright(data) or data
    stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None or stored.dtype != np.uint16 or sorted(stored.shape[:2]) != size:
        raise ValueError("OpenCV does not decode this file as 16-bit colour")
    if stored.shape[2] == 3:
        return cv2.cvtColor(stored, cv2.COLOR_BGR2RGB).astype(np.uint16, copy=False)
    rgba = cv2.cvtColor(stored, cv2.COLOR_BGRA2RGBA).astype(np.uint16, copy=False)
    return _flatten_over_white(rgba, associated=associated)


def _decode_with_pillow(image: Image.Image, path: Path) -> tuple[PixelArray, bytes | None]:
    """Bring a loaded picture to RGB; returns the pixels and the profile that goes with them."""
    icc = _profile(image)
    if image.mode in ("I", "F"):
        raise PhotoError(f"“{display_name(path)}” has 32 bits per channel; 8 and 16 can be opened.")
    if image.mode.startswith("I;16"):
        return _deep_grey(image), None
    if image.has_transparency_data:
        return _flatten_over_white(np.asarray(image.convert("RGBA"))), icc
    if image.mode == "1":
        image = image.convert("L")
    if image.mode in ("L", "CMYK", "LAB"):
        return np.asarray(convert_to_srgb(image, icc)), None
    return np.asarray(image.convert("RGB")), icc


def _deep_grey(image: Image.Image) -> PixelArray:
    """Return 16-bit grey as 16-bit RGB."""
    grey = np.asarray(image).astype(np.uint16)
    if getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        grey = np.invert(grey)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _flatten_over_white(rgba: PixelArray, *, associated: bool = False) -> PixelArray:
    """Lay ``[H, W, 4]`` pixels over white, rounded once.

    Args:
        rgba: Colour and alpha of one depth.
        associated: Whether the colours are already multiplied by alpha.
    """
    white = np.uint32(np.iinfo(rgba.dtype).max)
    alpha = rgba[:, :, 3:]
    if (alpha == white).all():
        return np.ascontiguousarray(rgba[:, :, :3])
    color, cover = rgba[:, :, :3].astype(np.uint32), alpha.astype(np.uint32)
    scaled = color * white if associated else color * cover
    # For 16 bit the largest sum, 65535 * 65535 + 32767, just fits in 32 bits.
    flat = (np.minimum(scaled, cover * white) + white * (white - cover) + white // 2) // white
    flattened: PixelArray = flat.astype(rgba.dtype)
    return flattened


def _descriptive_exif(image: Image.Image, file_format: PhotoFormat) -> bytes | None:
    """Return the EXIF block for later export.

    A TIFF has no separate block: its directory also describes the pixel layout, so only the
    tags about camera, time and author are taken over.
    """
    if file_format != "TIFF":
        raw = image.info.get("exif")
        return mark_upright(raw) if isinstance(raw, bytes) else None
    try:
        return _tiff_exif(image.getexif())
    except _DECODING_ERRORS:
        return None


def _tiff_exif(stored: Image.Exif) -> bytes | None:
    """Collect the descriptive tags of a TIFF's directory in a block of their own."""
    kept = Image.Exif()
    for tag in _DESCRIPTIVE_TAGS:
        if tag in stored:
            kept[tag] = stored[tag]
    for directory in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        entries = stored.get_ifd(directory)
        if entries:
            kept[directory] = entries
    return mark_upright(kept.tobytes()) if len(kept) else None
