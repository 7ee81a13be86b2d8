import struct
import tracemalloc
from io import BytesIO
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import tifffile
from odd_formats import write_tiff
from odd_sources import draw
from PIL import Image, ImageCms

from himapp.errors import PhotoError
from himapp.imaging.exif_block import read_block
from himapp.imaging.photo_io import read_photo
from himapp.imaging.readers import limits
from himapp.imaging.readers.tiff_files import read_tiff

LAYOUTS = list(
    product(("none", "lzw", "deflate", "packbits"), (None, 16), (False, True), "<>", (False, True))
)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("predictor", [1, 2])
def test_every_layout_gives_the_same_samples(kind: type, predictor: int) -> None:
    samples, predicted = draw(3, kind), predictor == 2
    for compression, tile, planar, order, is_big in LAYOUTS:
        if predicted and compression not in ("lzw", "deflate"):
            continue
        options = {"compression": compression, "tile": tile, "planar": planar, "order": order}
        data = write_tiff(samples, 2, is_big=is_big, predicted=predicted, **options)
        decoded = read_tiff(data, "a.tif")
        np.testing.assert_array_equal(decoded.samples, samples, str(options))
        assert decoded.samples.dtype == kind


@pytest.mark.parametrize("config", ["contig", "separate"])
@pytest.mark.parametrize("tile", [None, (16, 16)])
def test_what_tifffile_writes_is_read(tmp_path: Path, config: str, tile: object) -> None:
    pixels = draw(3, np.uint16)
    path = tmp_path / "a.tif"
    stored = np.moveaxis(pixels, 2, 0) if config == "separate" else pixels
    tifffile.imwrite(
        path, stored, photometric="rgb", planarconfig=config, compression="zlib", tile=tile
    )
    np.testing.assert_array_equal(read_photo(path).pixels, pixels)


@pytest.mark.parametrize("order", "<>")
def test_a_bigtiff_keeps_orientation_and_facts(tmp_path: Path, order: str) -> None:
    tags = {
        274: (3, [6]),
        282: (5, [300, 1]),
        296: (3, [2]),
        271: (2, b"Maker\0"),
        700: (1, b'<x tiff:Orientation="6"/>'),
        33723: (7, b"\x1c\x02\x50\x00\x03Ann"),
    }
    stored = np.ascontiguousarray(np.rot90(draw(3)))
    path = tmp_path / "a.tif"
    path.write_bytes(write_tiff(stored, 2, order=order, is_big=True, tags=tags))
    photo = read_photo(path)
    np.testing.assert_array_equal(photo.pixels, draw(3))
    assert photo.dpi == 300
    assert photo.xmp == b'<x tiff:Orientation="1"/>'
    assert photo.iptc == b"\x1c\x02\x50\x00\x03Ann"
    kept = Image.Exif()
    kept.load(photo.exif)
    assert kept[271] == "Maker"


@pytest.mark.parametrize("is_big", [False, True])
@pytest.mark.parametrize("order", "<>")
def test_names_in_every_script_stay_as_they_are(order: str, *, is_big: bool) -> None:
    texts = {315: "Åsa 人\0".encode(), 33432: "© Jörg\0".encode("latin-1")}
    tags = {tag: (2, text) for tag, text in texts.items()}
    tags |= {18246: (3, [4]), 40091: (1, "Größe\0".encode("utf-16-le"))}
    decoded = read_tiff(write_tiff(draw(3), 2, order=order, is_big=is_big, tags=tags), "a.tif")
    assert decoded.facts.exif is not None
    block = read_block(decoded.facts.exif)
    assert {tag: entry.data for tag, entry in block.main.items()} == {
        **texts,
        18246: struct.pack(order + "H", 4),
        40091: tags[40091][1],
    }
    assert (block.order, block.main[315].count) == (order, len(texts[315]))


def test_the_first_page_counts() -> None:
    data = write_tiff(draw(3), 2, pages=3)
    with tifffile.TiffFile(BytesIO(data)) as file:
        assert len(file.pages) == 3
    np.testing.assert_array_equal(read_tiff(data, "a.tif").samples, draw(3))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_lab_becomes_what_the_colour_engine_makes_of_it(tmp_path: Path, kind: type) -> None:
    # Colours that sRGB holds; lcms rounds to 8 bit, hence the tolerance of 1.
    lab = np.zeros((16, 24, 3), np.uint8)
    lab[:, :, 0] = np.linspace(90, 180, 24)
    lab[:, :, 1:] = np.linspace(118, 142, 16)[:, None, None]
    source = ImageCms.createProfile("LAB")
    # Without its short cut, a table of 33 steps that is off by 3 in the dark.
    exact = ImageCms.Flags.NOOPTIMIZE
    target = ImageCms.createProfile("sRGB")
    way = ImageCms.buildTransform(source, target, "LAB", "RGB", flags=exact)
    bands = [Image.fromarray(np.ascontiguousarray(lab[:, :, i])) for i in range(3)]
    expected = np.asarray(ImageCms.applyTransform(Image.merge("LAB", bands), way))
    stored = lab.copy()
    stored[:, :, 1:] ^= 0x80
    if kind is np.uint16:
        deep = stored.astype(np.uint16)
        stored = np.dstack([deep[:, :, :1] * 257, deep[:, :, 1:] * 256])
    path = tmp_path / "lab.tif"
    path.write_bytes(write_tiff(stored.astype(kind), 8))
    photo = read_photo(path)
    assert photo.source_mode == "LAB"
    assert photo.icc is None
    scale = 257 if kind is np.uint16 else 1
    assert np.abs(photo.pixels / scale - expected).max() <= 1


def test_cmyk_without_a_profile_stays_at_16_bit(tmp_path: Path) -> None:
    ink = draw(4, np.uint16)
    path = tmp_path / "a.tif"
    path.write_bytes(write_tiff(ink, 5))
    light = 1 - ink / 65535
    photo = read_photo(path)
    assert photo.pixels.dtype == np.uint16
    assert np.abs(photo.pixels / 65535 - light[:, :, :3] * light[:, :, 3:]).max() < 1e-5


@pytest.mark.parametrize("kind", [np.float32, np.float16, np.uint32])
def test_other_numbers_are_refused_with_a_sentence(tmp_path: Path, kind: type) -> None:
    path = tmp_path / "deep.tif"
    tifffile.imwrite(path, np.zeros((4, 5, 3), kind), photometric="rgb")
    with pytest.raises(PhotoError, match=r"per channel; 8 and 16 bits can be opened"):
        read_photo(path)


def test_too_few_strips_are_damage() -> None:
    data = write_tiff(draw(3), 2, tags={257: (4, [4000])})
    with pytest.raises(ValueError, match="strips or tiles"):
        read_tiff(data, "a.tif")


def test_strips_that_are_not_there_take_no_memory() -> None:
    data = write_tiff(draw(1), 1, tags={256: (4, [1]), 257: (4, [100_000]), 278: (4, [1])})
    tracemalloc.start()
    with pytest.raises(ValueError, match="strips or tiles of 100000"):
        read_tiff(data, "a.tif")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_a_tile_larger_than_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_tiff(draw(3), 2, tile=512, compression="deflate")
    assert read_tiff(data, "a.tif").samples.shape == draw(3).shape
    monkeypatch.setattr(limits, "available_memory", lambda: 1_000_000)
    with pytest.raises(PhotoError, match="of memory to open"):
        read_tiff(data, "a.tif")
