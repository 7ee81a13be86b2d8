import errno
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image, ImageCms

from himapp.errors import ExportError
from himapp.imaging.file_tags import FileTags
from himapp.imaging.image_files import (
    write_color_and_alpha_zip,
    write_jpeg,
    write_png,
    write_psd,
    write_tiff,
    write_webp,
)
from himapp.imaging.photo_io import read_photo

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

pictures = st.sampled_from([np.uint8, np.uint16]).flatmap(
    lambda depth: st.sampled_from([(), (3,), (4,)]).flatmap(
        lambda channels: array_shapes(min_dims=2, max_dims=2, max_side=9).flatmap(
            lambda size: arrays(depth, size + channels)
        )
    )
)


def stored_pixels(path: Path) -> npt.NDArray[np.uint8 | np.uint16]:
    pixels = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels.ndim == 2:
        return pixels
    has_alpha = pixels.shape[2] == 4
    return cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA if has_alpha else cv2.COLOR_BGR2RGB)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pixels=pictures)
def test_a_png_gives_back_every_pixel(tmp_path: Path, pixels: np.ndarray) -> None:
    path = tmp_path / "Åsa 人 1.png"
    write_png(path, pixels)
    np.testing.assert_array_equal(stored_pixels(path), pixels)
    assert stored_pixels(path).dtype == pixels.dtype
    assert list(tmp_path.iterdir()) == [path]


def make_exif() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    return exif.tobytes().removeprefix(b"Exif\0\0")


@pytest.mark.parametrize("alpha", [0, 1, 128, 255])
@pytest.mark.parametrize("write", [write_png, write_tiff, write_webp])
def test_alpha_is_straight(tmp_path: Path, write: Callable[..., None], alpha: int) -> None:
    """The formula of premultiplied files gives (100, 50, 25, 128), and nothing under alpha 0."""
    path = tmp_path / "person"
    write(path, np.full((3, 5, 4), (200, 100, 50, alpha), np.uint8))
    with Image.open(path) as image:
        # libwebp leaves an alpha out that is full everywhere.
        assert image.convert("RGBA").getpixel((4, 2)) == (200, 100, 50, alpha)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_with_alpha_comes_back(tmp_path: Path, dtype: type) -> None:
    pixels = np.random.default_rng(2).integers(0, np.iinfo(dtype).max, (40, 31, 2), dtype)
    write_png(tmp_path / "a.png", pixels)
    with Image.open(tmp_path / "a.png") as image:
        assert "A" in image.getbands()
    np.testing.assert_array_equal(stored_pixels(tmp_path / "a.png")[..., [0, 3]], pixels)


@pytest.mark.parametrize("compression", [1, 2, 6, 9])
def test_every_level_of_compression_keeps_every_pixel(tmp_path: Path, compression: int) -> None:
    """More than one stripe, so that the parts of the stream are joined as well."""
    pixels = np.random.default_rng(compression).integers(0, 9, (900, 801, 3), np.uint8)
    pixels[300:500] = 7
    write_png(tmp_path / "a.png", pixels, compression=compression)
    np.testing.assert_array_equal(stored_pixels(tmp_path / "a.png"), pixels)


def test_a_large_matte_comes_back(tmp_path: Path) -> None:
    matte = np.zeros((1200, 1100), np.uint16)
    matte[200:900, 300:700] = np.linspace(0, 65535, 400).astype(np.uint16)
    write_png(tmp_path / "a.png", matte)
    np.testing.assert_array_equal(stored_pixels(tmp_path / "a.png"), matte)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_xmp_and_resolution_are_carried(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write = write_png if suffix == ".png" else write_jpeg
    write(path, np.zeros((4, 5, 3), np.uint8), FileTags(xmp=XMP, dpi=300))
    with Image.open(path) as image:
        image.load()
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.02)  # metres, whole numbers
        kept = image.info["xmp"]
    assert kept == XMP


def make_xmp(lengths: dict[str, int]) -> bytes:
    """A packet of properties, each as long as is said."""
    inner = "".join(f"<{name}>{'x' * length}</{name}>" for name, length in lengths.items())
    return f"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/">
 {inner}</rdf:Description></rdf:RDF></x:xmpmeta>""".encode()


@pytest.mark.parametrize(
    ("lengths", "kept"),
    [
        ({"xmpMM:History": 80_000, "dc:creator": 9, "dc:subject": 9}, {"dc:creator", "dc:subject"}),
        ({"xmpMM:Ingredients": 80_000, "dc:rights": 9, "dc:subject": 80_000}, {"dc:rights"}),
        ({"xmpMM:History": 80_000}, set()),
        ({"xmpMM:History": 9, "dc:creator": 9}, {"xmpMM:History", "dc:creator"}),
    ],
)
def test_of_a_long_xmp_a_jpeg_holds_what_matters(
    tmp_path: Path, lengths: dict[str, int], kept: set[str]
) -> None:
    tags = FileTags(xmp=make_xmp(lengths))
    write_jpeg(tmp_path / "a.jpg", np.zeros((2, 2), np.uint8), tags)
    with Image.open(tmp_path / "a.jpg") as image:
        packet = image.info.get("xmp", b"")
    assert {name for name in lengths if f"<{name}>".encode() in packet} == kept


def test_metadata_too_long_for_a_jpeg_is_said(tmp_path: Path) -> None:
    grey = np.zeros((2, 2), np.uint8)
    for long in (FileTags(xmp=bytes(65_600)), FileTags(exif=bytes(65_600))):
        with pytest.raises(ExportError, match=r"more metadata than a JPEG can hold"):
            write_jpeg(tmp_path / "a.jpg", grey, long)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [3, 4])
def test_a_png_carries_profile_and_exif(tmp_path: Path, depth: type, channels: int) -> None:
    path = tmp_path / "a.png"
    write_png(
        path,
        np.full((3, 4, channels), np.iinfo(depth).max, depth),
        FileTags(SRGB, make_exif()),
    )
    with Image.open(path) as image:
        image.verify()  # every chunk's CRC
    photo = read_photo(path)
    assert photo.icc == SRGB
    assert photo.exif is not None
    assert b"Maker" in photo.exif


def test_a_jpeg_carries_profile_and_exif(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    deep = np.full((16, 16, 3), (65535, 257 * 100, 0), np.uint16)
    write_jpeg(path, deep, FileTags(SRGB, make_exif()))
    photo = read_photo(path)
    assert photo.icc == SRGB
    assert photo.exif is not None
    assert b"Maker" in photo.exif
    assert np.abs(photo.pixels[8, 8].astype(int) - (255, 100, 0)).max() <= 2


@pytest.mark.parametrize("write", [write_png, write_jpeg, write_tiff, write_webp])
def test_a_written_file_has_the_usual_permissions(tmp_path: Path, write: object) -> None:
    plain, written = tmp_path / "plain", tmp_path / "written"
    plain.touch()
    assert callable(write)
    write(written, np.zeros((1, 1), np.uint8))
    assert written.stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (errno.ENOSPC, "no space left"),
        (errno.EACCES, "not permitted"),
        (errno.EROFS, "not permitted"),
        (errno.EIO, "was not saved"),
    ],
)
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_write_keeps_the_old_file_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, reason: str, step: str
) -> None:
    path = tmp_path / "person-01.png"
    path.write_bytes(b"the last good file")

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), fail)
    with pytest.raises(ExportError, match=rf"person-01\.png.*{reason}"):
        write_png(path, np.zeros((2, 2, 4), np.uint8))
    assert path.read_bytes() == b"the last good file"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupt_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_png(tmp_path / "a.png", np.zeros((2, 2), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_and_a_folder_in_the_way_are_named(tmp_path: Path) -> None:
    pixels = np.zeros((2, 2), np.uint8)
    with pytest.raises(ExportError, match=r"the folder “gone” does not exist\.$"):
        write_png(tmp_path / "gone" / "a.png", pixels)
    (tmp_path / "b.png").mkdir()
    with pytest.raises(ExportError, match=r"“b\.png” was not saved: a folder of that name"):
        write_png(tmp_path / "b.png", pixels)
    assert list(tmp_path.iterdir()) == [tmp_path / "b.png"]


def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real.png").write_bytes(b"old")
    (tmp_path / "link.png").symlink_to("real.png")
    write_png(tmp_path / "link.png", np.full((1, 1), 7, np.uint8))
    assert (tmp_path / "link.png").is_symlink()
    assert stored_pixels(tmp_path / "real.png")[0, 0] == 7


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((2, 2), np.float32),
        np.zeros((2, 2, 5), np.uint8),
        np.zeros((2, 2, 1), np.uint8),
        np.zeros((0, 2, 3), np.uint8),
        np.zeros(3, np.uint8),
    ],
)
def test_what_is_no_picture_is_the_callers_mistake(tmp_path: Path, pixels: np.ndarray) -> None:
    for write in (write_png, write_jpeg, write_tiff, write_webp):
        with pytest.raises(ValueError, match=r"pixels|shape"):
            write(tmp_path / "a", pixels)
    assert list(tmp_path.iterdir()) == []


def test_other_mistakes_of_the_caller_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    grey, rgba = np.zeros((2, 2), np.uint8), np.zeros((2, 2, 4), np.uint8)
    with pytest.raises(ValueError, match="profile does not describe grey"):
        write_png(path, grey, FileTags(SRGB))
    with pytest.raises(ValueError, match="no alpha"):
        write_jpeg(path, rgba)
    with pytest.raises(ValueError, match="quality"):
        write_jpeg(path, grey, quality=0)


def test_a_side_jpeg_cannot_hold_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"too large for JPEG \(65,500 px"):
        write_jpeg(tmp_path / "a.jpg", np.zeros((1, 65_501), np.uint8))


def test_the_longest_jpeg_can_be_read(tmp_path: Path) -> None:
    write_jpeg(tmp_path / "a.jpg", np.full((1, 65_500), 200, np.uint8))
    with Image.open(tmp_path / "a.jpg") as image:
        assert np.abs(np.asarray(image).astype(int) - 200).max() <= 1


@pytest.mark.parametrize("channels", [(), (3,), (4,)])
def test_a_webp_without_losses_gives_back_every_pixel(
    tmp_path: Path, channels: tuple[int, ...]
) -> None:
    path = tmp_path / "Åsa 人.webp"
    pixels = np.random.default_rng(3).integers(0, 256, (33, 57, *channels), np.uint8)
    write_webp(path, pixels, FileTags(SRGB if channels else None, make_exif(), XMP))
    with Image.open(path) as image:
        assert image.info.get("icc_profile") == (SRGB if channels else None)
        assert b"Maker" in image.info["exif"]
        assert image.info["xmp"] == XMP
        stored = np.asarray(image)
    np.testing.assert_array_equal(stored, pixels if channels else np.dstack([pixels] * 3))


def test_a_webp_with_losses_keeps_alpha_and_is_near(tmp_path: Path) -> None:
    path = tmp_path / "a.webp"
    ramp = np.linspace(0, 255, 64)
    pixels = np.zeros((64, 64, 4), np.uint16)
    pixels[..., 0], pixels[..., 1], pixels[..., 2] = ramp * 257, ramp[:, None] * 257, 9_000
    pixels[..., 3] = np.tile([0, 20_000, 65_535, 65_535], (64, 16))
    write_webp(path, pixels, quality=95)
    with Image.open(path) as image:
        stored = np.asarray(image).astype(int)
    wanted = np.rint(pixels / 257)
    np.testing.assert_array_equal(stored[..., 3], wanted[..., 3])
    assert np.abs(stored[..., :3] - wanted[..., :3]).mean() < 3
    assert np.abs(stored[..., :3] - wanted[..., :3])[pixels[..., 3] == 0].mean() < 3


def test_a_side_webp_cannot_hold_and_an_unknown_quality_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"“a\.webp” is too large for WebP \(16,383 px"):
        write_webp(tmp_path / "a.webp", np.zeros((16_384, 1), np.uint8))
    with pytest.raises(ValueError, match="quality"):
        write_webp(tmp_path / "a.webp", np.zeros((1, 1), np.uint8), quality=101)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_zip_holds_colour_and_alpha(tmp_path: Path, dtype: type) -> None:
    path = tmp_path / "Åsa 人.zip"
    rng = np.random.default_rng(4)
    rgb = rng.integers(0, np.iinfo(dtype).max, (70, 50, 3), dtype)
    alpha = rng.integers(0, np.iinfo(dtype).max, (70, 50), dtype)
    write_color_and_alpha_zip(path, rgb, alpha, FileTags(SRGB, dpi=300))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["Åsa 人-colour.png", "Åsa 人-alpha.png"]
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        archive.extractall(tmp_path)
    np.testing.assert_array_equal(stored_pixels(tmp_path / "Åsa 人-colour.png"), rgb)
    np.testing.assert_array_equal(stored_pixels(tmp_path / "Åsa 人-alpha.png"), alpha)
    assert read_photo(tmp_path / "Åsa 人-colour.png").icc == SRGB


def test_colours_and_alpha_of_a_zip_must_fit(tmp_path: Path) -> None:
    rgb, alpha = np.zeros((2, 3, 3), np.uint8), np.zeros((2, 2), np.uint8)
    with pytest.raises(ValueError, match="do not fit"):
        write_color_and_alpha_zip(tmp_path / "a.zip", rgb, alpha)


def test_the_resolution_of_every_file_has_room_for_the_highest(tmp_path: Path) -> None:
    pixels, tags = np.zeros((2, 2, 3), np.uint8), FileTags(dpi=65_535)
    write_png(tmp_path / "a.png", pixels, tags)
    write_tiff(tmp_path / "a.tif", pixels, tags)
    write_jpeg(tmp_path / "a.jpg", pixels, tags)
    write_psd(tmp_path / "a.psd", (2, 2), [], pixels, tags)
    for path in tmp_path.iterdir():
        assert read_photo(path).dpi == pytest.approx(65_535, abs=0.02)


@pytest.mark.parametrize("dpi", [0, -1, 0.4, 70_000, float("nan")])
def test_a_resolution_that_is_none_is_refused(tmp_path: Path, dpi: float) -> None:
    with pytest.raises(ValueError, match="dpi"):
        write_png(tmp_path / "a.png", np.zeros((1, 1), np.uint8), FileTags(dpi=dpi))
