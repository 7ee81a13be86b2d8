"""Tell a photo's format from its first bytes, never from its name."""

from typing import Final

from himapp.imaging.photo import PhotoFormat
from himapp.imaging.readers.tiff_directory import TIFF_LEADS, holds_raw

_LEADS: Final[tuple[tuple[bytes, PhotoFormat], ...]] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"8BPS", "PSD"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    # Cameras' own: Olympus, Panasonic, Fujifilm, Minolta, Sigma, Canon before 2004.
    (b"IIRO", "RAW"),
    (b"IIRS", "RAW"),
    (b"MMOR", "RAW"),
    (b"IIU\0", "RAW"),
    (b"FUJIFILMCCD-RAW", "RAW"),
    (b"\0MRM", "RAW"),
    (b"FOVb", "RAW"),
    (b"II\x1a\0\0\0HEAPCCDR", "RAW"),
)
_BRANDS: Final[dict[bytes, PhotoFormat]] = {
    b"avif": "AVIF",
    b"avis": "AVIF",
    b"crx ": "RAW",
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "HEIC"),
}
# A box that names only the container leaves it to the compatible brands what is inside.
_CONTAINER_BRANDS: Final = (b"mif1", b"mif2", b"msf1", b"miaf")
_DIB_HEADERS: Final = (12, 16, 40, 52, 56, 64, 108, 124)


def recognise(data: bytes) -> PhotoFormat | None:
    """Return the format a file's bytes say they are in; None if that is none we know."""
    for lead, file_format in _LEADS:
        if data.startswith(lead):
            return file_format
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[:4] in TIFF_LEADS:
        return "RAW" if holds_raw(data) else "TIFF"
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _DIB_HEADERS:
        return "BMP"
    return _recognise_boxes(data) if data[4:8] == b"ftyp" else None


def _recognise_boxes(data: bytes) -> PhotoFormat | None:
    """Recognise files made of ISO boxes by the brands of the first one (ISO 14496-12, 4.3)."""
    end = min(int.from_bytes(data[:4], "big"), 256)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, end, 4))]
    for brand in brands:
        if brand in _BRANDS:
            return _BRANDS[brand]
    return "HEIC" if brands[0] in _CONTAINER_BRANDS else None
