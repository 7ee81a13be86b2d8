"""What a file tells beside its pixels: EXIF, XMP, IPTC, resolution, date."""

import re
from collections.abc import Collection
from typing import Any, Final

from PIL import ExifTags, Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from himapp.imaging.exif_block import Entry, ExifBlock, make_entry, write_block
from himapp.imaging.readers.damage import DECODING_ERRORS
from himapp.imaging.readers.decoded import FileFacts
from himapp.imaging.readers.tiff_directory import read_directory, read_exif

_Tags = Image.Exif | ImageFileDirectory_v2

IPTC_RESOURCE: Final = 0x0404
"""The Photoshop resource that holds IPTC-IIM records, in JPEG, TIFF and PSD."""

_EXIF_LEAD: Final = b"Exif\0\0"
_TIFF_XMP: Final = 700
_TIFF_IPTC: Final = 33723
_TIFF_RESOURCES: Final = 34377
_CENTIMETRES: Final = 3
_CENTIMETRES_PER_INCH: Final = 2.54
_LEAST_DPI: Final = 1.0
_MOST_DPI: Final = 65_535.0
"""JPEG and PSD hold no more, and JPEG no parts of 1."""

_UNCALIBRATED: Final = 65535
_CAMERAS_ADOBE_RGB: Final = 2
_RECORD: Final = 0x1C
_DATE: Final = re.compile(r"[1-9]\d{3}:[01]\d:[0-3]\d [0-2]\d:[0-5]\d:[0-6]\d")
_XMP_ORIENTATION: Final = re.compile(rb"(tiff:Orientation(?:\s*=\s*[\"']|>)\s*)[1-8]")
# What holds places in the old file: maker notes, and the directory of compatible versions.
_PLACED_TAGS: Final = frozenset({37500, 40965})
_DESCRIPTIVE_TAGS: Final[frozenset[int]] = frozenset(
    {
        ExifTags.Base.DocumentName,
        ExifTags.Base.ImageDescription,
        ExifTags.Base.Make,
        ExifTags.Base.Model,
        ExifTags.Base.Software,
        ExifTags.Base.DateTime,
        ExifTags.Base.Artist,
        ExifTags.Base.HostComputer,
        ExifTags.Base.Rating,
        ExifTags.Base.RatingPercent,
        ExifTags.Base.Copyright,
        ExifTags.Base.XPTitle,
        ExifTags.Base.XPComment,
        ExifTags.Base.XPAuthor,
        ExifTags.Base.XPKeywords,
        ExifTags.Base.XPSubject,
    }
)


def collect_facts(
    exif: bytes | None,
    *,
    xmp: bytes | str | None = None,
    iptc: bytes | None = None,
    dpi: Any = None,
    captured: str | None = None,
) -> FileFacts:
    """Return the facts of a file, each checked on its own: none may cost the photo.

    Args:
        exif: TIFF structure with or without the lead ``Exif``.
        xmp: an XMP packet; its orientation is set to 1, as the pixels will be upright.
        iptc: IPTC-IIM records.
        dpi: pixels per inch, or a pair of them; None to ask EXIF.
        captured: the date to use where EXIF has none.
    """
    while exif and exif.startswith(_EXIF_LEAD):  # some writers put it twice
        exif = exif.removeprefix(_EXIF_LEAD)
    tags = read_exif(exif) if exif else None
    return FileFacts(
        exif=exif or None,
        xmp=_checked_xmp(xmp),
        iptc=iptc if iptc and iptc[0] == _RECORD else None,
        dpi=_checked_dpi(dpi) or _exif_dpi(tags),
        captured=_exif_date(tags) or _checked_date(captured),
    )


def collect_tiff_facts(data: bytes, *, captured: str | None = None) -> FileFacts:
    """Return the facts of a TIFF or of a RAW file with a TIFF structure.

    Such a file has no separate EXIF block: its directory also describes the pixels' layout, so only
    the tags about camera, time, author and place are taken over.
    """
    try:
        stored = read_directory(data)
    except DECODING_ERRORS:
        return FileFacts(captured=_checked_date(captured))
    return collect_facts(
        _descriptive_block(stored, data),
        xmp=_tag_bytes(stored, _TIFF_XMP),
        iptc=_tiff_iptc(stored),
        dpi=_exif_dpi(stored),
        captured=captured,
    )


def orientation_of(tags: _Tags | None) -> int:
    """Return the orientation, 1 where there is none or it is damaged."""
    try:
        value = 1 if tags is None else tags.get(ExifTags.Base.Orientation, 1)
        return int(value[0] if isinstance(value, tuple) else value)
    except DECODING_ERRORS:
        return 1


def names_adobe_rgb(exif: bytes) -> bool:
    """Return whether a block says that colours are Adobe RGB.

    Cameras that are set to it seldom embed a profile.

    Reference:
        DCF 2.0: an option file has no known ColorSpace and the interoperability index R03.
        ColorSpace 2 is no number of EXIF's, but some cameras' for the same.
    """
    tags = read_exif(exif)
    if tags is None:
        return False
    try:
        space = tags.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.ColorSpace)
        if space != _UNCALIBRATED:
            return bool(space == _CAMERAS_ADOBE_RGB)
        index = tags.get_ifd(ExifTags.IFD.Interop).get(ExifTags.Interop.InteropIndex)
    except DECODING_ERRORS:
        return False
    return isinstance(index, str) and index.startswith("R03")


def list_resources(block: bytes) -> dict[int, bytes]:
    """Return Photoshop's image resources by number, up to the first damaged one.

    Reference:
        Adobe Photoshop File Formats Specification, "Image Resource Blocks".
    """
    resources: dict[int, bytes] = {}
    at = 0
    while block[at : at + 4] in (b"8BIM", b"MeSa", b"AgHg", b"PHUT", b"DCSR"):
        number = int.from_bytes(block[at + 4 : at + 6], "big")
        name_bytes = block[at + 6] if at + 6 < len(block) else 0
        start = at + 6 + name_bytes + 1 + (name_bytes + 1) % 2
        size = int.from_bytes(block[start : start + 4], "big")
        resources.setdefault(number, block[start + 4 : start + 4 + size])
        at = start + 4 + size + size % 2
    return resources


def _descriptive_block(stored: ImageFileDirectory_v2, data: bytes) -> bytes | None:
    """Collect the descriptive tags of a directory in a block of their own, byte for byte.

    Pillow would write texts anew, and anything but ASCII as question marks.
    """
    order = "<" if data[:2] == b"II" else ">"
    main = _pick_entries(stored, _DESCRIPTIVE_TAGS)
    try:
        exif, gps = (
            _pick_entries(read_directory(data, int(stored[tag]))) if tag in stored else {}
            for tag in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
        )
    except DECODING_ERRORS:
        return None
    return write_block(ExifBlock(order, main, exif, gps))


def _pick_entries(
    stored: ImageFileDirectory_v2, tags: Collection[int] | None = None
) -> dict[int, Entry]:
    """Return these of a directory's values as its file has them, or all that do not hold places."""
    picked = stored._tagdata.keys() - _PLACED_TAGS if tags is None else tags
    made = {
        tag: make_entry(stored.tagtype[tag], stored._tagdata[tag])
        for tag in picked
        if tag in stored._tagdata
    }
    return {tag: entry for tag, entry in made.items() if entry is not None}


def _tiff_iptc(stored: ImageFileDirectory_v2) -> bytes | None:
    """Return IPTC records from their own tag, else from Photoshop's resources."""
    resources = _tag_bytes(stored, _TIFF_RESOURCES)
    return _tag_bytes(stored, _TIFF_IPTC) or list_resources(resources or b"").get(IPTC_RESOURCE)


def _tag_bytes(stored: ImageFileDirectory_v2, tag: int) -> bytes | None:
    """Return a tag's bytes as the file has them, as Pillow's own IPTC reader does.

    Programs do not agree whether they are bytes or 32-bit numbers, and where Pillow expects one
    value it hands out the first.
    """
    return stored._tagdata.get(tag)


def _checked_xmp(xmp: bytes | str | None) -> bytes | None:
    """Return the packet with its orientation set to 1, byte for byte the same besides."""
    if not xmp:
        return None
    packet = xmp.encode("utf-8", "surrogateescape") if isinstance(xmp, str) else bytes(xmp)
    return _XMP_ORIENTATION.sub(rb"\g<1>1", packet)


def _checked_dpi(dpi: Any) -> float | None:
    """Return a resolution that makes sense."""
    try:
        value = float(dpi[0] if isinstance(dpi, tuple) else dpi)
    except (TypeError, ValueError, LookupError, ArithmeticError):
        return None
    return round(value, 3) if _LEAST_DPI <= value <= _MOST_DPI else None


def _exif_dpi(tags: _Tags | None) -> float | None:
    """Return the resolution EXIF or a TIFF's directory says."""
    if tags is None:
        return None
    try:
        dpi = _checked_dpi(tags.get(ExifTags.Base.XResolution))
        unit = tags.get(ExifTags.Base.ResolutionUnit, 2)
    except DECODING_ERRORS:
        return None
    if dpi is None or unit not in (2, _CENTIMETRES):
        return None
    return _checked_dpi(dpi * _CENTIMETRES_PER_INCH) if unit == _CENTIMETRES else dpi


def _exif_date(tags: Image.Exif | None) -> str | None:
    """Return DateTimeOriginal if it reads like a date."""
    if tags is None:
        return None
    try:
        return _checked_date(tags.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal))
    except DECODING_ERRORS:
        return None


def _checked_date(value: Any) -> str | None:
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else value
    found = _DATE.match(text) if isinstance(text, str) else None
    return found.group() if found else None
