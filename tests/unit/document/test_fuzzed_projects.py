"""Projects with random changes open or are refused in one sentence; nothing else happens."""

import contextlib
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from himapp.document import project_manifest
from himapp.document.document import Document
from himapp.document.layers import PersonLayer
from himapp.document.matte_tiles import MatteTiles
from himapp.document.project_file import load_project, save_project
from himapp.document.project_manifest import decode_manifest
from himapp.errors import HimappError
from himapp.imaging.photo import Photo


def mutate(data: bytearray, chance: random.Random, start: int = 0) -> None:
    """Flip, insert, remove and overwrite, at one to four places."""
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(start, len(data))
        match chance.randrange(4):
            case 0:
                data[place] ^= 1 << chance.randrange(8)
            case 1:
                data[place : place + chance.randrange(1, 40)] = b""
            case 2:
                data[place:place] = chance.randbytes(chance.randrange(1, 40))
            case _:
                data[place : place + 4] = chance.randbytes(4)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=150, derandomize=True)
def test_changed_bytes_open_or_are_refused(seed: int, fuzzed: tuple[bytes, Path]) -> None:
    """Half of the changes hit the directory at the end alone."""
    data, path = bytearray(fuzzed[0]), fuzzed[1]
    chance = random.Random(seed)
    mutate(data, chance, data.find(b"PK\x01\x02") if chance.random() < 0.5 else 0)
    path.write_bytes(data)
    with contextlib.suppress(HimappError):
        assert load_project(path).photo.pixels.shape == (300, 400, 3)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, derandomize=True)
def test_changed_contents_open_or_are_refused(seed: int, fuzzed: tuple[bytes, Path]) -> None:
    """The checksums are right, as an enemy would make them."""
    whole, path = fuzzed
    chance = random.Random(seed)
    path.write_bytes(whole)
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(["manifest.json", "manifest.json", *entries])
    content = bytearray(entries[name])
    mutate(content, chance)
    with zipfile.ZipFile(path, "w") as archive:
        for entry, data in (entries | {name: bytes(content)}).items():
            archive.writestr(entry, data)
    with contextlib.suppress(HimappError):
        assert load_project(path).photo.pixels.shape == (300, 400, 3)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path]:
    photo = Photo(np.zeros((300, 400, 3), np.uint8))
    matte = MatteTiles.from_array(np.full((100, 300), 700, np.uint16), (300, 400), left=9, top=9)
    people = (PersonLayer(1, 1, "Person 1", matte, matte),)
    path = tmp_path_factory.mktemp("fuzz") / "fuzzed.himapp"
    save_project(Document(photo, people, next_number=2), path)
    return path.read_bytes(), path


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=20))
@settings(max_examples=60)
def test_any_json_is_a_value_error(value: Any) -> None:
    stored = {"format": project_manifest.FORMAT, "version": 1, "photo": {}, "layers": value}
    text = json.dumps(stored).encode()
    with pytest.raises((ValueError, TypeError, LookupError, AttributeError)):
        decode_manifest(text[:-1] if value in (None, []) else text)
