import io
import struct
from pathlib import Path

import numpy as np
import pytest
from odd_formats import png_chunk, write_png, write_tiff
from odd_sources import draw
from PIL import Image

from himapp.imaging.photo import Photo
from himapp.imaging.photo_io import read_photo
from himapp.imaging.readers.facts import collect_facts, list_resources
from himapp.imaging.working_spaces import profile_of

IPTC = b"\x1c\x02\x50\x00\x03Ann"


def saved(path: Path, **options: object) -> Photo:
    Image.fromarray(draw(3)).save(path, **options)
    return read_photo(path)


def exif_block(**tags: object) -> bytes:
    exif = Image.Exif()
    for tag, value in tags.items():
        exif[int(tag[1:])] = value
    return exif.tobytes()


def resource(number: int, data: bytes, name: bytes = b"") -> bytes:
    pascal = bytes([len(name)]) + name + bytes((len(name) + 1) % 2)
    return (
        b"8BIM"
        + struct.pack(">H", number)
        + pascal
        + struct.pack(">I", len(data))
        + data
        + bytes(len(data) % 2)
    )


@pytest.mark.parametrize("suffix", ["jpg", "webp", "png", "avif"])
def test_xmp_is_kept_with_its_orientation_spent(tmp_path: Path, suffix: str) -> None:
    packet = b'<x:xmpmeta><rdf tiff:Orientation="6" note="x"/></x:xmpmeta>'
    path = tmp_path / f"a.{suffix}"
    if suffix == "png":
        from PIL.PngImagePlugin import PngInfo

        text = PngInfo()
        text.add_itxt("XML:com.adobe.xmp", packet.decode())
        Image.fromarray(draw(3)).save(path, pnginfo=text)
    else:
        Image.fromarray(draw(3)).save(path, xmp=packet)
    assert read_photo(path).xmp == packet.replace(b'"6"', b'"1"')


def test_an_orientation_in_an_xmp_element_is_spent_too() -> None:
    facts = collect_facts(None, xmp="<tiff:Orientation>8</tiff:Orientation>")
    assert facts.xmp == b"<tiff:Orientation>1</tiff:Orientation>"


def test_a_jpegs_iptc_records_are_found_among_photoshops_resources(tmp_path: Path) -> None:
    block = b"Photoshop 3.0\0" + resource(1005, bytes(16), b"odd") + resource(0x0404, IPTC)
    buffer = io.BytesIO()
    Image.fromarray(draw(3)).save(buffer, "JPEG")
    data = buffer.getvalue()
    path = tmp_path / "a.jpg"
    path.write_bytes(data[:2] + b"\xff\xed" + struct.pack(">H", len(block) + 2) + block + data[2:])
    assert read_photo(path).iptc == IPTC


def test_a_tiffs_iptc_may_be_stored_as_numbers_or_in_resources(tmp_path: Path) -> None:
    padded = IPTC.ljust(12, b"\0")
    numbers = list(struct.unpack("<3I", padded))
    path = tmp_path / "a.tif"
    path.write_bytes(write_tiff(draw(3), 2, tags={33723: (4, numbers)}))
    assert read_photo(path).iptc == padded
    path.write_bytes(write_tiff(draw(3), 2, tags={34377: (7, resource(0x0404, IPTC))}))
    assert read_photo(path).iptc == IPTC


def test_damaged_resources_end_the_list() -> None:
    whole = resource(1, b"abc")
    assert list_resources(whole + b"8BIM\0") == {1: b"abc", 0: b""}
    assert list_resources(b"junk") == {}


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "bmp"])
def test_the_resolution_is_read(tmp_path: Path, suffix: str) -> None:
    # PNG and BMP count whole pixels per metre.
    assert saved(tmp_path / f"a.{suffix}", dpi=(300, 300)).dpi == pytest.approx(300, abs=0.02)


def test_a_resolution_that_nobody_said_is_none(tmp_path: Path) -> None:
    exif = exif_block(_271="Maker")
    assert saved(tmp_path / "a.jpg", exif=exif).dpi is None
    assert saved(tmp_path / "a.png", exif=exif).dpi is None
    assert saved(tmp_path / "a.webp").dpi is None


def test_exif_may_say_the_resolution_in_centimetres(tmp_path: Path) -> None:
    photo = saved(tmp_path / "a.webp", exif=exif_block(_282=100.0, _296=3))
    assert photo.dpi == 254


@pytest.mark.parametrize("dpi", [0, -3, 0.4, 70_000, float("nan"), float("inf"), "much", ()])
def test_a_resolution_without_sense_is_none(dpi: object) -> None:
    assert collect_facts(None, dpi=dpi).dpi is None


@pytest.mark.parametrize(
    ("date", "captured"),
    [
        ("2024:05:06 07:08:09", "2024:05:06 07:08:09"),
        ("0000:00:00 00:00:00", None),
        ("    :  :     :  :  ", None),
        ("yesterday", None),
    ],
)
def test_a_date_must_read_like_one(tmp_path: Path, date: str, captured: str | None) -> None:
    photo = saved(tmp_path / "a.jpg", exif=exif_block(_34665={0x9003: date}))
    assert photo.captured == captured


def test_exif_spelt_in_hexadecimal_text_is_kept(tmp_path: Path) -> None:
    from PIL.PngImagePlugin import PngInfo

    block = exif_block(_271="Maker", _274=6)
    text = PngInfo()
    text.add_text("Raw profile type exif", f"\nexif\n{len(block):8}\n{block.hex()}\n", zip=True)
    path = tmp_path / "a.png"
    Image.fromarray(draw(3)).save(path, pnginfo=text)
    photo = read_photo(path)
    assert (photo.width, photo.height) == draw(3).shape[:2]
    kept = Image.Exif()
    kept.load(photo.exif)
    assert (kept[271], kept[274]) == ("Maker", 1)


@pytest.mark.parametrize("suffix", ["jpg", "webp", "avif"])
def test_an_orientation_in_xmp_alone_turns_nothing(tmp_path: Path, suffix: str) -> None:
    photo = saved(tmp_path / f"a.{suffix}", xmp=b'<x tiff:Orientation="6"/>')
    assert photo.pixels.shape == draw(3).shape


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_exif_behind_a_pngs_pixels_counts(tmp_path: Path, kind: type) -> None:
    data = write_png(draw(3, kind), 2)
    block = exif_block(_271="Maker", _274=6)
    end = len(data) - 12
    path = tmp_path / "a.png"
    path.write_bytes(data[:end] + png_chunk(b"eXIf", block) + data[end:])
    photo = read_photo(path)
    np.testing.assert_array_equal(photo.pixels, np.rot90(draw(3, kind), -1))
    assert photo.exif is not None


@pytest.mark.parametrize(
    ("space", "index", "is_adobe"),
    [
        (65535, "R03", True),
        (65535, "R98", False),
        (65535, None, False),
        (1, "R03", False),
        (2, None, True),
        (None, "R03", False),
    ],
)
def test_a_cameras_jpeg_may_say_adobe_rgb_in_exif_alone(
    tmp_path: Path, space: int | None, index: str | None, *, is_adobe: bool
) -> None:
    exif = Image.Exif()
    exif[0x8769] = {} if space is None else {0xA001: space}
    if index is not None:
        exif[0x8769][0xA005] = {1: index}
    stored = exif.tobytes()
    expected = profile_of("adobe-rgb") if is_adobe else None
    assert saved(tmp_path / "a.jpg", exif=stored).icc == expected
    # A profile goes before it, and other formats are no camera's.
    own = profile_of("display-p3")
    assert saved(tmp_path / "b.jpg", exif=stored, icc_profile=own).icc == own
    assert saved(tmp_path / "a.png", exif=stored).icc is None
