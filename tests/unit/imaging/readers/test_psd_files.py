from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from odd_formats import write_psd
from odd_sources import HEIGHT, WIDTH, draw, profile
from psd_tools import PSDImage

from himapp.errors import PhotoError
from himapp.imaging.photo_io import read_photo
from himapp.imaging.readers.psd_files import read_psd


def planes(channels: int, kind: type = np.uint8) -> np.ndarray:
    return np.moveaxis(draw(channels, kind), 2, 0)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("compression", [0, 1, 2, 3])
def test_every_packing_gives_the_same_pixels(compression: int, version: int, kind: type) -> None:
    data = write_psd(planes(3, kind), 3, compression=compression, version=version)
    decoded = read_psd(data, "a.psd")
    np.testing.assert_array_equal(decoded.samples, draw(3, kind))
    other = np.asarray(PSDImage.open(BytesIO(data)).numpy())
    assert np.abs(other - draw(3, kind) / np.iinfo(kind).max).max() < 1e-6


def test_the_merged_picture_is_over_white_already() -> None:
    """Photoshop lays it over white; the channel behind the colours is transparency, or saved."""
    decoded = read_psd(write_psd(planes(4), 3), "a.psd")
    assert decoded.alpha is None
    np.testing.assert_array_equal(decoded.samples, draw(3))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_cmyk_is_stored_as_what_is_left_of_the_paper(kind: type) -> None:
    decoded = read_psd(write_psd(np.invert(planes(4, kind)), 4), "a.psd")
    assert decoded.model == "CMYK"
    np.testing.assert_array_equal(decoded.samples, draw(4, kind))


def test_grey_and_duotone_stay_grey(tmp_path: Path) -> None:
    for mode in (1, 8):
        path = tmp_path / "a.psd"
        path.write_bytes(write_psd(planes(1, np.uint16), mode))
        photo = read_photo(path)
        assert photo.is_grey
        np.testing.assert_array_equal(photo.pixels[:, :, 1], draw(1, np.uint16)[:, :, 0])


def test_a_bitmap_has_black_ones() -> None:
    bits = np.full((1, HEIGHT, WIDTH // 8), 0b10000001, np.uint8)
    decoded = read_psd(write_psd(bits, 0, bits=1), "a.psd")
    assert decoded.samples[0, :9].tolist() == [0, *[255] * 6, 0, 0]


def test_a_palette_becomes_rgb() -> None:
    palette = bytes(range(256)) + bytes(reversed(range(256))) + bytes([7] * 256)
    decoded = read_psd(write_psd(planes(1), 2, palette=palette), "a.psd")
    index = draw(1)[:, :, 0]
    expected = np.stack([index, 255 - index, np.full_like(index, 7)], axis=2)
    np.testing.assert_array_equal(decoded.samples, expected)


def test_the_resources_say_profile_resolution_and_text(tmp_path: Path) -> None:
    resources = {
        1005: (300 << 16).to_bytes(4, "big") + bytes(12),
        1028: b"\x1c\x02\x50\x00\x03Ann",
        1039: profile(),
        1060: b"<x/>",
    }
    path = tmp_path / "a.psd"
    path.write_bytes(write_psd(planes(3), 3, resources=resources))
    photo = read_photo(path)
    assert (photo.format, photo.dpi, photo.icc) == ("PSD", 300, profile())
    assert (photo.iptc, photo.xmp) == (b"\x1c\x02\x50\x00\x03Ann", b"<x/>")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (write_psd(planes(3), 3, resources={1057: b"\0\0\0\1\0"}), "Maximize Compatibility"),
        (write_psd(planes(3), 7), "no RGB, grey, CMYK or Lab"),
        (write_psd(planes(3).astype(np.uint32), 3, compression=0), "32 bits"),
        (write_psd(planes(2), 3), "is damaged"),
    ],
)
def test_what_cannot_be_shown_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "a.psd"
    path.write_bytes(data)
    with pytest.raises(PhotoError, match=reason):
        read_photo(path)
