"""What exiftool and ImageMagick make of the files, where they are installed."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms

from himapp.imaging.file_tags import FileTags
from himapp.imaging.image_files import (
    PsdLayer,
    write_jpeg,
    write_png,
    write_psd,
    write_tiff,
    write_webp,
)

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Label="chosen"/></rdf:RDF>'
    b'</x:xmpmeta><?xpacket end="w"?>'
)

needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is not installed"
)
MAGICK = shutil.which("magick") or shutil.which("convert")
needs_magick = pytest.mark.skipif(
    shutil.which("identify") is None or MAGICK is None, reason="ImageMagick is not installed"
)


def make_exif() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8769)[0x9003] = "2020:01:02 03:04:05"
    exif.get_ifd(0x8825)[1] = "N"
    return exif.tobytes().removeprefix(b"Exif\0\0")


def write_layers(path: Path, pixels: npt.NDArray[Any], tags: FileTags) -> None:
    height, width = pixels.shape[:2]
    write_psd(path, (width, height), [PsdLayer("Åsa 人 / 1", 0, 0, pixels)], pixels, tags)


@needs_exiftool
@pytest.mark.parametrize(
    ("suffix", "write"),
    [
        (".png", write_png),
        (".tif", write_tiff),
        (".jpg", write_jpeg),
        (".webp", write_webp),
        (".psd", write_layers),
    ],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_exiftool_finds_all_metadata_and_no_fault(
    tmp_path: Path, suffix: str, write: Callable[..., None], dtype: Any
) -> None:
    path, has_dpi = tmp_path / f"a{suffix}", write is not write_webp
    tags = FileTags(SRGB, make_exif(), XMP, 300 if has_dpi else None)
    write(path, np.zeros((30, 40, 3), dtype), tags)
    command = ["exiftool", "-json", "-validate", "-warning", "-a", "-all", str(path)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    (found,) = json.loads(done.stdout)
    assert found["ImageSize"] == "40x30"
    assert found["Make"] == "Maker"
    assert found["DateTimeOriginal"] == "2020:01:02 03:04:05"
    assert found["GPSLatitudeRef"] == "North"
    assert found["Label"] == "chosen"
    assert "sRGB" in found["ProfileDescription"]
    if suffix == ".png":
        assert round(found["PixelsPerUnitX"] * 0.0254) == 300
    elif has_dpi:
        assert found["XResolution"] == 300
    if suffix == ".psd":
        assert found["LayerUnicodeNames"] == "Åsa 人 / 1"
    assert "Error" not in found


def read_with_magick(path: Path, which: str, dtype: Any, channels: str) -> npt.NDArray[Any]:
    """Return ``[H, W, channels]`` as ImageMagick sees the file."""
    size = ["identify", "-format", "%w %h\n", f"{path}[{which}]"]
    width, height = map(int, subprocess.run(size, capture_output=True, check=True).stdout.split())
    assert MAGICK is not None
    depth = str(8 * np.dtype(dtype).itemsize)
    command = [MAGICK, f"{path}[{which}]", "-depth", depth, "-endian", "MSB", f"{channels}:-"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    values = np.frombuffer(done.stdout, np.dtype(dtype).newbyteorder(">"))
    return values.reshape(height, width, -1).astype(dtype)


@needs_magick
@pytest.mark.parametrize("write", [write_png, write_tiff])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_imagemagick_reads_every_pixel_with_straight_alpha(
    tmp_path: Path, write: Callable[..., None], dtype: Any
) -> None:
    path = tmp_path / ("a.png" if write is write_png else "a.tif")
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, np.iinfo(dtype).max, (31, 47, 4), dtype, endpoint=True)
    pixels[0, 0] = np.array([200, 100, 50, 128]) * (np.iinfo(dtype).max // 255)
    write(path, pixels)
    np.testing.assert_array_equal(read_with_magick(path, "0", dtype, "rgba"), pixels)


@needs_magick
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_imagemagick_reads_layers_and_composite(tmp_path: Path, dtype: Any) -> None:
    path = tmp_path / "a.psd"
    rng = np.random.default_rng(6)
    top = np.iinfo(dtype).max
    pixels = rng.integers(0, top, (31, 47, 4), dtype, endpoint=True)
    pixels[..., 3] |= top // 2 + 1  # it clears colours where alpha is 0
    write_psd(path, (47, 31), [PsdLayer("a", 0, 0, pixels)], pixels)
    layer = read_with_magick(path, "1", dtype, "rgba")
    np.testing.assert_array_equal(layer, pixels)
    composite = read_with_magick(path, "0", dtype, "rgba")
    assert np.abs(composite.astype(int) - pixels).max() <= 2
