"""Files that an enemy or a broken disk made are refused with one sentence and without harm."""

import json
import random
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from himapp.document import project_archive, project_manifest
from himapp.document.document import Document
from himapp.document.layers import PersonLayer
from himapp.document.matte_tiles import MatteTiles
from himapp.document.project_file import load_project, read_project_facts, save_project
from himapp.document.project_pixels import encode_png
from himapp.errors import ProjectError
from himapp.imaging.photo import Photo

DAMAGED = r"“bad\.himapp” is damaged, or no project of himapp\.$"
Entry = tuple[str | zipfile.ZipInfo, bytes]


@pytest.fixture
def document() -> Document:
    photo = Photo(np.arange(300 * 400 * 3, dtype=np.uint16).reshape(300, 400, 3))
    alpha = np.arange(100 * 300, dtype=np.uint16).reshape(100, 300)
    matte = MatteTiles.from_array(alpha, (300, 400), left=50, top=20)
    layer = PersonLayer(1, 1, "Person 1", matte, matte)
    return Document(photo, (layer,), next_number=2)


@pytest.fixture
def good(tmp_path: Path, document: Document) -> Path:
    path = tmp_path / "good.himapp"
    save_project(document, path)
    return path


def entries_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_zip(path: Path, entries: list[Entry], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    return tmp_path / "bad.himapp"


@pytest.fixture(autouse=True)
def _nothing_extracted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test opens, the only files afterwards are those it made itself."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield
    assert list(folder.iterdir()) == []
    assert {path.suffix for path in tmp_path.iterdir() if path.is_file()} <= {".himapp"}


def refuse(path: Path, sentence: str = DAMAGED) -> None:
    with pytest.raises(ProjectError, match=sentence):
        load_project(path)


@pytest.mark.parametrize(
    "name",
    [
        "../escaped.txt",
        "/etc/passwd",
        "C:\\evil.txt",
        "tiles/../../escaped.png",
        "tiles\\00000.png",
        "tiles/000000.png",
        "tiles/",
        "MANIFEST.JSON",
        "manifest.json/",
        "tiles/٠٠٠٠٠.png",
        "",
        "x" * 60_000,
    ],
)
def test_a_name_that_no_project_has_is_refused(good: Path, bad: Path, name: str) -> None:
    write_zip(bad, [*entries_of(good).items(), (zipfile.ZipInfo(name), b"harm")])
    refuse(bad)


def test_a_link_is_refused(good: Path, bad: Path) -> None:
    entries = entries_of(good)
    link = zipfile.ZipInfo("thumbnail.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    del entries["thumbnail.png"]
    write_zip(bad, [*entries.items(), (link, b"/etc/passwd")])
    refuse(bad)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_of_one_name_are_refused(good: Path, bad: Path) -> None:
    entries = entries_of(good)
    write_zip(bad, [*entries.items(), ("manifest.json", entries["manifest.json"])])
    refuse(bad)


def test_an_encrypted_entry_is_refused(good: Path, bad: Path) -> None:
    data = bytearray(good.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(mark)
        data[place + offset] |= 1
    bad.write_bytes(data)
    refuse(bad)


def test_zip64_and_its_lies_are_refused(good: Path, bad: Path) -> None:
    data = good.read_bytes()
    end = len(data) - 22
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, 2**40, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    bad.write_bytes(data[:end] + record + locator + data[end:])
    refuse(bad)
    liar = bytearray(data)
    struct.pack_into("<HHLL", liar, end + 8, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1)
    bad.write_bytes(liar)
    refuse(bad)


def test_a_directory_longer_than_any_projects_is_not_read(good: Path, bad: Path) -> None:
    size = project_archive._MOST_DIRECTORY_BYTES + 1
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 9, 9, size, 0, 0)
    bad.write_bytes(bytes(size) + end)
    refuse(bad)


def test_bytes_around_the_archive_are_refused(good: Path, bad: Path) -> None:
    data = good.read_bytes()
    for harmed in (b"#!/bin/sh\n" + data, data + b"more"):
        bad.write_bytes(harmed)
        refuse(bad)


def test_a_bomb_is_not_unpacked(good: Path, bad: Path) -> None:
    """By declared size, by a packed tile, and by a size that lies."""
    entries = entries_of(good)
    manifest = entries.pop("manifest.json")
    zeros = bytes(64 << 20)
    packed = zipfile.ZIP_DEFLATED
    write_zip(bad, [("manifest.json", zeros)], packed)
    refuse_within(bad, 4 << 20)
    write_zip(bad, [("manifest.json", manifest), ("tiles/00000.png", zeros[: 1 << 17])], packed)
    refuse_within(bad, 4 << 20)
    write_zip(bad, [("manifest.json", zeros)], packed)
    data = bytearray(bad.read_bytes())
    struct.pack_into("<L", data, data.find(b"PK\x01\x02") + 24, 1000)
    struct.pack_into("<L", data, 22, 1000)
    bad.write_bytes(data)
    refuse_within(bad, 4 << 20)


def refuse_within(path: Path, memory_bytes: int) -> None:
    tracemalloc.start()
    try:
        refuse(path)
        assert tracemalloc.get_traced_memory()[1] < memory_bytes
    finally:
        tracemalloc.stop()


def claim_size(png: bytes, width: int, height: int) -> bytes:
    return png[:16] + struct.pack(">2L", width, height) + png[24:]


@pytest.mark.parametrize(
    "tile",
    [
        b"",
        b"no PNG",
        encode_png(np.full((255, 256), 9, np.uint16)),
        encode_png(np.full((256, 256), 9, np.uint8)),
        encode_png(np.full((256, 256, 3), 9, np.uint16)),
        encode_png(np.zeros((256, 256), np.uint16)),
        claim_size(encode_png(np.full((8, 8), 9, np.uint16)), 256, 256),
        encode_png(np.full((256, 256), 9, np.uint16))[:200],
    ],
    ids=["empty", "text", "low", "8 bit", "colour", "nobody", "liar", "cut"],
)
def test_a_tile_that_is_none_is_refused(good: Path, bad: Path, tile: bytes) -> None:
    write_zip(bad, list((entries_of(good) | {"tiles/00000.png": tile}).items()))
    refuse(bad)


def test_pixels_that_cannot_be_there_are_not_made_room_for(good: Path, bad: Path) -> None:
    entries = entries_of(good)
    for width, height in ((30_000, 30_000), (0, 400), (2**31 - 1, 2**31 - 1), (401, 300)):
        pixels = claim_size(entries["photo/pixels.png"], width, height)
        write_zip(bad, list((entries | {"photo/pixels.png": pixels}).items()))
        refuse_within(bad, 4 << 20)


def change(manifest: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    place: Any = manifest
    for key in parents:
        place = place[int(key)] if key.isdigit() else place[key]
    if isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", "other"),
        ("version", 0),
        ("version", "2"),
        ("version", True),
        ("version", 1e400),
        ("layers.0.opacity", 1.5),
        ("layers.0.opacity", float("nan")),
        ("layers.0.opacity", float("inf")),
        ("layers.0.opacity", "1"),
        ("layers.0.name", None),
        ("layers.0.matte", 7),
        ("layers.0.matte", -1),
        ("layers.0.id", 10**30),
        ("layers.0.adjustments", {"exposure_stops": 99}),
        ("layers", 3),
        ("next_number", 0),
        ("mattes.0.0", [0, 0, 99]),
        ("mattes.0.0", [1, 1, -1]),
        ("mattes.0.0", [9, 9, 0]),
        ("mattes.0.0", [-1, 0, 0]),
        ("mattes.0.0", [0, 1, 0]),
        ("background", {"kind": "blur", "radius_px": 0}),
        ("background", {"kind": "colour", "rgb": [1, 2, 256]}),
        ("background", {"kind": "image", "fit": "fit", "position": [0, 0], "path": None}),
        ("background", {"kind": "else"}),
        ("photo.height", 299),
        ("photo.held", "file"),
        ("photo.sha256", "../" * 20),
        ("photo.facts", {"format": "EXE"}),
        ("photo.facts", {"icc": "not base64!"}),
        ("photo.facts", {"more": 1}),
    ],
)
def test_a_manifest_that_says_nonsense_is_refused(
    good: Path, bad: Path, path: str, value: Any
) -> None:
    entries = entries_of(good)
    manifest = json.loads(entries["manifest.json"])
    change(manifest, path, value)
    write_zip(bad, list((entries | {"manifest.json": json.dumps(manifest).encode()}).items()))
    refuse(bad)


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"format": "himapp project", "version": 2, "photo": ' + b'{"a":' * 100_000,
        b'{"format": "himapp project", "version": 2}',
        b'{"format": "himapp project", "version": 1, "photo": 5}',
        b'{"format": "himapp project", "version": 1, "layers": {"a": 1}, "photo": {}}',
        b'{"format": "himapp project", "version": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_manifest_that_is_none_is_refused(good: Path, bad: Path, manifest: bytes) -> None:
    write_zip(bad, list((entries_of(good) | {"manifest.json": manifest}).items()))
    refuse(bad)


def test_a_missing_part_is_refused(good: Path, bad: Path) -> None:
    entries = entries_of(good)
    for name in ("manifest.json", "tiles/00001.png", "photo/pixels.png"):
        write_zip(bad, [item for item in entries.items() if item[0] != name])
        refuse(bad)


def test_a_project_of_a_newer_himapp_is_said(good: Path, bad: Path) -> None:
    entries = entries_of(good)
    manifest = json.loads(entries["manifest.json"]) | {"version": project_manifest.VERSION + 1}
    write_zip(bad, list((entries | {"manifest.json": json.dumps(manifest).encode()}).items()))
    refuse(bad, r"“bad\.himapp” was saved by a newer version of himapp than this one\.")


def test_a_project_of_version_1_is_opened(good: Path, tmp_path: Path, document: Document) -> None:
    """It knew one path of the photo, and wrote no original matte."""
    entries = entries_of(good)
    manifest = json.loads(entries["manifest.json"]) | {"version": 1}
    del manifest["layers"][0]["original_matte"]
    photo = manifest["photo"]
    del photo["absolute"], photo["relative"]
    photo["path"] = "/photos/old.jpg"
    old = tmp_path / "old.himapp"
    write_zip(old, list((entries | {"manifest.json": json.dumps(manifest).encode()}).items()))
    again = load_project(old)
    assert again.photo.path == Path("/photos/old.jpg")
    assert again.layers[0].original_matte is again.layers[0].matte
    assert np.array_equal(again.layers[0].matte.to_array(), document.layers[0].matte.to_array())


def test_a_number_that_was_given_is_not_given_again(good: Path, bad: Path) -> None:
    entries = entries_of(good)
    manifest = json.loads(entries["manifest.json"])
    manifest["layers"][0] |= {"id": 7, "number": 9}
    write_zip(bad, list((entries | {"manifest.json": json.dumps(manifest).encode()}).items()))
    assert load_project(bad).next_number == 10


def test_a_server_in_a_strangers_project_is_not_asked(good: Path, bad: Path) -> None:
    entries = entries_of(good)
    manifest = json.loads(entries["manifest.json"])
    manifest["photo"] |= {"held": "nothing", "relative": "//evil/x", "absolute": "\\\\evil\\x.jpg"}
    write_zip(bad, list((entries | {"manifest.json": json.dumps(manifest).encode()}).items()))
    refuse(bad, r"The photo of this project, “x”, was not found\.")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (str, r"“bad\.himapp” does not exist\."),
        (Path.mkdir, "is a folder, not a project"),
        (Path.touch, DAMAGED),
        (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n"), DAMAGED),
    ],
)
def test_what_is_no_project_is_said(
    bad: Path, make: Callable[[Path], object], sentence: str
) -> None:
    make(bad)
    refuse(bad, sentence)
    with pytest.raises(ProjectError, match=sentence):
        read_project_facts(bad)


def test_every_cut_is_refused(good: Path, bad: Path) -> None:
    data = good.read_bytes()
    cuts = random.Random(3).sample(range(len(data)), 60)
    for length in (*cuts, len(data) - 1, len(data) - 22):
        bad.write_bytes(data[:length])
        refuse(bad)


def test_too_many_tiles_are_not_written(
    tmp_path: Path, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("himapp.document.project_file.MOST_TILES", 1)
    with pytest.raises(ProjectError, match="too large for a project"):
        save_project(document, tmp_path / "a.himapp")
    assert not (tmp_path / "a.himapp").exists()
