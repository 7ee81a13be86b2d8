import zipfile
from dataclasses import replace

import pytest

from himapp.document.export_sources import list_sources
from himapp.document.project_archive import MANIFEST
from himapp.document.project_file import load_project, save_project
from himapp.document.project_manifest import (
    ImageBackgroundRecord,
    Manifest,
    PhotoRecord,
    encode_manifest,
)
from himapp.imaging.image_files import write_png


def test_a_project_tells_where_its_photo_may_lie(make_document, tmp_path):
    document, project = make_document(), tmp_path / "shoot" / "a.himapp"
    photo = tmp_path / "photos" / "a.png"
    for folder in (photo.parent, project.parent):
        folder.mkdir()
    write_png(photo, document.photo.pixels)
    save_project(replace(document, photo=replace(document.photo, path=photo)), project)
    found = list_sources(project, tmp_path / "archive")
    assert {project, photo, tmp_path / "archive" / "a.png"} <= set(found)
    assert any(path.exists() and path.samefile(photo) for path in found if path != photo)
    assert load_project(project).photo.path in found


@pytest.mark.parametrize("path", ["//server/share/a.png", "\\\\server\\share\\a.png"])
def test_a_server_in_a_strangers_project_is_not_asked(tmp_path, path):
    project = tmp_path / "a.himapp"
    photo = PhotoRecord(1, 1, relative=path, absolute=path)
    background = ImageBackgroundRecord("fill", (0, 0), path)
    with zipfile.ZipFile(project, "w") as archive:
        manifest = encode_manifest(Manifest(photo=photo, background=background))
        archive.writestr(MANIFEST, manifest)
    assert list_sources(project, tmp_path) == (project,)


@pytest.mark.parametrize("data", [None, b"", b"not a zip"])
def test_what_is_no_project_is_its_own_only_source(tmp_path, data):
    project = tmp_path / "a.himapp"
    if data is not None:
        project.write_bytes(data)
    assert list_sources(project) == (project,)
    assert list_sources(tmp_path) == (tmp_path,)
