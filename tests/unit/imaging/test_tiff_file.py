"""TIFF files, read back with tifffile and Pillow."""

import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from himapp.errors import ExportError
from himapp.imaging import tiff_file
from himapp.imaging.file_tags import FileTags
from himapp.imaging.photo_io import read_photo
from himapp.imaging.tiff_file import write_tiff

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
CHANNELS = [(), (2,), (3,), (4,)]


def make_exif(order: str = "<") -> bytes:
    """An EXIF block with texts, a sub-directory, a thumbnail's directory and a maker note."""
    maker_note = b"MAKER\0" + struct.pack(order + "I", 0x1234)
    date = b"2020:01:02 03:04:05\0"
    start = 8 + 2 + 12 * 4 + 4
    sub = start + 16
    end = sub + 2 + 12 * 2 + 4
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    main = struct.pack(order + "H", 4)
    main += struct.pack(order + "HHII", 271, 2, 16, start)
    main += struct.pack(order + "HHIHH", 274, 3, 1, 6, 0)
    main += struct.pack(order + "HHII", 273, 4, 1, 77)  # offsets of somebody else's pixels
    main += struct.pack(order + "HHII", 34665, 4, 1, sub) + bytes(4)
    exif = struct.pack(order + "H", 2)
    exif += struct.pack(order + "HHII", 36867, 2, len(date), end)
    exif += struct.pack(order + "HHII", 37500, 7, len(maker_note), end + len(date)) + bytes(4)
    return head + main + b"Maker of cameras"[:15] + b"\0" + exif + date + maker_note


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_pixel_comes_back_with_straight_alpha(
    tmp_path: Path, channels: tuple[int, ...], dtype: type, order: str
) -> None:
    path = tmp_path / "Åsa 人 1.tif"
    pixels = np.random.default_rng(1).integers(
        0, np.iinfo(dtype).max, (700, 301, *channels), dtype, endpoint=True
    )
    write_tiff(path, pixels, FileTags(exif=make_exif(order)))
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[0]
        assert isinstance(page, tifffile.TiffPage)
        assert tiff.byteorder == order
        assert len(page.dataoffsets) > 1 or pixels.nbytes < 1 << 20
        np.testing.assert_array_equal(page.asarray(), pixels)
        assert page.compression == tifffile.COMPRESSION.ADOBE_DEFLATE
        wanted = (tifffile.EXTRASAMPLE.UNASSALPHA,) if channels in [(2,), (4,)] else ()
        assert page.extrasamples == wanted


@pytest.mark.parametrize("order", ["<", ">"])
def test_profile_exif_xmp_and_resolution_are_carried(tmp_path: Path, order: str) -> None:
    path = tmp_path / "a.tif"
    write_tiff(path, np.zeros((3, 4, 3), np.uint16), FileTags(SRGB, make_exif(order), XMP, 300.5))
    with tifffile.TiffFile(path) as tiff:
        tags = tiff.pages[0].tags
        assert tags["InterColorProfile"].value == SRGB
        assert tags["XMP"].value == XMP
        assert tags["Make"].value == "Maker of cameras"[:15]
        assert tags["Orientation"].value == 1
        assert tags["StripOffsets"].value != (77,)
        numerator, denominator = tags["XResolution"].value
        assert numerator / denominator == pytest.approx(300.5)
        # Offsets inside the block still hold, also those only the camera's maker knows.
        assert tags["ExifTag"].value["DateTimeOriginal"] == "2020:01:02 03:04:05"
        assert tags["ExifTag"].value["MakerNote"].startswith(b"MAKER\0")
    photo = read_photo(path)
    assert photo.icc == SRGB
    assert photo.exif is not None
    with Image.open(path) as image:
        assert image.getexif()[271] == "Maker of cameras"[:15]


@pytest.mark.parametrize(
    "exif", [b"", b"II*\0", b"nonsense", b"MM\0*\0\0\xff\xff", b"II*\0\x08\0\0\0\x09\0"]
)
def test_a_damaged_exif_block_does_not_cost_the_picture(tmp_path: Path, exif: bytes) -> None:
    path = tmp_path / "a.tif"
    pixels = np.full((2, 3), 7, np.uint8)
    write_tiff(path, pixels, FileTags(exif=exif))
    np.testing.assert_array_equal(tifffile.imread(path), pixels)


def test_pixels_beyond_4_gb_are_said_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiff_file, "_LARGEST_PIXELS", 1000)
    noise = np.random.default_rng(0).integers(0, 255, (99, 99), np.uint8)
    with pytest.raises(ExportError, match=r"“a\.tif” is too large for TIFF"):
        write_tiff(tmp_path / "a.tif", noise)
    assert list(tmp_path.iterdir()) == []
