"""What is saved is opened again, to the last bit, with the photo found again."""

import zipfile
from collections.abc import Callable
from dataclasses import fields, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from himapp.document.adjustments import Adjustments
from himapp.document.background import (
    PHOTO_BACKGROUND,
    Background,
    BlurBackground,
    ColourBackground,
    ImageBackground,
    TransparentBackground,
)
from himapp.document.document import Document
from himapp.document.edits import add_person_layers
from himapp.document.layers import PersonLayer
from himapp.document.matte_tiles import SOLID_TILE, MatteTiles
from himapp.document.project_file import (
    Belonging,
    load_project,
    read_project_facts,
    save_project,
)
from himapp.document.project_manifest import LayerRecord, PhotoFacts
from himapp.document.render import render
from himapp.document.render_cache import RenderCache
from himapp.errors import ChangedPhotoError, ExportError, MissingPhotoError, ProjectError
from himapp.imaging.photo import Photo
from himapp.imaging.photo_io import read_photo

Make = Callable[..., Document]

BACKGROUNDS: tuple[Background, ...] = (
    PHOTO_BACKGROUND,
    TransparentBackground(),
    ColourBackground((1, 200, 33)),
    ImageBackground(
        np.random.default_rng(1).integers(0, 65536, (33, 41, 3), np.uint16),
        "fit",
        (0.1, 1 / 3),
        "/images/Åsa \udcff \\ 人.png",
    ),
    ImageBackground(np.arange(12, dtype=np.uint8).reshape(2, 2, 3)),
    BlurBackground(0.1 + 0.2),
)


def as_value(document: Document) -> Any:
    """Everything of a document but its photo, comparable."""
    background = document.background
    image = (
        (background.pixels.tobytes(), background.pixels.dtype, background.pixels.shape)
        if isinstance(background, ImageBackground)
        else None
    )
    kept = replace(background, pixels=np.zeros((1, 1, 3), np.uint8)) if image else background
    place = (kept.fit, kept.position, kept.path) if isinstance(kept, ImageBackground) else kept
    layers = [
        {
            field.name: as_matte(value) if isinstance(value, MatteTiles) else value
            for field in fields(PersonLayer)
            for value in [getattr(layer, field.name)]
        }
        for layer in document.layers
    ]
    return layers, image, place, document.next_number


def as_matte(matte: MatteTiles) -> Any:
    return matte.frame, matte.bounds, {key: tile.tobytes() for key, tile in matte.tiles.items()}


def on_disk(document: Document, folder: Path) -> Document:
    """The document with a photo that has a file."""
    path = folder / "photo.png"
    Image.fromarray(document.photo.pixels).save(path)
    return replace(document, photo=read_photo(path))


@pytest.mark.parametrize("background", BACKGROUNDS, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_everything_comes_back_and_renders_alike(
    tmp_path: Path, make_document: Make, background: Background, dtype: Any
) -> None:
    document = replace(make_document(dtype=dtype), background=background)
    first, second, third = document.layers
    changed = first.matte.replace_region(np.full((40, 9), 777, np.uint16), left=200, top=100)
    layers = (
        replace(second, name="Åsa 人 / 1 \ud800 \0", opacity=1 / 3, visible=False, score=0.1 + 0.7),
        replace(first, matte=changed, adjustments=Adjustments(1 / 3, -0.7, 2.2)),
        replace(third, id=17, number=9, colour_index=5),
    )
    document = replace(document, layers=layers, next_number=23)
    path = tmp_path / "a.himapp"
    save_project(document, path)
    again = load_project(path)
    assert as_value(again) == as_value(document)
    assert np.array_equal(again.photo.pixels, document.photo.pixels)
    pixels = [render(each, each.frame, cache=RenderCache()) for each in (document, again)]
    assert np.array_equal(*pixels)
    assert again.layers[0].matte is again.layers[0].original_matte
    assert again.layers[1].matte is not again.layers[1].original_matte


@given(data=st.data())
@settings(max_examples=25)
def test_any_numbers_and_names_come_back(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    share = st.floats(0, 1)
    photo = Photo(np.zeros((3, 5, 3), np.uint8))
    alpha = np.asarray(data.draw(st.lists(st.integers(0, 65535), min_size=15, max_size=15)))
    matte = MatteTiles.from_array(alpha.reshape(3, 5).astype(np.uint16), (3, 5))
    layer = PersonLayer(
        id=data.draw(st.integers(0, 99)),
        number=data.draw(st.integers(0, 99)),
        name=data.draw(st.text()),
        matte=matte,
        original_matte=data.draw(st.sampled_from([matte, MatteTiles.from_array(
            np.full((1, 1), 5, np.uint16), (3, 5))])),
        score=data.draw(share),
        opacity=data.draw(share),
        visible=data.draw(st.booleans()),
        adjustments=Adjustments(
            data.draw(st.floats(-5, 5)), data.draw(st.floats(-1, 1)), data.draw(st.floats(0, 500))
        ),
        colour_index=data.draw(st.integers(0, 2**31 - 1)),
    )  # fmt: skip
    document = Document(photo, (layer,), next_number=data.draw(st.integers(100, 2**31 - 1)))
    path = tmp_path_factory.mktemp("project") / "a.himapp"
    save_project(document, path)
    assert as_value(load_project(path)) == as_value(document)


def test_the_schema_knows_every_field() -> None:
    layer = {field.name for field in fields(PersonLayer)}
    photo = {field.name for field in fields(Photo)}
    assert set(LayerRecord.__struct_fields__) == layer
    assert set(PhotoFacts.__struct_fields__) == photo - {"pixels", "path"}
    assert {field.name for field in fields(Document)} == {
        "photo", "layers", "background", "next_number",
    }  # fmt: skip


def test_a_photo_stays_where_it_is(tmp_path: Path, make_document: Make) -> None:
    document = on_disk(make_document(), tmp_path)
    path = tmp_path / "a.himapp"
    save_project(document, path)
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if name.startswith("photo")]
        assert archive.testzip() is None
    again = load_project(path)
    assert again.photo.path == tmp_path / "photo.png"
    assert np.array_equal(again.photo.pixels, document.photo.pixels)
    assert as_value(again) == as_value(document)


def test_project_and_photo_can_move_together(tmp_path: Path, make_document: Make) -> None:
    (tmp_path / "old").mkdir()
    document = on_disk(make_document(), tmp_path / "old")
    save_project(document, tmp_path / "old" / "a.himapp")
    (tmp_path / "old").rename(tmp_path / "new")
    again = load_project(tmp_path / "new" / "a.himapp")
    assert again.photo.path == tmp_path / "new" / "photo.png"


def test_the_photo_is_asked_for_when_it_is_gone(tmp_path: Path, make_document: Make) -> None:
    document = on_disk(make_document(), tmp_path)
    path, elsewhere = tmp_path / "a.himapp", tmp_path / "elsewhere.png"
    save_project(document, path)
    (tmp_path / "photo.png").rename(elsewhere)
    with pytest.raises(MissingPhotoError, match=r"“photo\.png”, was not found") as caught:
        load_project(path)
    assert caught.value.path == tmp_path / "photo.png"
    assert load_project(path, photo=elsewhere).photo.path == elsewhere


def test_a_changed_photo_is_said_and_may_do(tmp_path: Path, make_document: Make) -> None:
    document = on_disk(make_document(), tmp_path)
    path, photo = tmp_path / "a.himapp", tmp_path / "photo.png"
    save_project(document, path)
    Image.fromarray(255 - document.photo.pixels).save(photo)
    with pytest.raises(ChangedPhotoError, match=r"“photo\.png” is not as it was") as caught:
        load_project(path)
    assert caught.value.has_same_size
    again = load_project(path, accept_changed=True)
    assert np.array_equal(again.photo.pixels, 255 - document.photo.pixels)
    Image.fromarray(document.photo.pixels[:50]).save(photo)
    with pytest.raises(ChangedPhotoError, match="has another size") as caught:
        load_project(path, accept_changed=True)
    assert not caught.value.has_same_size


def test_a_photo_no_file_has_any_more_goes_into_the_project(
    tmp_path: Path, make_document: Make
) -> None:
    document = on_disk(make_document(), tmp_path)
    facts = replace(document.photo, exif=b"MM\0*", dpi=299.999, captured="2024:01:02 03:04:05")
    (tmp_path / "photo.png").unlink()
    save_project(replace(document, photo=facts), tmp_path / "a.himapp")
    again = load_project(tmp_path / "a.himapp")
    for field in fields(Photo):
        expected, found = getattr(facts, field.name), getattr(again.photo, field.name)
        assert np.array_equal(expected, found) if field.name == "pixels" else expected == found


def test_a_photo_that_was_overwritten_goes_into_the_project(
    tmp_path: Path, make_document: Make
) -> None:
    document = on_disk(make_document(), tmp_path)
    Image.fromarray(255 - document.photo.pixels).save(tmp_path / "photo.png")
    save_project(document, tmp_path / "a.himapp")
    again = load_project(tmp_path / "a.himapp")
    assert np.array_equal(again.photo.pixels, document.photo.pixels)


def test_the_photos_file_goes_into_the_project_on_wish(tmp_path: Path, make_document: Make) -> None:
    document = on_disk(make_document(), tmp_path)
    path, photo = tmp_path / "a.himapp", tmp_path / "photo.png"
    save_project(document, path, embed_photo=True)
    content = photo.read_bytes()
    photo.unlink()
    assert read_project_facts(path).embeds_photo
    with zipfile.ZipFile(path) as archive:
        assert archive.read("photo/file") == content
    again = load_project(path)
    assert again.photo.path == photo
    assert np.array_equal(again.photo.pixels, document.photo.pixels)


def read_entry(project: Path, name: str) -> bytes | None:
    with zipfile.ZipFile(project) as archive:
        return archive.read(name) if name in archive.namelist() else None


@pytest.fixture
def travelled(tmp_path: Path, make_document: Make) -> Document:
    """Opened from a project with the photo's file, where the photo is not: on another computer."""
    document = on_disk(make_document(), tmp_path)
    save_project(document, tmp_path / "a.himapp", embed_photo=True)
    (tmp_path / "photo.png").rename(tmp_path / "away.png")
    return load_project(tmp_path / "a.himapp")


@pytest.mark.parametrize("embed_photo", [True, False])
def test_the_photos_file_in_a_project_stays_there_if_the_disk_does_not_have_it(
    tmp_path: Path, travelled: Document, *, embed_photo: bool
) -> None:
    path = tmp_path / "a.himapp"
    Image.fromarray(travelled.photo.pixels).save(tmp_path / "photo.png", compress_level=0)
    for _ in range(2):
        save_project(travelled, path, embed_photo=embed_photo)
        assert read_entry(path, "photo/file") == (tmp_path / "away.png").read_bytes()
        assert read_project_facts(path).embeds_photo == embed_photo
    assert np.array_equal(load_project(path).photo.pixels, travelled.photo.pixels)


def test_the_photos_file_goes_from_a_project_on_wish_if_the_disk_has_it(
    tmp_path: Path, travelled: Document
) -> None:
    (tmp_path / "away.png").rename(tmp_path / "photo.png")
    save_project(travelled, tmp_path / "a.himapp")
    assert read_entry(tmp_path / "a.himapp", "photo/file") is None
    assert read_entry(tmp_path / "a.himapp", "photo/pixels.png") is None
    assert load_project(tmp_path / "a.himapp").photo.path == tmp_path / "photo.png"


def test_other_programs_read_the_tiles_and_the_thumbnail(
    tmp_path: Path, make_document: Make
) -> None:
    document = make_document(height=300, width=1200)
    path = tmp_path / "a.himapp"
    save_project(document, path)
    with zipfile.ZipFile(path) as archive:
        tile = Image.open(BytesIO(archive.read("tiles/00000.png")))
        thumbnail = Image.open(BytesIO(archive.read("thumbnail.png")))
    assert (tile.size, tile.mode) == ((256, 256), "I;16")
    assert (thumbnail.size, thumbnail.mode) == ((512, 128), "RGBA")


def test_solid_and_shared_tiles_are_written_once(tmp_path: Path) -> None:
    photo = Photo(np.zeros((600, 900, 3), np.uint8))
    alpha = np.full((600, 900), 65535, np.uint16)
    alpha[0, 0] = 5
    matte = MatteTiles.from_array(alpha, (600, 900))
    document = add_person_layers(Document.for_photo(photo), [])
    layers = tuple(PersonLayer(i, i, f"{i}", matte, matte) for i in (1, 2, 3))
    document = replace(document, layers=layers, next_number=4)
    path = tmp_path / "a.himapp"
    save_project(document, path)
    with zipfile.ZipFile(path) as archive:
        tiles = [name for name in archive.namelist() if name.startswith("tiles")]
    again = load_project(path)
    # 12 places: 2 solid ones share a tile; those at the right and lower edge are cut by the photo.
    assert len(tiles) == 12 - [tile is SOLID_TILE for tile in matte.tiles.values()].count(True)
    assert again.layers[0].matte.tiles[0, 1] is SOLID_TILE
    assert again.layers[0].matte is again.layers[2].original_matte


def test_the_same_document_gives_the_same_bytes(tmp_path: Path, make_document: Make) -> None:
    document = make_document()
    save_project(document, tmp_path / "a.himapp")
    save_project(document, tmp_path / "b.himapp")
    assert (tmp_path / "a.himapp").read_bytes() == (tmp_path / "b.himapp").read_bytes()


def test_a_stopped_save_leaves_the_old_project(tmp_path: Path, make_document: Make) -> None:
    path = tmp_path / "a.himapp"
    save_project(make_document(), path)
    before = path.read_bytes()

    def stop(done: int, of: int) -> None:
        if done == of - 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_project(make_document(), path, advance=stop)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_gone_is_said(tmp_path: Path, make_document: Make) -> None:
    with pytest.raises(ExportError, match=r"“a\.himapp” was not saved: the folder"):
        save_project(make_document(), tmp_path / "gone" / "a.himapp")


def test_a_project_never_takes_the_place_of_its_photo(tmp_path: Path, make_document: Make) -> None:
    document = on_disk(make_document(), tmp_path)
    with pytest.raises(ProjectError, match="is the photo itself"):
        save_project(document, tmp_path / "photo.png")


def test_a_recovered_project_knows_where_it_belongs(tmp_path: Path, make_document: Make) -> None:
    document = on_disk(make_document(), tmp_path)
    origin = tmp_path / "a\udcff.himapp"
    save_project(document, tmp_path / "r.himapp", recovers=Belonging(origin), embed_photo=True)
    facts = read_project_facts(tmp_path / "r.himapp")
    assert facts.origin == origin
    assert facts.embeds_photo
    with zipfile.ZipFile(tmp_path / "r.himapp") as archive:
        assert "photo/file" not in archive.namelist()  # it would be written anew each minute
    assert facts.photo_name == "photo.png"
