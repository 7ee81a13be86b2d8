import errno
import os
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
from himapp.imaging.image_files import write_jpeg, write_png
from himapp.imaging.photo_io import read_photo

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


def test_alpha_is_straight(tmp_path: Path) -> None:
    path = tmp_path / "person.png"
    write_png(path, np.array([[[200, 100, 50, 128]]], np.uint8))
    assert Image.open(path).getpixel((0, 0)) == (200, 100, 50, 128)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [3, 4])
def test_a_png_carries_profile_and_exif(tmp_path: Path, depth: type, channels: int) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    path = tmp_path / "a.png"
    write_png(
        path,
        np.full((3, 4, channels), np.iinfo(depth).max, depth),
        icc=SRGB,
        exif=exif.tobytes().removeprefix(b"Exif\0\0"),
    )
    with Image.open(path) as image:
        image.verify()  # every chunk's CRC
    photo = read_photo(path)
    assert photo.icc == SRGB
    assert photo.exif is not None
    assert b"Maker" in photo.exif


def test_a_jpeg_carries_profile_and_exif(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    path = tmp_path / "a.jpg"
    deep = np.full((16, 16, 3), (65535, 257 * 100, 0), np.uint16)
    write_jpeg(path, deep, icc=SRGB, exif=exif.tobytes().removeprefix(b"Exif\0\0"))
    photo = read_photo(path)
    assert photo.icc == SRGB
    assert photo.exif is not None
    assert b"Maker" in photo.exif
    assert np.abs(photo.pixels[8, 8].astype(int) - (255, 100, 0)).max() <= 2


@pytest.mark.parametrize("write", [write_png, write_jpeg])
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
    for write in (write_png, write_jpeg):
        with pytest.raises(ValueError, match=r"pixels|shape"):
            write(tmp_path / "a", pixels)
    assert list(tmp_path.iterdir()) == []


def test_other_mistakes_of_the_caller_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    grey, rgba = np.zeros((2, 2), np.uint8), np.zeros((2, 2, 4), np.uint8)
    with pytest.raises(ValueError, match="profile does not describe grey"):
        write_png(path, grey, icc=SRGB)
    with pytest.raises(ValueError, match="no alpha"):
        write_jpeg(path, rgba)
    with pytest.raises(ValueError, match="quality"):
        write_jpeg(path, grey, quality=0)


def test_a_side_jpeg_cannot_hold_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="too large for JPEG"):
        write_jpeg(tmp_path / "a.jpg", np.zeros((1, 65_536), np.uint8))
