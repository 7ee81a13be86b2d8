"""From file to file, as a photographer sees it: what must hold whatever lies between.

People are drawn here instead of found, so that what they should be is known exactly.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms
from psd_tools import PSDImage

from himapp.document import edits
from himapp.document.document import Document
from himapp.document.export import run_export
from himapp.document.export_names import DEFAULT_TEMPLATES
from himapp.document.export_options import (
    CodingOptions,
    CropOptions,
    ExportOptions,
    NamingOptions,
)
from himapp.document.render_cache import RenderCache
from himapp.imaging.file_tags import FileTags
from himapp.imaging.image_files import write_png, write_tiff
from himapp.imaging.photo_io import read_photo
from himapp.imaging.working_spaces import profile_of
from himapp.inference.session import InstanceMatte

ORIENTATION = 0x0112
ÅSA = "Åsa 人 / 1"
FULL_FRAME = CropOptions(is_cropped=False)
# From upright to stored: what turns a picture of that orientation back to upright.
STORED = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: np.rot90(p),
    7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
    8: lambda p: np.rot90(p, -1),
}


def export(document: Document, folder: Path, options: ExportOptions) -> Path:
    (file,) = run_export(document, options, folder, cache=RenderCache())
    return file


def read(path: Path) -> Any:
    if path.suffix == ".psd":
        psd = PSDImage.open(path)
        return np.rint(psd.numpy() * (2**psd.depth - 1)).astype(int)
    if path.suffix == ".tif":
        return tifffile.imread(path)
    if path.suffix == ".png":
        import cv2  # Pillow has no 16-bit RGB

        return cv2.imread(str(path), cv2.IMREAD_UNCHANGED | cv2.IMREAD_ANYDEPTH)[..., [2, 1, 0]]
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def opened_with_person(path: Path, name: str = "Person 1") -> Document:
    """A document of a photo in which a person fills most of it."""
    document = Document.for_photo(read_photo(path))
    height, width = document.photo.height, document.photo.width
    alpha = np.zeros((height, width), np.uint16)
    alpha[1:-1, 1:-1] = 65535
    person = InstanceMatte(alpha, 0, 0, 0.9, (1.0, 1.0, width - 1.0, height - 1.0))
    return edits.rename(edits.add_person_layers(document, [person]), 1, name)


# 1. Orientation ---------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_a_turned_photo_is_upright_in_every_file(
    tmp_path: Path, suffix: str, orientation: int
) -> None:
    blocks = np.arange(18, dtype=np.uint8).reshape(2, 3, 3) * 14
    upright = np.kron(blocks, np.ones((16, 16, 1), np.uint8))  # flat blocks survive a JPEG
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[0x010F] = "Maker"
    lossless = {"lossless": True} if suffix == "webp" else {}
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](upright)))
    stored.save(tmp_path / f"photo.{suffix}", exif=exif, **lossless)
    document = Document.for_photo(read_photo(tmp_path / f"photo.{suffix}"))
    for image_format in ("jpeg", "png", "tiff", "webp"):
        coding = CodingOptions(image_format, metadata="all")
        file = export(document, tmp_path / "out", ExportOptions("composite", coding=coding))
        difference = read(file)[8::16, 8::16].astype(int) - blocks
        assert np.abs(difference).max() <= 6  # two JPEGs at worst
        with Image.open(file) as image:
            assert image.getexif().get(ORIENTATION, 1) == 1
            assert image.getexif()[0x010F] == "Maker"


# 2. Colours at soft edges ------------------------------------------------------------------

SOFT_BOUND = 6.0
"""Mean error in the soft band, of 255, on any background; measured at 1 to 3."""


@pytest.mark.parametrize("image_format", ["png", "tiff", "webp"])
def test_a_cut_out_on_any_background_is_the_true_person(tmp_path: Path, image_format: Any) -> None:
    height, width = 160, 200
    grid = np.hypot(*np.mgrid[-80:80, -100:100])
    alpha = np.clip((60 - grid) / 20, 0, 1)[..., np.newaxis]
    person = np.stack(np.broadcast_arrays(0.8, np.linspace(0.1, 0.5, width), 0.15), -1)
    person = np.broadcast_to(person, (height, width, 3))
    behind = np.broadcast_to(np.array([0.1, 0.3, 0.9]), (height, width, 3))
    photo = np.rint((alpha * person + (1 - alpha) * behind) * 255).astype(np.uint8)
    write_png(tmp_path / "photo.png", photo)
    matte = np.rint(alpha[..., 0] * 65535).astype(np.uint16)
    document = edits.add_person_layers(
        Document.for_photo(read_photo(tmp_path / "photo.png")),
        [InstanceMatte(matte, 0, 0, 0.9, (0.0, 0.0, float(width), float(height)))],
    )
    options = ExportOptions(crop=FULL_FRAME, coding=CodingOptions(image_format))
    file = export(document, tmp_path / "out", options)
    with Image.open(file) as image:
        rgba = np.asarray(image).astype(float)
    soft = (alpha[..., 0] > 0.02) & (alpha[..., 0] < 0.98)
    share = rgba[..., 3:] / 255

    def error(colours: Any, backdrop: tuple[int, int, int]) -> float:
        shown = share * colours + (1 - share) * np.array(backdrop)
        true = alpha * person * 255 + (1 - alpha) * np.array(backdrop)
        return float(np.abs(shown - true)[soft].mean())

    for backdrop in ((0, 0, 0), (255, 255, 255), (255, 0, 0)):
        assert error(rgba[..., :3], backdrop) < SOFT_BOUND
        # What other programs do wrong fails the same bound: premultiplied, and the photo itself.
        assert error(rgba[..., :3] * share, backdrop) > SOFT_BOUND
        assert error(photo.astype(float), backdrop) > SOFT_BOUND


# 3. Colour spaces --------------------------------------------------------------------------


@pytest.mark.parametrize("space", ["adobe-rgb", "display-p3"])
def test_a_wide_photo_keeps_its_profile_or_becomes_srgb_as_lcms_says(
    tmp_path: Path, space: Any
) -> None:
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    pixels = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(27, 27, 3)
    write_tiff(tmp_path / "wide.tif", pixels, FileTags(profile_of(space)))
    document = opened_with_person(tmp_path / "wide.tif")
    kept = export(document, tmp_path / "out", ExportOptions("composite"))
    with Image.open(kept) as image:
        assert image.info["icc_profile"] == profile_of(space)
        np.testing.assert_array_equal(np.asarray(image), pixels)
    coding = CodingOptions(color_space="srgb")
    converted = export(document, tmp_path / "out", ExportOptions("composite", coding=coding))
    expected = ImageCms.profileToProfile(
        Image.fromarray(pixels),
        ImageCms.ImageCmsProfile(io.BytesIO(profile_of(space))),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
    )
    with Image.open(converted) as image:
        assert image.info["icc_profile"] == profile_of("srgb")
        difference = np.asarray(image).astype(int) - np.asarray(expected)
    assert np.abs(difference).max() <= 1


# 4. Depth ----------------------------------------------------------------------------------


@pytest.mark.parametrize("image_format", ["png", "tiff", "psd"])
@pytest.mark.parametrize("write", [write_png, write_tiff])
def test_sixteen_bits_stay_sixteen_bits(tmp_path: Path, image_format: Any, write: Any) -> None:
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1).repeat(3, axis=2)
    write(tmp_path / "deep", np.ascontiguousarray(ramp))
    document = opened_with_person(tmp_path / "deep")
    content: Any = "layered" if image_format == "psd" else "composite"
    options = ExportOptions(content, coding=CodingOptions(image_format))
    pixels = read(export(document, tmp_path / "out", options))
    np.testing.assert_array_equal(pixels[..., :3], ramp)
    assert len(np.unique(pixels)) == 65536


# 8. Names ----------------------------------------------------------------------------------


@pytest.mark.parametrize("image_format", ["png", "psd"])
@pytest.mark.parametrize(
    "template",
    [*DEFAULT_TEMPLATES.values(), "{person}", "{stem} {person} {index:02} {date} {w} {h} {ext}"],
)
def test_any_name_exports_by_any_template(tmp_path: Path, image_format: Any, template: str) -> None:
    write_png(tmp_path / "CON.Åsa.png", np.full((20, 30, 3), 90, np.uint8))
    document = opened_with_person(tmp_path / "CON.Åsa.png", ÅSA)
    content: Any = "layered" if image_format == "psd" else "cut-out"
    naming = NamingOptions(template)
    options = ExportOptions(content, coding=CodingOptions(image_format), naming=naming)
    file = export(document, tmp_path / "out", options)
    if content == "layered":
        assert [layer.name for layer in PSDImage.open(file)][1:] == [ÅSA]
    elif "{person}" in template:
        assert "Åsa 人 - 1" in file.name
    assert read(file).size
