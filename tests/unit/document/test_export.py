import cv2
import numpy as np
import pytest
from PIL import Image

from himapp.document import edits
from himapp.document.background import ColourBackground, TransparentBackground
from himapp.document.document import Document
from himapp.document.export import run_export
from himapp.document.export_options import (
    CodingOptions,
    CropOptions,
    ExportOptions,
)
from himapp.document.render import render_level, render_person
from himapp.errors import Cancelled, ExportError
from himapp.imaging.photo import Photo
from himapp.inference.session import InstanceMatte


def read_rgba(path):
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA)


def read_profile(path):
    with Image.open(path) as image:
        return image.info["icc_profile"]


class CancelAfter:
    """Withdraws an export when it was asked a number of times."""

    def __init__(self, times):
        self.left = times

    def raise_if_cancelled(self):
        self.left -= 1
        if self.left < 0:
            raise Cancelled


FULL_FRAME = CropOptions(is_cropped=False)
JPEG = CodingOptions("jpeg")


def names(plan):
    return [file.path.name for file in plan.files]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_cut_outs_hold_what_the_screen_shows_at_full_depth_with_the_profile(
    make_document, cache, tmp_path, dtype
):
    document = make_document(dtype=dtype)
    files = run_export(document, ExportOptions(), tmp_path / "new", cache=cache)
    assert [file.name for file in files] == [f"photo-person-0{number}.png" for number in (1, 2, 3)]
    for file, layer in zip(files, document.layers, strict=True):
        pixels = read_rgba(file)
        assert pixels.dtype == dtype
        expected = render_person(document, layer.id, layer.visible_bounds, 0, cache=cache)
        np.testing.assert_array_equal(pixels, expected)
        assert read_profile(file) == document.photo.icc


def test_a_full_frame_cut_out_has_the_photos_size(make_document, cache, tmp_path):
    document = make_document(1100, 120 + 300)
    options = ExportOptions(people=(3,), crop=FULL_FRAME)
    (file,) = run_export(document, options, tmp_path, cache=cache)
    pixels = read_rgba(file)
    assert pixels.shape == (1100, 420, 4)
    expected = render_person(document, 3, document.frame, 0, cache=cache)
    # The file is rendered in stripes.
    np.testing.assert_allclose(pixels.astype(int), expected.astype(int), atol=1)


@pytest.mark.parametrize("content", ["cut-out", "matte"])
def test_faint_traces_far_from_a_person_are_in_the_full_frame_alone(cache, tmp_path, content):
    alpha = np.full((60, 80), 700, np.uint16)  # 1 %: 3 of 255
    alpha[20:40, 30:50] = 65535
    person = InstanceMatte(alpha, 10, 10, 0.9, (10.0, 10.0, 90.0, 70.0))
    photo = Photo(np.full((100, 120, 3), 90, np.uint8))
    document = edits.add_person_layers(Document.for_photo(photo), [person])
    cropped, full = (
        run_export(
            document,
            ExportOptions(content=content, crop=CropOptions(is_cropped)),
            tmp_path / str(is_cropped),
            cache=cache,
        )[0]
        for is_cropped in (True, False)
    )
    crop, frame = (cv2.imread(str(file), cv2.IMREAD_UNCHANGED) for file in (cropped, full))
    assert crop.shape[:2] == (20, 20)
    assert frame.shape[:2] == (100, 120)
    in_frame = frame if content == "matte" else frame[..., 3]
    assert in_frame[15, 15] == 3
    assert in_frame[5, 5] == 0


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_mattes_are_grey_files_of_the_photos_depth(make_document, cache, tmp_path, dtype):
    document = make_document(dtype=dtype)
    options = ExportOptions(content="matte", people=(1,))
    (file,) = run_export(document, options, tmp_path, cache=cache)
    assert file.name == "photo-person-01-matte.png"
    values = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    assert values.dtype == dtype
    matte = document.layers[0].matte.to_array()
    expected = matte if dtype == np.uint16 else np.rint(matte / 257)
    np.testing.assert_array_equal(values, expected)


def test_the_composite_is_the_picture_without_alpha_where_it_is_opaque(
    make_document, cache, tmp_path
):
    document = edits.set_background(make_document(), ColourBackground((3, 2, 1)))
    (file,) = run_export(document, ExportOptions("composite"), tmp_path, cache=cache)
    pixels = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    expected = render_level(document, document.frame, 0, cache=cache)
    np.testing.assert_array_equal(pixels[..., ::-1], expected[..., :3])


def test_a_transparent_composite_keeps_alpha_in_a_png_and_is_white_in_a_jpeg(
    make_document, cache, tmp_path
):
    document = edits.set_background(make_document(), TransparentBackground())
    (png,) = run_export(document, ExportOptions("composite"), tmp_path, cache=cache)
    np.testing.assert_array_equal(
        read_rgba(png), render_level(document, document.frame, 0, cache=cache)
    )
    options = ExportOptions("composite", coding=JPEG)
    (jpeg,) = run_export(document, options, tmp_path, cache=cache)
    assert jpeg.name == "photo-composite.jpg"
    assert cv2.imread(str(jpeg))[5, 5].min() >= 253  # JPEG is lossy
    assert read_profile(jpeg) == document.photo.icc


def test_nobody_means_no_files(make_document, cache, tmp_path):
    document = Document.for_photo(make_document().photo)
    assert run_export(document, ExportOptions(), tmp_path, cache=cache) == ()


def test_progress_counts_stripes_of_all_files(make_document, cache, tmp_path):
    seen = []
    options = ExportOptions(crop=FULL_FRAME)
    run_export(
        make_document(600, 400),
        options,
        tmp_path,
        cache=cache,
        progress=lambda *step: seen.append(step),
    )
    assert seen == [(i + 1, 6) for i in range(6)]


@pytest.mark.parametrize(("asked", "files"), [(0, 0), (1, 0), (2, 1)])
def test_a_cancelled_export_leaves_whole_files_only(make_document, cache, tmp_path, asked, files):
    with pytest.raises(Cancelled):
        run_export(
            make_document(), ExportOptions(), tmp_path, cache=cache, cancel=CancelAfter(asked)
        )
    assert len(list(tmp_path.iterdir())) == files


def test_a_folder_that_cannot_be_is_one_sentence(make_document, cache, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExportError):
        run_export(make_document(), ExportOptions(), tmp_path / "file", cache=cache)
