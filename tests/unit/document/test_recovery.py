"""Places in the recovery folder belong to one living process each."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from himapp.document.document import Document
from himapp.document.project_file import Belonging, load_project, save_project
from himapp.document.recovery import claim_place, find_left_edits
from himapp.errors import ExportError
from himapp.imaging.photo import Photo

OTHER_WINDOW = """
import sys
from pathlib import Path
from himapp.document.recovery import claim_place, find_left_edits
folder = Path(sys.argv[1])
place = claim_place(folder)
place.path.write_bytes(Path(sys.argv[2]).read_bytes())
print(len(find_left_edits(folder)), flush=True)
sys.stdin.readline()
import os
os._exit(9)
"""


@pytest.fixture
def document() -> Document:
    return Document.for_photo(Photo(np.zeros((8, 9, 3), np.uint8), path=Path("/gone/a.jpg")))


def test_edits_are_offered_when_their_process_has_died(tmp_path: Path, document: Document) -> None:
    folder, good = tmp_path / "recovery", tmp_path / "good.himapp"
    save_project(document, good)
    with subprocess.Popen(
        [sys.executable, "-c", OTHER_WINDOW, str(folder), str(good)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "0\n"
        assert find_left_edits(folder) == []
        other.stdin.write("\n")
    (left,) = find_left_edits(folder)
    assert left.name == "a.jpg"
    assert load_project(left.place.path).photo.path == Path("/gone/a.jpg")
    assert find_left_edits(folder) == []  # offered by one window at a time
    left.place.leave()
    (again,) = find_left_edits(folder)
    again.place.discard()
    assert list(folder.iterdir()) == []


def test_the_latest_come_first(tmp_path: Path, document: Document) -> None:
    for age in (30, 10, 20):
        place = claim_place(tmp_path)
        save_project(document, place.path, recovers=Belonging(Path(f"/p/{age}.himapp")))
        os.utime(place.path, (1e9 - age, 1e9 - age))
        place.leave()
    found = find_left_edits(tmp_path)
    assert [left.name for left in found] == ["10.himapp", "20.himapp", "30.himapp"]
    for left in found:
        left.place.discard()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="Edits cannot be kept"):
        claim_place(tmp_path / "file" / "recovery")


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert find_left_edits(tmp_path / "none") == []
