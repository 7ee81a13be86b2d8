"""PSD and PSB files, read back with psd-tools."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms
from psd_tools import PSDImage
from psd_tools.constants import Resource

from himapp.errors import ExportError
from himapp.imaging import psd_file
from himapp.imaging.file_tags import FileTags
from himapp.imaging.psd_file import LazyPixels, PsdLayer, needs_psb, write_psd

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
NAME = "Åsa 人 / 1"


def make_pixels(height: int, width: int, channels: int, dtype: Any) -> npt.NDArray[Any]:
    """Noise beside something flat, so that both kinds of packets are used."""
    rng = np.random.default_rng(height + width)
    shape = height, width, channels
    pixels = rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    pixels[:, width // 2 :] = pixels[:1, :1]
    return pixels


def read_levels(values: Any, dtype: Any) -> npt.NDArray[Any]:
    """psd-tools gives float32 in 0..1, which holds 65,536 levels."""
    return np.asarray(np.rint(values * np.iinfo(dtype).max), dtype)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_layers_masks_and_composite_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: Any, channels: int, version: int
) -> None:
    if version == 2:
        monkeypatch.setattr(psd_file, "LARGEST_PSD_SIDE", 100)
    path = tmp_path / "Åsa 人.psd"
    behind, person = make_pixels(90, 130, 3, dtype), make_pixels(41, 57, 4, dtype)
    composite = make_pixels(90, 130, channels, dtype)
    composite[..., 3:] |= np.iinfo(dtype).max // 2 + 1  # colours survive white beneath
    layers = [
        PsdLayer("Background", 0, 0, behind),
        PsdLayer(NAME, 20, 30, person, has_mask=True, opacity=0.5, visible=False),
        PsdLayer("over the edge", -5, 70, person),
    ]
    write_psd(path, (130, 90), layers, composite)
    psd = PSDImage.open(path)
    assert (psd.version, psd.depth, psd.size) == (version, person.itemsize * 8, (130, 90))
    assert [layer.name for layer in psd] == ["Background", NAME, "over the edge"]
    assert [layer.is_visible() for layer in psd] == [True, False, True]
    assert [layer.opacity for layer in psd] == [255, 128, 255]
    assert [layer.bbox for layer in psd][1:] == [(20, 30, 77, 71), (-5, 70, 52, 111)]
    np.testing.assert_array_equal(read_levels(psd[0].numpy(), dtype), behind)
    np.testing.assert_array_equal(read_levels(psd[1].numpy("color"), dtype), person[..., :3])
    np.testing.assert_array_equal(read_levels(psd[1].numpy("mask"), dtype)[..., 0], person[..., 3])
    np.testing.assert_array_equal(read_levels(psd[2].numpy(), dtype), person)
    stored = read_levels(psd.numpy(), dtype).astype(int)
    # Over white a colour at half alpha is rounded at half its steps.
    assert np.abs(stored - composite).max() <= (1 if channels == 4 else 0)


def test_a_name_is_plain_for_old_programs_and_whole_for_others(tmp_path: Path) -> None:
    pixels = np.zeros((2, 2, 3), np.uint8)
    names = [NAME, "", "n" * 400, "\N{MUSICAL SYMBOL G CLEF} \n"]
    layers = [PsdLayer(name, 0, 0, pixels) for name in names]
    write_psd(tmp_path / "a.psd", (2, 2), layers, pixels)
    psd = PSDImage.open(tmp_path / "a.psd")
    assert [layer.name for layer in psd] == names
    old = [layer._record.name for layer in psd]
    assert old == ["Asa _ / 1", "", "n" * 255, "_ _"]


def test_profile_metadata_and_resolution_are_carried(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    pixels = np.zeros((2, 2, 3), np.uint8)
    path = tmp_path / "a.psd"
    write_psd(path, (2, 2), [], pixels, FileTags(SRGB, block, XMP, 299.5))
    resources = PSDImage.open(path).image_resources
    assert resources.get_data(Resource.ICC_PROFILE) == SRGB
    assert resources.get_data(Resource.EXIF_DATA_1) == block
    assert resources.get_data(Resource.XMP_METADATA) == XMP
    resolution = resources.get_data(Resource.RESOLUTION_INFO)
    assert resolution.horizontal == resolution.vertical == 299.5 * 65536
    assert resources.get_data(Resource.VERSION_INFO).has_composite
    with Image.open(path) as image:
        assert image.info["icc_profile"] == SRGB


def test_lazy_pixels_are_made_one_after_the_other(tmp_path: Path) -> None:
    calls: list[str] = []

    def lazy(name: str, value: int) -> LazyPixels:
        def load() -> npt.NDArray[np.uint8]:
            calls.append(name)
            return np.full((4, 5, 3), value, np.uint8)

        return LazyPixels((4, 5, 3), np.dtype(np.uint8), load)

    layers = [PsdLayer(name, 0, 0, lazy(name, value)) for name, value in (("a", 1), ("b", 2))]
    write_psd(tmp_path / "a.psd", (5, 4), layers, lazy("all", 3))
    assert calls == ["a", "b", "all"]
    psd = PSDImage.open(tmp_path / "a.psd")
    values = [read_levels(each.numpy(), np.uint8).max() for each in (*psd, psd)]
    assert values == [1, 2, 3]


def test_a_psb_is_taken_for_what_a_psd_cannot_hold() -> None:
    def lazy(height: int, width: int, channels: int = 3) -> LazyPixels:
        return LazyPixels((height, width, channels), np.dtype(np.uint16), lambda: np.zeros(0))

    assert not needs_psb((30_000, 10), [], lazy(10, 30_000))
    assert needs_psb((30_001, 10), [], lazy(10, 30_001))
    assert needs_psb((20_000, 20_000), [], lazy(20_000, 20_000))
    layer = PsdLayer("a", 0, 0, lazy(12_000, 12_000, 4), has_mask=True)
    assert not needs_psb((9_000, 9_000), [layer], lazy(9_000, 9_000))
    assert needs_psb((9_000, 9_000), [layer] * 2, lazy(9_000, 9_000))


def test_what_does_not_fit_is_the_callers_mistake(tmp_path: Path) -> None:
    rgb, deep = np.zeros((3, 4, 3), np.uint8), np.zeros((3, 4, 3), np.uint16)
    path = tmp_path / "a.psd"
    with pytest.raises(ValueError, match="does not fill"):
        write_psd(path, (3, 4), [], rgb)
    with pytest.raises(ValueError, match="one dtype"):
        write_psd(path, (4, 3), [PsdLayer("a", 0, 0, deep)], rgb)
    with pytest.raises(ValueError, match="uint8 or uint16"):
        write_psd(path, (4, 3), [], rgb.astype(np.float32))
    with pytest.raises(ValueError, match="have not"):
        PsdLayer("a", 0, 0, rgb, has_mask=True)
    with pytest.raises(ValueError, match="opacity"):
        PsdLayer("a", 0, 0, rgb, opacity=1.5)
    with pytest.raises(ValueError, match=r"\[h, w, 3\]"):
        PsdLayer("a", 0, 0, rgb[..., 0])
    wrong = LazyPixels((3, 4, 3), np.dtype(np.uint8), lambda: rgb[:2])
    with pytest.raises(ValueError, match="gave"):
        write_psd(path, (4, 3), [], wrong)
    assert list(tmp_path.iterdir()) == []


def test_a_picture_too_large_for_psb_is_said(tmp_path: Path) -> None:
    wide = LazyPixels((1, 300_001, 3), np.dtype(np.uint8), lambda: np.zeros(0))
    with pytest.raises(ExportError, match=r"“a\.psb” is too large for PSB"):
        write_psd(tmp_path / "a.psb", (300_001, 1), [], wide)
