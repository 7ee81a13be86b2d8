"""The self-test finds what is wrong, goes on all the same, and is cut off from the network."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from himapp import cli, selftest
from himapp.document.layers import PersonLayer
from himapp.errors import WeightsError
from himapp.imaging.image_files import write_png
from himapp.imaging.photo import Photo
from himapp.inference.session import InstanceMatte, MattingResult
from himapp.paths import weights_path
from himapp.pipeline import document_with_people

# Qt's offscreen platform says this of every window; nothing can be done about it.
pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")

SIDE = 64


class FakeSession:
    """Finds soft-edged squares side by side."""

    device = "CPU (1 thread)"

    def __init__(self, people: int = 4) -> None:
        self._people = people

    def find_people(self, pixels: Any, **_callbacks: Any) -> MattingResult:
        lefts = range(0, 2 * SIDE * self._people, 2 * SIDE)
        return MattingResult(tuple(make_person(left) for left in lefts), {}, self.device)


class BrokenSession:
    """Has lost its weights."""

    device = "CPU (1 thread)"

    def find_people(self, pixels: Any, **_callbacks: Any) -> MattingResult:
        raise WeightsError("The weights are gone.")


def make_person(left: int) -> InstanceMatte:
    ramp = np.minimum(np.linspace(0, 2, SIDE), 1)
    alpha = np.round(np.outer(ramp, ramp) * 65535).astype(np.uint16)
    return InstanceMatte(alpha, left, 0, 0.9, (left, 0.0, left + SIDE, float(SIDE)))


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, qapp: object) -> list[str]:
    """What the self-test says; the shipped weights are not looked at."""
    monkeypatch.setattr(selftest, "check_weights", lambda: "not looked at")
    return []


def test_everything_is_well(lines: list[str]) -> None:
    assert selftest.run_selftest(lines.append, FakeSession)
    assert [line[:6] for line in lines] == ["ok    "] * 9
    assert "find people: 4 in group-of-four.jpg (2400 × 1600), CPU (1 thread)" in lines[3]
    assert "4 people as layers, drawn offscreen" in lines[4]
    assert "4 cut-outs and the picture, read back" in lines[5]
    assert "saved and opened to the last bit" in lines[6]


def test_a_check_that_fails_does_not_stop_the_others(lines: list[str]) -> None:
    assert not selftest.run_selftest(lines.append, BrokenSession)
    failed = [line for line in lines if line.startswith("FAIL")]
    assert failed == [
        "FAIL  find people: The weights are gone.",
        "FAIL  window: The weights are gone.",
        "FAIL  export: there are no people to export",
        "FAIL  project: there are no people to save",
    ]
    assert len(lines) == 9


@pytest.mark.parametrize("people", [3, 5])
def test_the_sample_shows_four(
    lines: list[str], monkeypatch: pytest.MonkeyPatch, people: int
) -> None:
    monkeypatch.setattr(selftest, "run_export", lambda *_a, **_k: ())
    assert not selftest.run_selftest(lines.append, lambda: FakeSession(people))
    assert f"found {people} people in group-of-four.jpg, which shows 4" in lines[3]


def test_settings_and_screen_are_given_back(lines: list[str]) -> None:
    before = dict(os.environ)
    selftest.run_selftest(lines.append, BrokenSession)
    assert dict(os.environ) == before


def test_the_network_is_shut_and_open_again() -> None:
    with selftest.NetworkGuard() as guard:
        with pytest.raises(PermissionError, match="no network"):
            socket.create_connection(("127.0.0.1", 9))
        assert guard.refused == ["socket.getaddrinfo"]
        with pytest.raises(PermissionError):
            socket.socket()
    socket.socket().close()
    assert len(guard.refused) == 2


def test_a_missing_licence_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "licences_dir", lambda: tmp_path)
    (tmp_path / "README.md").write_text("here")
    (tmp_path / "LGPL-3.0.txt").touch()
    with pytest.raises(selftest.CheckError, match=r"Apache-2\.0\.txt, LGPL-3\.0\.txt, GPL"):
        selftest.check_licences()


def make_layer() -> PersonLayer:
    photo = Photo(np.zeros((SIDE, SIDE, 3), np.uint8))
    return document_with_people(photo, FakeSession(1).find_people(photo.pixels)).layers[0]


@pytest.mark.parametrize(
    ("shape", "complaint"),
    [
        # The first row and column of a person are clear: the crop leaves them off.
        ((SIDE - 1, SIDE - 1, 4), "alpha of 255 to 255 only"),
        ((SIDE, SIDE, 4), "is (64, 64)"),
        ((SIDE - 1, SIDE - 1, 3), "is RGB, not RGBA"),
    ],
)
def test_a_bad_cutout_is_noticed(tmp_path: Path, shape: tuple[int, ...], complaint: str) -> None:
    file = tmp_path / "person-01.png"
    write_png(file, np.full(shape, 255, np.uint8))
    with pytest.raises(selftest.CheckError) as raised:
        selftest.check_cutout(file, make_layer())
    assert complaint in str(raised.value)


@pytest.mark.parametrize("code", [0, 1])
def test_the_command_says_it_by_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: int
) -> None:
    def run(say: Any) -> bool:
        say("a line")
        return code == 0

    monkeypatch.setattr(selftest, "run_selftest", run)
    assert cli.main(["selftest"]) == code
    assert capsys.readouterr().out == "a line\n"


@pytest.mark.skipif(not weights_path().exists(), reason="the weights are not here yet")
def test_the_program_itself_is_well() -> None:
    command = [sys.executable, "-m", "himapp", "selftest"]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, encoding="utf-8", timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout
    assert "4 in group-of-four.jpg" in done.stdout
