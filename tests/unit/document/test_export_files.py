"""What an export writes, read back by other programs."""

import errno
import json

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image
from psd_tools import PSDImage

from himapp import atomic_file
from himapp.document import edits
from himapp.document.adjustments import Adjustments
from himapp.document.background import ColourBackground, TransparentBackground
from himapp.document.document import Document
from himapp.document.export import run_export
from himapp.document.export_options import (
    CodingOptions,
    CropOptions,
    ExportOptions,
    NamingOptions,
    SizeOptions,
)
from himapp.document.render import render_level, render_person
from himapp.errors import Cancelled, ExportError
from himapp.imaging.photo import Photo
from himapp.imaging.profile_conversion import convert_pixels
from himapp.imaging.working_spaces import profile_of
from himapp.inference.session import InstanceMatte

ÅSA = "Åsa 人 / 1"
FULL_FRAME = CropOptions(is_cropped=False)
FORMATS = ("png", "webp", "tiff", "jpeg")


def export(document, options, folder, cache):
    return run_export(document, options, folder, cache=cache)


def read(path):
    if path.suffix == ".tif":
        return tifffile.imread(path)
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.fixture
def soft_person():
    """A red person with a known matte on a background that goes from black to white."""
    height, width = 120, 160
    alpha = np.zeros((height, width), np.float32)
    grid = np.hypot(*np.mgrid[-60:60, -80:80])
    alpha = np.clip((40 - grid) / 16, 0, 1)
    person = np.array([0.8, 0.2, 0.1])
    behind = np.linspace(0, 1, width)[None, :, None] * np.ones((height, 1, 3))
    pixels = alpha[..., None] * person + (1 - alpha[..., None]) * behind
    photo = Photo(np.rint(pixels * 255).astype(np.uint8))
    found = InstanceMatte(np.rint(alpha * 65535).astype(np.uint16), 0, 0, 0.9, (0, 0, 9, 9))
    return edits.add_person_layers(Document.for_photo(photo), [found]), person


@pytest.mark.parametrize("image_format", FORMATS)
@pytest.mark.parametrize("content", ["cut-out", "matte", "composite"])
def test_every_format_takes_every_picture(make_document, cache, tmp_path, image_format, content):
    document = edits.set_background(make_document(), TransparentBackground())
    options = ExportOptions(content, people=(1,), coding=CodingOptions(image_format))
    (file,) = export(document, options, tmp_path, cache)
    pixels = read(file)
    planes = 2 if content == "matte" else 3
    assert pixels.ndim == 3 if image_format == "webp" else pixels.ndim == planes
    if content == "cut-out" and image_format != "jpeg":
        region = document.layers[0].visible_bounds
        expected = render_person(document, 1, region, 0, cache=cache)
        np.testing.assert_array_equal(pixels, expected)


@pytest.mark.parametrize("template", ["{person}", "{stem}-{person}-{index:02}", "{date} {person}"])
@pytest.mark.parametrize("image_format", FORMATS)
def test_any_persons_name_makes_a_file(make_document, cache, tmp_path, template, image_format):
    document = edits.rename(make_document(), 1, ÅSA)
    naming = NamingOptions(template)
    options = ExportOptions(people=(1,), coding=CodingOptions(image_format), naming=naming)
    (file,) = export(document, options, tmp_path, cache)
    assert "Åsa 人 - 1" in file.name
    assert read(file).size


def test_layers_keep_names_places_and_masks(make_document, cache, tmp_path):
    document = edits.rename(make_document(), 1, ÅSA)
    options = ExportOptions("layered", coding=CodingOptions("psd"))
    (file,) = export(document, options, tmp_path, cache)
    psd = PSDImage.open(file)
    assert [layer.name for layer in psd] == ["Background", ÅSA, "Person 2", "Person 3"]
    assert np.asarray(psd.topil()).shape == (300, 400, 3)


@pytest.mark.parametrize(("depth", "dtype"), [("8", np.uint8), ("16", np.uint16)])
def test_layers_are_converted_and_brought_to_a_depth(make_document, cache, tmp_path, depth, dtype):
    document = make_document(dtype=np.uint16)
    coding = CodingOptions("psd", depth, color_space="adobe-rgb")
    seen = []
    (file,) = run_export(
        document,
        ExportOptions("layered", coding=coding),
        tmp_path,
        cache=cache,
        progress=lambda *step: seen.append(step),
    )
    psd = PSDImage.open(file)
    assert psd.depth == int(depth)
    expected = convert_pixels(document.photo.pixels, document.photo.icc, profile_of("adobe-rgb"))
    top = np.iinfo(dtype).max
    difference = np.abs(psd.numpy()[..., :3] * 255 - expected / 257)
    assert difference.max() <= 255 / top * 1.01 + 0.51 * (dtype == np.uint8)
    assert seen[-1] == (100, 100)


@pytest.mark.parametrize("space", ["srgb", "display-p3", "adobe-rgb"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colours_are_converted_after_rendering(make_document, cache, tmp_path, space, dtype):
    document = make_document(dtype=dtype)
    options = ExportOptions("composite", coding=CodingOptions("tiff", color_space=space))
    (file,) = export(document, options, tmp_path, cache)
    expected = convert_pixels(document.photo.pixels, document.photo.icc, profile_of(space))
    np.testing.assert_array_equal(read(file), expected)
    with tifffile.TiffFile(file) as tiff:
        assert tiff.pages[0].tags["InterColorProfile"].value == profile_of(space)


@pytest.mark.parametrize(
    ("dtype", "depth", "wanted"),
    [
        (np.uint8, "16", np.uint16),
        (np.uint16, "8", np.uint8),
        (np.uint16, "keep", np.uint16),
        (np.uint8, "keep", np.uint8),
    ],
)
@pytest.mark.parametrize("content", ["cut-out", "matte", "composite"])
def test_files_have_the_depth_asked_for(
    make_document, cache, tmp_path, dtype, depth, wanted, content
):
    document = make_document(dtype=dtype)
    options = ExportOptions(content, people=(1,), coding=CodingOptions("tiff", depth))
    (file,) = export(document, options, tmp_path, cache)
    pixels = read(file)
    assert pixels.dtype == wanted
    if content == "composite":
        difference = np.abs(
            pixels / np.iinfo(wanted).max - document.photo.pixels / np.iinfo(dtype).max
        )
        assert difference.max() <= 0.5 / 255 * 1.001  # rounded once


@pytest.mark.parametrize("image_format", ["png", "tiff"])
def test_a_deep_cut_out_of_an_8_bit_photo_has_the_mattes_own_levels(
    make_document, cache, tmp_path, image_format
):
    document = make_document()
    coding = CodingOptions(image_format, "16")
    options = ExportOptions(people=(1,), coding=coding, crop=FULL_FRAME)
    (file,) = export(document, options, tmp_path, cache)
    is_tiff = image_format == "tiff"
    alpha = read(file)[..., 3] if is_tiff else cv2.imread(str(file), cv2.IMREAD_UNCHANGED)[..., 3]
    matte = document.layers[0].matte
    np.testing.assert_array_equal(alpha[matte.bounds.slices_in(document.frame)], matte.to_array())


def test_the_masks_of_deep_layers_of_an_8_bit_photo_have_the_mattes_own_levels(
    make_document, cache, tmp_path
):
    document = make_document()
    options = ExportOptions("layered", coding=CodingOptions("psd", "16"))
    (file,) = export(document, options, tmp_path, cache)
    layer, matte = PSDImage.open(file)[1], document.layers[0].matte
    mask = np.rint(layer.numpy("mask")[..., 0] * 65535)
    top, left = matte.bounds.y - layer.top, matte.bounds.x - layer.left
    inside = mask[top : top + matte.bounds.height, left : left + matte.bounds.width]
    np.testing.assert_array_equal(inside, matte.to_array())


@pytest.mark.parametrize("background", [None, ColourBackground((9, 99, 200))])
def test_deep_edits_of_an_8_bit_photo_are_rounded_once(make_document, cache, tmp_path, background):
    eight = edits.set_adjustments(make_document(), 1, Adjustments(exposure_stops=0.3))
    if background is not None:
        eight = edits.set_background(eight, background)
    options = ExportOptions("composite", coding=CodingOptions("tiff", "16"))
    (file,) = export(eight, options, tmp_path, cache)
    deep, shown = read(file), render_level(eight, eight.frame, 0, cache=cache)[..., :3]
    assert np.abs(deep / 257 - shown).max() <= 0.5 * 1.001
    assert (deep % 257 != 0).any()


def test_a_smaller_cut_out_keeps_the_persons_own_colours(soft_person, cache, tmp_path):
    document, person = soft_person
    options = ExportOptions(crop=FULL_FRAME, size=SizeOptions(61))
    (file,) = export(document, options, tmp_path, cache)
    pixels = read(file).astype(float)
    assert pixels.shape[:2] == (46, 61)
    shown = pixels[pixels[..., 3] > 64]
    # F is an estimate; where colours were premultiplied, half alpha would halve them.
    assert np.abs(shown[:, :3] - person * 255).max() < 26
    clear = pixels[pixels[..., 3] == 0]
    near = clear[clear[:, :3].any(axis=1)]
    assert len(near) > 20  # bleeds
    assert np.abs(near[:, :3] - person * 255).max() < 40


@pytest.mark.parametrize("side", [37, 200, 399, 801])
def test_stripes_of_another_size_have_no_seam(make_document, cache, tmp_path, side):
    document = make_document(1100, 400)
    size = SizeOptions(side, may_enlarge=True)
    options = ExportOptions("composite", size=size, coding=CodingOptions("tiff"))
    (file,) = export(document, options, tmp_path, cache)
    with Image.fromarray(np.asarray(document.photo.pixels)) as whole:
        box = Image.Resampling.BOX
        expected = np.asarray(whole.resize((read(file).shape[1], side), box)).astype(float)
    # Another program's rounding of areas; a seam would be a row that is off.
    rows = np.abs(read(file).astype(float) - expected).mean(axis=(1, 2))
    assert rows.max() < 3 * np.median(rows) + 3


def test_what_hangs_over_the_photo_is_clear_or_paper(make_document, cache, tmp_path):
    document = make_document()
    crop = CropOptions(aspect="16:9", margin=200)
    for image_format, corner in (("png", (0, 0, 0, 0)), ("jpeg", (10, 20, 30))):
        coding = CodingOptions(image_format, quality=100, background=(10, 20, 30))
        options = ExportOptions(people=(3,), crop=crop, coding=coding)
        (file,) = export(document, options, tmp_path, cache)
        pixels = read(file).astype(int)
        assert abs(pixels.shape[1] / pixels.shape[0] - 16 / 9) < 0.01
        assert np.abs(pixels[0, 0] - corner).max() <= 2  # JPEG is lossy
        assert np.abs(pixels[-1, -1] - corner).max() <= 2


@pytest.mark.parametrize("space", ["keep", "srgb"])
@pytest.mark.parametrize("photos", ["adobe-rgb", "display-p3", "srgb"])
def test_the_colour_behind_a_jpeg_is_srgb_whatever_the_photos_space(cache, tmp_path, photos, space):
    paper = (62, 104, 168)
    photo = Photo(np.full((60, 90, 3), 90, np.uint8), icc=profile_of(photos))
    document = Document.for_photo(photo)
    document = edits.set_background(document, TransparentBackground())
    coding = CodingOptions("jpeg", quality=100, color_space=space, background=paper)
    (file,) = export(document, ExportOptions("composite", coding=coding), tmp_path, cache)
    written = profile_of(photos if space == "keep" else space)
    shown = convert_pixels(read(file), written, None)
    # Paper, file and this reading are rounded to 8 bit, and JPEG is lossy.
    assert np.abs(shown.astype(int) - paper).max() <= 3


def test_photo_colours_stand_under_the_matte_when_asked(soft_person, cache, tmp_path):
    document, _ = soft_person
    options = ExportOptions(crop=FULL_FRAME, is_decontaminated=False)
    (file,) = export(document, options, tmp_path, cache)
    pixels = read(file)
    shown = pixels[..., 3] > 0
    np.testing.assert_array_equal(pixels[shown][:, :3], document.photo.pixels[shown])
    assert not pixels[~shown].any()


def test_grey_stays_grey_until_a_colour_comes(make_document, cache, tmp_path):
    grey = make_document().photo.pixels[..., :1].repeat(3, axis=2)
    photo = Photo(grey, is_grey=True)
    person = InstanceMatte(np.full((60, 40), 65535, np.uint16), 20, 30, 0.9, (20, 30, 60, 90))
    document = edits.add_person_layers(Document.for_photo(photo), [person])
    document = edits.set_adjustments(document, 1, Adjustments(exposure_stops=0.5))
    options = ExportOptions(naming=NamingOptions("a"))
    (file,) = export(document, options, tmp_path, cache)
    with Image.open(file) as image:
        assert image.mode == "LA"
    red = edits.set_background(document, ColourBackground((200, 0, 0)))
    for shown, mode in ((document, "L"), (red, "RGB")):
        (file,) = export(shown, ExportOptions("composite"), tmp_path, cache)
        with Image.open(file) as image:
            assert image.mode == mode


def test_the_sidecar_tells_where_files_belong(make_document, cache, tmp_path):
    document = edits.rename(make_document(), 2, ÅSA)
    naming = NamingOptions("{index}", has_sidecar=True)
    *files, sidecar = export(document, ExportOptions(naming=naming), tmp_path, cache)
    told = json.loads(sidecar.read_text(encoding="utf-8"))
    assert told["photo"] == {"name": None, "size": [400, 300]}
    assert [entry["file"] for entry in told["files"]] == [file.name for file in files]
    second = told["files"][1]
    assert (second["person"], second["number"]) == (ÅSA, 2)
    x, y, width, height = second["region"]
    with Image.open(files[1]) as image:
        assert image.size == (width, height) == tuple(second["size"])
        alpha = np.asarray(image)[..., 3]
    whole = render_person(document, 2, document.frame, 0, cache=cache)[..., 3]
    np.testing.assert_array_equal(alpha, whole[y : y + height, x : x + width])


def test_resolution_is_written(make_document, cache, tmp_path):
    for image_format in ("png", "tiff", "jpeg"):
        coding, size = CodingOptions(image_format), SizeOptions(dpi=240)
        options = ExportOptions(people=(1,), coding=coding, size=size)
        (file,) = export(make_document(), options, tmp_path, cache)
        with Image.open(file) as image:
            assert [round(float(value)) for value in image.info["dpi"]] == [240, 240]


def test_a_full_disk_names_what_was_written(make_document, cache, tmp_path, monkeypatch):
    asked = []

    def be_full(descriptor):
        asked.append(descriptor)
        if len(asked) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic_file.os, "fsync", be_full)
    with pytest.raises(ExportError) as caught:
        export(make_document(), ExportOptions(), tmp_path, cache)
    sentence = str(caught.value)
    assert "there is no space left on the disk (written before: “photo-person-0" in sentence
    written = [path.name for path in tmp_path.iterdir()]
    assert all(name in sentence for name in written)
    assert not any(name.endswith(".tmp") for name in written)


def test_a_file_that_comes_meanwhile_is_kept(make_document, cache, tmp_path):
    late = tmp_path / "photo-person-03.png"

    def bring_file(done, of):
        late.write_bytes(b"mine")

    with pytest.raises(ExportError, match="another file of that name has just come"):
        run_export(make_document(), ExportOptions(), tmp_path, cache=cache, progress=bring_file)
    assert late.read_bytes() == b"mine"


@pytest.mark.parametrize("error", [MemoryError(), cv2.error("(-4:Insufficient memory)")])
def test_too_little_memory_is_a_sentence(make_document, cache, tmp_path, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("himapp.document.export_pixels.render_person", fail)
    with pytest.raises(ExportError, match=r"photo-person-01\.png.*not enough memory"):
        export(make_document(), ExportOptions(), tmp_path, cache)


class CancelAfter:
    def __init__(self, times):
        self.left = times

    def raise_if_cancelled(self):
        self.left -= 1
        if self.left < 0:
            raise Cancelled


def test_layers_can_be_cancelled(make_document, cache, tmp_path):
    options = ExportOptions("layered", coding=CodingOptions("psd"))
    with pytest.raises(Cancelled):
        run_export(make_document(), options, tmp_path, cache=cache, cancel=CancelAfter(2))
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_what_the_screen_shows(make_document, cache, tmp_path):
    document = edits.set_background(make_document(1100, 400), ColourBackground((9, 99, 199)))
    document = edits.set_adjustments(document, 1, Adjustments(0.7, -0.4, 3.0))
    (file,) = export(document, ExportOptions("composite"), tmp_path, cache)
    shown = render_level(document, document.frame, 0, cache=cache)[..., :3]
    # Stripes differ by rounding.
    assert np.abs(read(file).astype(int) - shown).max() <= 1
