"""From the command line to files, with the shipped network on the sample photos."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from himapp.paths import samples_dir

PLACES = Path(__file__).parents[1] / "data" / "sample_people.json"
SAMPLES = {"group-of-four.jpg": 4, "two-in-the-park.jpg": 2, "astronaut.jpg": 1}
# Nine tenths of a person's matte mass lie in places where the person is more there than not.
MOSTLY_SOLID = 0.9
# A hand or a shoe that is missed moves an edge of the box; another person has below .1.
SAME_PERSON_IOU = 0.8
# The whole command in a process of its own that writes down what it asks the system for.
PROBE = """
import sys
asked = []
sys.addaudithook(lambda event, args: asked.append(event) if event.startswith("socket.") else None)
from himapp.cli import main
code = main(sys.argv[2:])
loaded = {name.partition(".")[0] for name in sys.modules} & {"PySide6", "qtpy", "qtawesome"}
with open(sys.argv[1], "w") as file:
    file.write("\\n".join([*asked, *loaded]))
sys.exit(code)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Run the command once; return its document and what the samples were before."""
    out = tmp_path_factory.mktemp("mattes")
    hashes = {name: _hash(name) for name in SAMPLES}
    photos = [str(samples_dir() / name) for name in SAMPLES]
    probed = out / "probed.txt"
    command = [sys.executable, "-c", PROBE, str(probed), "matte", *photos, "--out", str(out)]
    done = subprocess.run(
        [*command, "--cutouts", "--json", "--device", "cpu"],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document | {"hashes": hashes, "probed": probed.read_text().split()}


def _hash(name: str) -> str:
    return hashlib.sha256((samples_dir() / name).read_bytes()).hexdigest()


def _photo(run: dict[str, Any], name: str) -> dict[str, Any]:
    (photo,) = [photo for photo in run["photos"] if Path(photo["path"]).name == name]
    return dict(photo)


def _read(path: str) -> npt.NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image)


def _mattes(photo: dict[str, Any]) -> list[npt.NDArray[np.uint8]]:
    return [_read(person["file"]) for person in photo["people"]]


def _iou(a: list[float], b: list[float]) -> float:
    """Return the overlap of two boxes x0, y0, x1, y1."""
    shared = [max(0.0, min(a[i + 2], b[i + 2]) - max(a[i], b[i])) for i in (0, 1)]
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    both = shared[0] * shared[1]
    return both / (sum(areas) - both)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_person_is_found(run: dict[str, Any], name: str) -> None:
    photo = _photo(run, name)
    assert len(photo["people"]) == SAMPLES[name]
    assert photo["device"].startswith("CPU (")
    assert {"read", "find", "edges", "write"} <= set(photo["seconds"])
    folder = Path(photo["folder"])
    assert len(list(folder.glob("person-*.png"))) == SAMPLES[name]


@pytest.mark.parametrize("name", json.loads(PLACES.read_text()))
def test_people_are_where_they_were_composed(run: dict[str, Any], name: str) -> None:
    found = [person["box"] for person in _photo(run, name)["people"]]
    placed = json.loads(PLACES.read_text())[name]
    overlaps = [_iou(*boxes) for boxes in zip(found, placed, strict=True)]
    assert min(overlaps) >= SAME_PERSON_IOU, overlaps


@pytest.mark.parametrize("name", SAMPLES)
def test_files_have_the_size_and_kind_that_was_promised(run: dict[str, Any], name: str) -> None:
    photo = _photo(run, name)
    for person in photo["people"]:
        with Image.open(person["file"]) as matte, Image.open(person["cutout"]) as cutout:
            assert (matte.mode, list(matte.size)) == ("L", photo["size"])
            assert (cutout.mode, list(cutout.size)) == ("RGBA", photo["size"])
            np.testing.assert_array_equal(np.asarray(matte), np.asarray(cutout)[..., 3])


@pytest.mark.parametrize("name", SAMPLES)
def test_mattes_never_sum_to_more_than_one(run: dict[str, Any], name: str) -> None:
    mattes = _mattes(_photo(run, name))
    total = np.sum(mattes, axis=0, dtype=np.int64)
    # Each file is rounded to 8 bit for itself: half a step per person.
    assert total.max() <= 255 + len(mattes) / 2


def test_nobody_comes_twice_and_everybody_is_somebody(run: dict[str, Any]) -> None:
    mattes = [matte > 128 for matte in _mattes(_photo(run, "group-of-four.jpg"))]
    for index, matte in enumerate(mattes):
        assert matte.mean() > 0.01
        assert all((matte & other).sum() == 0 for other in mattes[index + 1 :])


@pytest.mark.parametrize("name", SAMPLES)
def test_mattes_are_people_not_clouds(run: dict[str, Any], name: str) -> None:
    for matte in _mattes(_photo(run, name)):
        assert matte[matte > 127].sum(dtype=np.int64) > MOSTLY_SOLID * matte.sum(dtype=np.int64)


def test_people_are_numbered_from_left_to_right(run: dict[str, Any]) -> None:
    centres = [
        float((matte.sum(0) * np.arange(matte.shape[1])).sum() / matte.sum(dtype=np.int64))
        for matte in _mattes(_photo(run, "group-of-four.jpg"))
    ]
    assert centres == sorted(centres)


def test_no_socket_is_opened_and_no_qt_loaded(run: dict[str, Any]) -> None:
    assert run["probed"] == []


def test_the_samples_themselves_are_not_touched(run: dict[str, Any]) -> None:
    assert {name: _hash(name) for name in SAMPLES} == run["hashes"]
