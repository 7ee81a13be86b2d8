import sys
from pathlib import Path

import numpy as np
import pytest
from odd_formats import write_dng
from PIL import Image

from himapp.errors import PhotoError
from himapp.imaging.photo_io import read_photo
from himapp.imaging.working_spaces import profile_of

HEIGHT, WIDTH = 64, 96


def mosaic(red: int, green: int, blue: int) -> np.ndarray:
    stored = np.full((HEIGHT, WIDTH), green, np.uint16)
    stored[0::2, 0::2] = red
    stored[1::2, 1::2] = blue
    return stored


def developed(folder: Path, stored: np.ndarray, **options: object):
    path = folder / "a.dng"
    path.write_bytes(write_dng(stored, **options))
    return read_photo(path)


@pytest.mark.parametrize("order", "<>")
def test_the_cameras_white_balance_makes_grey_and_nothing_is_brightened(
    tmp_path: Path, order: str
) -> None:
    photo = developed(tmp_path, mosaic(10_000, 20_000, 10_000), order=order)
    linear = 20_000 / 65535
    expected = (1.055 * linear ** (1 / 2.4) - 0.055) * 65535
    assert photo.pixels.dtype == np.uint16
    assert (photo.format, photo.icc) == ("RAW", None)
    # The camera's matrix is rounded to four digits.
    assert np.abs(photo.pixels[8:-8, 8:-8].astype(int) - expected).max() < 100


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_the_cameras_turn_is_applied_once(tmp_path: Path, orientation: int) -> None:
    upright = np.full((HEIGHT, WIDTH), 9000.0)
    upright[: HEIGHT // 2, : WIDTH // 2] = 30_000
    turns = {1: 0, 3: 2, 6: 1, 8: 3}[orientation]
    stored = np.rot90(upright, turns).copy()
    stored[0::2, 0::2] /= 2
    stored[1::2, 1::2] /= 2
    photo = developed(tmp_path, stored.astype(np.uint16), orientation=orientation)
    assert photo.pixels.shape == (HEIGHT, WIDTH, 3)
    bright = photo.pixels[:, :, 1] > photo.pixels[:, :, 1].mean()
    assert bright[8, 8]
    assert not bright[8, -8]
    assert not bright[-8, 8]


def test_colours_outside_srgb_come_out_in_display_p3(tmp_path: Path) -> None:
    green = mosaic(200, 40_000, 200)
    assert developed(tmp_path, green).icc is None
    assert developed(tmp_path, green, primaries="display-p3").icc == profile_of("display-p3")


def test_date_and_camera_are_told(tmp_path: Path) -> None:
    photo = developed(tmp_path, mosaic(10_000, 20_000, 10_000))
    assert photo.captured == "2024:05:06 07:08:09"
    exif = Image.Exif()
    exif.load(photo.exif)
    assert (exif[271], exif[272]) == ("Himapp", "Pinhole")


def test_without_rawpy_a_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(PhotoError, match="is a RAW photo: save it as JPEG"):
        developed(tmp_path, mosaic(1, 2, 3))


def test_a_camera_nobody_knows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.raf"
    path.write_bytes(b"FUJIFILMCCD-RAW" + bytes(3000))
    with pytest.raises(PhotoError, match=r"RAW photo of a kind|is damaged"):
        read_photo(path)
