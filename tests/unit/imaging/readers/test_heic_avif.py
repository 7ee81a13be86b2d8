"""HEIC, and AVIF of more than 8 bit: small_heic.npz holds files of one and the same scene."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from himapp.errors import PhotoError
from himapp.imaging.photo import Photo
from himapp.imaging.photo_io import read_photo
from himapp.imaging.readers.iso_boxes import find_profile
from himapp.imaging.working_spaces import profile_of

with np.load(Path(__file__).parents[3] / "data" / "small_heic.npz") as stored:
    FILES = {name: stored[name].tobytes() for name in stored}

QUARTERS = np.array([[[1, 0.25, 0], [0, 0.75, 0.5]], [[0.25, 0.25, 1], [0.9, 0.9, 0.9]]])


def read(folder: Path, name: str) -> Photo:
    if name.endswith(".heic"):
        pytest.importorskip("pillow_heif", reason="HEIC needs the extra “heic”")
    path = folder / name
    path.write_bytes(FILES[name])
    return read_photo(path)


def quarters_of(photo: Photo) -> np.ndarray:
    """The middle of each quarter, 0..1."""
    assert photo.pixels.shape == (32, 48, 3)
    return photo.pixels[8::16, 12::24] / np.iinfo(photo.pixels.dtype).max


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"alpha.heic", "grey.heic"}))
def test_the_scene_is_upright_and_in_its_colours(tmp_path: Path, name: str) -> None:
    photo = read(tmp_path, name)
    # Flat quarters at quality 90: the encoder is off by 1 or 2 of 255.
    assert np.abs(quarters_of(photo) - QUARTERS).max() < 0.012
    assert photo.bit_depth == (16 if "bit" in name else 8)
    assert (photo.icc is not None) == (name == "plain.heic")


@pytest.mark.parametrize("name", ["ten_bit.avif", "twelve_bit.avif", "ten_bit.heic"])
def test_white_of_ten_and_twelve_bit_is_white_at_sixteen(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, name).pixels.max() == 65535


def test_alpha_is_laid_over_white_and_grey_stays_grey(tmp_path: Path) -> None:
    over_white = QUARTERS * 128 / 255 + 127 / 255
    assert np.abs(quarters_of(read(tmp_path, "alpha.heic")) - over_white).max() < 0.012
    grey = read(tmp_path, "grey.heic")
    assert grey.is_grey
    assert np.abs(quarters_of(grey) - QUARTERS[:, :, 1:2]).max() < 0.012


def test_facts_are_told_and_the_orientation_is_spent(tmp_path: Path) -> None:
    photo = read(tmp_path, "turned_6.heic")
    assert photo.captured == "2024:05:06 07:08:09"
    assert photo.xmp == b"<x:xmpmeta/>"
    exif = Image.Exif()
    exif.load(photo.exif)
    assert exif[0x0112] == 1
    assert exif[0x010F] == "Maker"


def test_without_the_extra_a_sentence_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "phone.heic"
    path.write_bytes(FILES["plain.heic"])
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PhotoError, match=r"phone\.heic.*HEIC photo: save it as JPEG"):
        read_photo(path)


def test_display_p3_may_be_named_by_number() -> None:
    box = b"....colrnclx" + bytes([0, 12, 0, 13, 0, 5, 128])
    assert find_profile(box) == profile_of("display-p3")
    assert find_profile(box.replace(b"\x00\x0c\x00\x0d", b"\x00\x01\x00\x0d")) is None
    assert find_profile(b"nothing of that kind") is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_avif_is_turned_once(tmp_path: Path, orientation: int) -> None:
    upright = np.kron(QUARTERS, np.ones((16, 24, 1)))
    as_stored = {
        1: upright,
        3: np.rot90(upright, 2),
        6: np.rot90(upright),
        8: np.rot90(upright, 3),
        2: np.flip(upright, 1),
        4: np.flip(upright, 0),
        5: upright.swapaxes(0, 1),
        7: np.rot90(upright, 2).swapaxes(0, 1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "a.avif"
    Image.fromarray(np.rint(as_stored * 255).astype(np.uint8)).save(
        path, quality=95, subsampling="4:4:4", exif=exif.tobytes()
    )
    assert np.abs(quarters_of(read_photo(path)) - QUARTERS).max() < 0.02
