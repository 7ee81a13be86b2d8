import os
from dataclasses import replace

import numpy as np
import pytest

from himapp.document import edits
from himapp.document.background import ImageBackground
from himapp.document.document import Document
from himapp.document.export_options import (
    CodingOptions,
    CropOptions,
    ExportOptions,
    NamingOptions,
    SizeOptions,
)
from himapp.document.export_plan import plan_export
from himapp.document.regions import Region
from himapp.errors import ExportError
from himapp.imaging.photo import Photo

MANY = NamingOptions("{stem}-{index:02}")


def names(plan):
    return [file.path.name for file in plan.files]


def with_path(document, path, **more):
    return replace(document, photo=replace(document.photo, path=path, **more))


def first(document, folder, **options):
    return plan_export(document, ExportOptions(people=(1,), **options), folder).files[0]


def test_files_are_named_after_photo_and_person(make_document, tmp_path):
    document = with_path(make_document(), tmp_path / "wed.ding.jpg")
    document = edits.rename(document, 2, "Åsa 人 / 1")
    assert names(plan_export(document, ExportOptions(), tmp_path)) == [
        "wed.ding-person-01.png",
        "wed.ding-person-02.png",
        "wed.ding-person-03.png",
    ]
    template = NamingOptions("{person}, {w}x{h}")
    plan = plan_export(document, ExportOptions(people=(2,), naming=template), tmp_path)
    width, height = plan.files[0].size
    assert names(plan) == [f"Åsa 人 - 1, {width}x{height}.png"]


def test_one_name_for_all_gets_numbers(make_document, tmp_path):
    document = edits.rename(make_document(), 2, "PHOTO")
    document = edits.rename(document, 3, "photo ")
    document = edits.rename(document, 1, "photo")
    plan = plan_export(document, ExportOptions(naming=NamingOptions("{person}")), tmp_path)
    assert names(plan) == ["photo.png", "PHOTO-2.png", "photo-3.png"]


@pytest.mark.parametrize(
    ("captured", "day"),
    [("2024:02:29 23:59:59", "2024-02-29"), ("0000:00:00 00:00:00", None), (None, None)],
)
def test_the_date_is_the_photos(make_document, tmp_path, captured, day):
    source = tmp_path / "a.jpg"
    source.write_bytes(b"photo")
    os.utime(source, (1_000_000_000, 1_000_000_000))
    document = with_path(make_document(), source, captured=captured)
    options = ExportOptions("composite", naming=NamingOptions("{date}"))
    assert names(plan_export(document, options, tmp_path)) == [f"{day or '2001-09-09'}.png"]


def test_a_taken_name_gets_a_number(make_document, tmp_path):
    (tmp_path / "a-1.png").write_bytes(b"mine")
    (tmp_path / "a-1-2.png").write_bytes(b"mine")
    for collision, name, fate in (
        ("rename", "a-1-3.png", "new"),
        ("overwrite", "a-1.png", "replaced"),
        ("skip", "a-1.png", "skipped"),
    ):
        file = first(make_document(), tmp_path, naming=NamingOptions("a-{index}", collision))
        assert (file.path.name, file.fate) == (name, fate)


@pytest.mark.parametrize("collision", ["rename", "overwrite", "skip"])
def test_what_another_document_of_the_run_has_is_not_given_out_again(
    make_document, tmp_path, collision
):
    naming = NamingOptions("{stem}-{index}", collision, has_sidecar=True)
    (tmp_path / "photo-export.json").write_bytes(b"mine")
    before = plan_export(make_document(), ExportOptions(people=(1,), naming=naming), tmp_path)
    options = ExportOptions(people=(1,), naming=naming, taken=before.given)
    plan = plan_export(make_document(), options, tmp_path)
    assert names(plan) == ["photo-1-2.png"]
    assert not set(plan.given) & set(before.given)
    assert plan.sidecar.name == (
        "photo-export-3.json" if collision == "rename" else "photo-export-2.json"
    )


def test_skipped_files_are_not_written(make_document, tmp_path):
    (tmp_path / "photo-02.png").write_bytes(b"mine")
    options = ExportOptions(naming=NamingOptions("{stem}-{index:02}", "skip"))
    plan = plan_export(make_document(), options, tmp_path)
    assert [file.path.name for file in plan.to_write] == ["photo-01.png", "photo-03.png"]


def test_what_the_document_is_made_of_is_never_replaced(make_document, tmp_path):
    photo, image, project = tmp_path / "one.png", tmp_path / "two.png", tmp_path / "three.png"
    for path in (photo, image):
        path.write_bytes(b"a source")
    project.symlink_to(tmp_path / "shoot.himapp")
    (tmp_path / "shoot.himapp").write_bytes(b"a project")
    document = with_path(make_document(), photo)
    pixels = np.zeros((4, 4, 3), np.uint8)
    document = edits.set_background(document, ImageBackground(pixels, path=str(image)))
    for stem in ("one", "two", "three"):
        options = ExportOptions(
            "composite",
            protected=(tmp_path / "shoot.himapp",),
            naming=NamingOptions(stem, "overwrite"),
        )
        plan = plan_export(document, options, tmp_path)
        assert names(plan) == [f"{stem}-2.png"]


def test_a_photo_under_another_name_is_not_replaced(make_document, tmp_path):
    (tmp_path / "real.jpg").write_bytes(b"the photo")
    os.link(tmp_path / "real.jpg", tmp_path / "photo-composite.png")
    document = with_path(make_document(), tmp_path / "real.jpg")
    options = ExportOptions("composite", naming=NamingOptions("photo-composite", "overwrite"))
    assert names(plan_export(document, options, tmp_path)) == ["photo-composite-2.png"]


def test_all_people_means_those_whose_eye_is_on(make_document, tmp_path):
    document = edits.set_visible(make_document(), 2, visible=False)
    plan = plan_export(document, ExportOptions(), tmp_path)
    assert [file.layer_id for file in plan.files] == [1, 3]
    plan = plan_export(document, ExportOptions(people=(2,)), tmp_path)
    assert [file.layer_id for file in plan.files] == [2]


def test_a_margin_grows_the_crop_up_to_the_photo(make_document, tmp_path):
    document = make_document()
    plain = first(document, tmp_path).region
    assert first(document, tmp_path, crop=CropOptions(margin=10)).region == plain.grow(10)
    share = CropOptions(margin=50, margin_unit="percent")
    half = round(max(plain.shape) / 2)
    assert first(document, tmp_path, crop=share).region == plain.grow(half).intersect(
        document.frame
    )
    huge = CropOptions(margin=9999)
    assert first(document, tmp_path, crop=huge).region == document.frame


@pytest.mark.parametrize("aspect", ["1:1", "3:4", "4:3", "2:3", "16:9"])
@pytest.mark.parametrize("person", [1, 2, 3])
def test_a_fixed_shape_has_the_person_in_its_middle(make_document, tmp_path, aspect, person):
    document = make_document(300, 400)
    layer = document.find_layer(person)
    options = ExportOptions(people=(person,), crop=CropOptions(margin=5, aspect=aspect))
    region = plan_export(document, options, tmp_path).files[0].region
    across, down = (int(part) for part in aspect.split(":"))
    assert abs(region.width * down - region.height * across) <= max(across, down)  # whole pixels
    inner = layer.visible_bounds.grow(5)
    assert region.intersect(inner) == inner
    assert abs(region.x + region.right - inner.x - inner.right) <= 1
    assert abs(region.y + region.bottom - inner.y - inner.bottom) <= 1


@pytest.mark.parametrize(
    ("side", "may_enlarge", "size"),
    [
        (None, True, (400, 300)),
        (200, False, (200, 150)),
        (800, False, (400, 300)),
        (800, True, (800, 600)),
        (1, False, (1, 1)),
    ],
)
def test_the_longer_side_is_never_enlarged_unasked(
    make_document, tmp_path, side, may_enlarge, size
):
    options = ExportOptions("composite", size=SizeOptions(side, may_enlarge))
    assert plan_export(make_document(), options, tmp_path).files[0].size == size


def test_a_zip_and_a_sidecar_have_names_of_their_own(make_document, tmp_path):
    (tmp_path / "photo-export.json").write_bytes(b"mine")
    naming = NamingOptions("{stem}-export", has_sidecar=True)
    options = ExportOptions(people=(1,), is_zipped=True, naming=naming)
    plan = plan_export(make_document(), options, tmp_path)
    assert names(plan) == ["photo-export.zip"]
    assert plan.sidecar.name == "photo-export-2.json"


def test_everybody_has_a_name_too(make_document, tmp_path):
    naming = NamingOptions("{stem} {person} {index}")
    options = ExportOptions("layered", coding=CodingOptions("psd"), naming=naming)
    plan = plan_export(make_document(), options, tmp_path)
    assert names(plan) == ["photo everybody 0.psd"]
    assert plan.files[0].region == Region(0, 0, 400, 300)


def test_a_wrong_template_is_said(make_document, tmp_path):
    with pytest.raises(ExportError, match=r"unknown field {who}"):
        plan_export(make_document(), ExportOptions(naming=NamingOptions("{who}")), tmp_path)


@pytest.mark.parametrize(
    "options",
    [
        ExportOptions("composite", size=SizeOptions(99_999, may_enlarge=True)),
        ExportOptions(people=(1,), crop=CropOptions(margin=9999, aspect="16:9")),
    ],
)
def test_a_giant_file_is_refused(make_document, tmp_path, options):
    with pytest.raises(ExportError, match=r"would have \d+ × \d+ pixels; at most 400 million"):
        plan_export(make_document(), options, tmp_path)


def test_nobody_means_no_files(make_document, tmp_path):
    document = Document.for_photo(Photo(make_document().photo.pixels))
    options = ExportOptions(naming=NamingOptions(has_sidecar=True))
    plan = plan_export(document, options, tmp_path)
    assert (plan.files, plan.sidecar) == ((), None)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ExportOptions("layered"), "PNG has no layers"),
        (lambda: ExportOptions("cut-out", coding=CodingOptions("psd")), "PSD holds everybody"),
        (lambda: ExportOptions(coding=CodingOptions("jpeg", "16")), "JPEG has 8 bit only"),
        (lambda: ExportOptions("matte", is_zipped=True), "Only cut-outs"),
        (lambda: ExportOptions(is_zipped=True, coding=CodingOptions("tiff")), "two PNG files"),
        (
            lambda: ExportOptions("layered", size=SizeOptions(9), coding=CodingOptions("psd")),
            "keep the photo's size",
        ),
        (lambda: CropOptions(margin=-1), "margin"),
        (lambda: SizeOptions(longer_side_px=0), "longer_side_px"),
        (lambda: SizeOptions(dpi=0), "dpi"),
        (lambda: CodingOptions(quality=0), "quality"),
        (lambda: CodingOptions(background=(0, 0, 256)), "background"),
    ],
)
def test_options_that_cannot_be_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
