"""Read JPEG, PNG, WebP, BMP, GIF, AVIF, and the TIFF kinds left over, with Pillow."""

import io
import re
from typing import Any, Final

import numpy as np
from PIL import Image

from himapp.errors import PhotoError
from himapp.imaging.color_profiles import ColorModel
from himapp.imaging.photo import PhotoFormat, PixelArray
from himapp.imaging.readers.decoded import DecodedFile, FileFacts
from himapp.imaging.readers.facts import (
    IPTC_RESOURCE,
    collect_facts,
    collect_tiff_facts,
    names_adobe_rgb,
    orientation_of,
)
from himapp.imaging.readers.iso_boxes import find_profile
from himapp.imaging.readers.limits import check_size, pixel_bytes
from himapp.imaging.readers.tiff_directory import read_exif
from himapp.imaging.working_spaces import profile_of

PNG_BITS_BYTE: Final = 24
"""Where a PNG says its bits per sample."""

_Samples = tuple[PixelArray, ColorModel, PixelArray | None]
_PLUGINS: Final[dict[PhotoFormat, str]] = {"WebP": "WEBP"}
_STORED_CHANNELS: Final = 5  # a palette's or a grey picture's RGBA beside its own samples
_WHITE_IS_ZERO: Final = 0
_PHOTOMETRIC: Final = 262
_JFIF_UNITS: Final = (1, 2)
_HEX_EXIF: Final = re.compile(r"\s*exif\s+\d+\s+([0-9a-fA-F\s]+)")


def open_with_pillow(data: bytes, file_format: PhotoFormat) -> Image.Image:
    """Return the picture, its header read and nothing decoded."""
    plugin = _PLUGINS.get(file_format, file_format)
    return Image.open(io.BytesIO(data), formats=(plugin,))


def read_with_pillow(data: bytes, name: str, file_format: PhotoFormat) -> DecodedFile:
    """Decode a file; of an animation or a stack, the first picture.

    Args:
        data: the whole file.
        name: the file as the user sees it.
        file_format: one of Pillow's.

    Raises:
        PhotoError: it is too large, or has 32 bits per channel.
    """
    with open_with_pillow(data, file_format) as image:
        check_size(name, image.width, image.height, pixel_bytes(_STORED_CHANNELS, 8))
        if image.mode in ("I", "F"):
            raise PhotoError(f"“{name}” has 32 bits per channel; 8 and 16 can be opened.")
        icc, mode = stored_profile(image, data), image.mode
        if file_format == "PNG":
            _stretch_clear_grey(image, data[PNG_BITS_BYTE])
        image.load()
        samples, model, alpha = _split(image)
        facts = collect_tiff_facts(data) if file_format == "TIFF" else describe(image)
        # Pillow turns a TIFF upright itself while it loads it, and no other format.
        orientation = 1 if file_format == "TIFF" else orientation_of_facts(facts)
    return DecodedFile(samples, model, mode, alpha, orientation=orientation, icc=icc, facts=facts)


def describe(image: Image.Image) -> FileFacts:
    """Return what a picture that is no TIFF tells beside its pixels.

    Args:
        image: the picture; a PNG may tell more once it is loaded.
    """
    info = image.info
    resources = info.get("photoshop")
    return collect_facts(
        _stored_exif(info),
        xmp=info.get("xmp") or info.get("XML:com.adobe.xmp"),
        iptc=resources.get(IPTC_RESOURCE) if isinstance(resources, dict) else None,
        dpi=_stored_dpi(info),
    )


def stored_profile(image: Image.Image, data: bytes) -> bytes | None:
    """Return the embedded profile, or the one that the file names by number."""
    icc, exif = image.info.get("icc_profile"), image.info.get("exif")
    if isinstance(icc, bytes) and icc:
        return icc
    if image.format == "AVIF":
        return find_profile(data)
    if image.format in ("JPEG", "MPO") and isinstance(exif, bytes) and names_adobe_rgb(exif):
        return profile_of("adobe-rgb")
    return None


def orientation_of_facts(facts: FileFacts) -> int:
    """Return the orientation that EXIF says, 1 where it does not or is damaged.

    XMP may say one too. It does not count: converters turn the pixels and leave it as it was.
    """
    return orientation_of(read_exif(facts.exif)) if facts.exif else 1


def _stored_exif(info: dict[Any, Any]) -> bytes | None:
    """Return the EXIF block, which older PNG writers spell out in hexadecimal text."""
    raw = info.get("exif")
    if isinstance(raw, bytes):
        return raw
    spelt = info.get("Raw profile type exif")
    found = _HEX_EXIF.fullmatch(spelt) if isinstance(spelt, str) else None
    try:
        return bytes.fromhex(found.group(1)) if found else None
    except ValueError:
        return None


def _stored_dpi(info: dict[Any, Any]) -> Any:
    """Return the resolution, without the one that Pillow makes up where a JPEG says none."""
    if "jfif_version" in info and info.get("jfif_unit") not in _JFIF_UNITS:
        return None
    return info.get("dpi") if "exif" not in info or "jfif_version" in info else None


def _split(image: Image.Image) -> _Samples:
    """Return a loaded picture's samples, their model, and alpha."""
    if image.mode.startswith("I;16"):
        return _deep_grey(image), "GRAY", None
    if image.mode in ("1", "L", "LA", "La"):
        return _split_grey(image)
    if image.mode == "CMYK":
        return np.asarray(image), "CMYK", None
    if image.mode == "LAB":
        # Band by band: as a whole, Pillow hands out a and b as signed numbers.
        return np.dstack([np.asarray(band) for band in image.split()]), "Lab", None
    if image.has_transparency_data:
        rgba = np.asarray(image.convert("RGBA"))
        return rgba[:, :, :3], "RGB", rgba[:, :, 3]
    return np.asarray(image.convert("RGB")), "RGB", None


def _split_grey(image: Image.Image) -> _Samples:
    if image.has_transparency_data:
        grey_alpha = np.asarray(image.convert("LA"))
        return grey_alpha[:, :, 0], "GRAY", grey_alpha[:, :, 1]
    return np.asarray(image.convert("L")), "GRAY", None


def _stretch_clear_grey(image: Image.Image, bits: int) -> None:
    """Bring a PNG's transparent grey to 8 bit, as Pillow does with the samples alone."""
    key = image.info.get("transparency")
    if image.mode == "L" and isinstance(key, int) and bits in (2, 4):
        image.info["transparency"] = key * 255 // (2**bits - 1)


def _deep_grey(image: Image.Image) -> PixelArray:
    """Return 16-bit grey; where a TIFF's zero is white, the other way round."""
    grey = np.asarray(image).astype(np.uint16)
    if getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        grey = np.invert(grey)
    return grey
