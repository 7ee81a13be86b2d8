"""The command line from the outside, with a session that needs no weights."""

import errno
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from himapp import atomic_file, cli
from himapp.cli import main
from himapp.errors import WeightsError
from himapp.inference.session import (
    CancelToken,
    InstanceMatte,
    MattingResult,
    ProgressCallback,
)


class FakeSession:
    """Finds one person, the photo's brighter half; on a black photo nobody."""

    device = "Fake (1 thread)"

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error

    def find_people(
        self,
        pixels: Any,
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> MattingResult:
        if self.error:
            raise self.error
        assert progress is not None
        progress("find", 0, 1)
        people = ()
        if pixels.any():
            alpha = np.full(pixels.shape[:2], 65535, np.uint16)
            height, width = alpha.shape
            people = (InstanceMatte(alpha, 0, 0, 0.87654, (0.0, 0.0, float(width), height)),)
        return MattingResult(people, {"find": 0.25}, self.device, ("The GPU was busy.",))


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> FakeSession:
    fake = FakeSession()
    monkeypatch.setattr(cli.matte, "open_session", lambda *_: fake)
    return fake


def _save(path: Path, mode: str = "RGB", size: tuple[int, int] = (16, 12)) -> Path:
    colours: dict[str, Any] = {"L": 90, "I;16": 40000, "RGBA": (9, 99, 199, 128)}
    Image.new(mode, size, colours.get(mode, (9, 99, 199, 20)[: len(mode)])).save(path)
    return path


def _save_16_bit(path: Path) -> Path:
    import cv2

    cv2.imwrite(str(path), np.full((12, 16, 3), 40000, np.uint16))
    return path


def _save_truncated(path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:9000])
    return path


def _write(content: bytes) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return write


OPENED: dict[str, tuple[str, Callable[[Path], Path], tuple[int, int]]] = {
    "grey": ("a.jpg", lambda path: _save(path, "L"), (16, 12)),
    "cmyk": ("a.jpg", lambda path: _save(path, "CMYK"), (16, 12)),
    "palette": ("a.gif", _save, (16, 12)),
    "16-bit": ("a.png", _save_16_bit, (16, 12)),
    "16-bit grey": ("a.png", lambda path: _save(path, "I;16"), (16, 12)),
    "alpha": ("a.png", lambda path: _save(path, "RGBA"), (16, 12)),
    "1x1": ("a.png", lambda path: _save(path, size=(1, 1)), (1, 1)),
    "20000x100": ("a.jpg", lambda path: _save(path, size=(20000, 100)), (20000, 100)),
    "a wrong ending": ("a.txt", lambda path: path, (16, 12)),
}

REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "text": (_write(b"This is a letter, not a photo.\n" * 40), "is not a "),
    "truncated": (_save_truncated, "damaged"),
    "zero bytes": (_write(b""), "empty"),
    "a missing file": (lambda path: path, "does not exist"),
}


@pytest.mark.parametrize("case", OPENED)
def test_odd_photos_are_opened(case: str, tmp_path: Path) -> None:
    name, make, size = OPENED[case]
    photo = make(tmp_path / name)
    if case == "a wrong ending":
        _save(tmp_path / "b.png").rename(photo)
    before = hashlib.sha256(photo.read_bytes()).digest()
    assert main(["matte", str(photo), "--out", str(tmp_path / "out"), "--cutouts"]) == 0
    with Image.open(tmp_path / "out" / "a" / "person-01.png") as matte:
        assert (matte.mode, matte.size) == ("L", size)
    with Image.open(tmp_path / "out" / "a" / "cutout-01.png") as cutout:
        assert cutout.size == size
    assert hashlib.sha256(photo.read_bytes()).digest() == before


@pytest.mark.parametrize("case", REFUSED)
def test_bad_files_are_refused_in_one_sentence_and_the_rest_goes_on(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, words = REFUSED[case]
    bad, good = make(tmp_path / "bad.jpg"), _save(tmp_path / "good.png")
    before = bad.read_bytes() if bad.exists() else None
    assert main(["matte", str(bad), str(good), "--out", str(tmp_path / "out")]) == 1
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if "bad.jpg" in line]
    assert len(lines) == 1
    assert words in lines[0]
    assert lines[0].endswith(".")
    assert "good.png: 1 person" in captured.out
    assert (tmp_path / "out" / "good" / "person-01.png").exists()
    assert (bad.read_bytes() if bad.exists() else None) == before


def test_a_file_that_may_not_be_read_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may read everything, so the refusal is played.
    secret, good = _save(tmp_path / "secret.png"), _save(tmp_path / "good.png")
    read = Path.read_bytes

    def refuse_secret(path: Path) -> bytes:
        if path == secret:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse_secret)
    assert main(["matte", str(secret), str(good), "--out", str(tmp_path / "out")]) == 1
    assert "secret.png” cannot be opened: permission denied." in capsys.readouterr().err
    assert (tmp_path / "out" / "good" / "person-01.png").exists()


def test_no_space_left_is_said_leaves_no_half_file_and_the_rest_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))])

    def be_full_once(file: int) -> None:
        for error in answers:
            raise error

    monkeypatch.setattr(atomic_file.os, "fsync", be_full_once)
    photos = [str(_save(tmp_path / name)) for name in ("a.png", "b.png")]
    assert main(["matte", *photos, "--out", str(tmp_path / "out")]) == 1
    assert "there is no space left on the disk." in capsys.readouterr().err
    assert list((tmp_path / "out" / "a").iterdir()) == []
    assert (tmp_path / "out" / "b" / "person-01.png").exists()


def test_a_photo_without_people_is_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "black.png"
    Image.new("RGB", (9, 9)).save(photo)
    assert main(["matte", str(photo), "--out", str(tmp_path / "out")]) == 0
    assert "black.png: No people found" in capsys.readouterr().out


def test_json_is_one_document_on_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo, bad, out = _save(tmp_path / "a.png"), tmp_path / "bad.jpg", tmp_path / "out"
    bad.touch()
    options = ["--out", str(out), "--cutouts", "--json"]
    assert main(["matte", str(photo), str(bad), *options]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["version"] == 1
    assert document["device"] == "Fake (1 thread)"
    good, failed = document["photos"]
    assert good["path"] == str(photo)
    assert good["size"] == [16, 12]
    assert good["people"] == [
        {
            "file": str(out / "a" / "person-01.png"),
            "cutout": str(out / "a" / "cutout-01.png"),
            "score": 0.8765,
            "box": [0.0, 0.0, 16.0, 12],
        }
    ]
    assert set(good["seconds"]) == {"read", "find", "write"}
    assert good["notes"] == ["The GPU was busy."]
    assert failed == {"path": str(bad), "error": "“bad.jpg” is empty (0 bytes)."}


def test_notes_are_visible(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["matte", str(_save(tmp_path / "a.png")), "--out", str(tmp_path / "out")]) == 0
    assert "a.png: The GPU was busy." in capsys.readouterr().err


@pytest.mark.parametrize("as_json", [True, False])
def test_missing_weights_exit_with_3(
    tmp_path: Path,
    session: FakeSession,
    capsys: pytest.CaptureFixture[str],
    as_json: bool,  # noqa: FBT001
) -> None:
    session.error = WeightsError("The weights are missing.")
    photo = _save(tmp_path / "a.png")
    options = ["--json"] if as_json else []
    assert main(["matte", str(photo), "--out", str(tmp_path / "out"), *options]) == 3
    captured = capsys.readouterr()
    assert captured.err == "The weights are missing.\n"
    if as_json:
        assert json.loads(captured.out)["error"] == "The weights are missing."


@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_the_real_session_without_good_weights_exits_with_3(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("himapp.inference.e2e_him")
    from himapp.pipeline import open_session

    weights = tmp_path / "resources" / "weights"
    weights.mkdir(parents=True)
    name = "e2e_him_lite.safetensors"
    (weights / "manifest.json").write_text(json.dumps({name: {"sha256": "0" * 64, "bytes": 4}}))
    if damage == "damaged":
        (weights / name).write_bytes(b"oops")
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    monkeypatch.setattr(cli.matte, "open_session", open_session)
    photo = _save(tmp_path / "a.png")
    options = ["--out", str(tmp_path / "out"), "--device", "cpu"]
    assert main(["matte", str(photo), *options]) == 3
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"are {damage}" in error


def test_an_out_folder_that_cannot_be_made_exits_with_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = _save(tmp_path / "a.png")
    assert main(["matte", str(photo), "--out", str(photo / "out")]) == 3
    assert "cannot be created (Not a directory)." in capsys.readouterr().err


def test_an_interrupted_run_exits_with_130_and_tells_what_was_done(
    tmp_path: Path, session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.error = KeyboardInterrupt()
    photos = [str(tmp_path / "gone.jpg"), str(_save(tmp_path / "a.png"))]
    assert main(["matte", *photos, "--out", str(tmp_path / "out"), "--json"]) == 130
    document = json.loads(capsys.readouterr().out)
    assert document["error"] == "Interrupted."
    assert [photo["path"] for photo in document["photos"]] == photos[:1]


@pytest.mark.parametrize(
    "arguments",
    [["matte"], ["matte", "a.jpg"], ["matte", "--out", "x"], ["matte", "a", "--out", "b", "--no"]],
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(arguments)
    assert exit_info.value.code == 2


@pytest.mark.parametrize("arguments", [[], ["photo.jpg"]])
def test_without_a_command_the_window_is_asked_for(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[list[Path]] = []
    monkeypatch.setattr(cli, "_open_window", lambda photos: shown.append(photos) or 0)
    assert cli.asks_for_window(arguments)
    assert main(arguments) == 0
    assert shown == [[Path(name) for name in arguments]]


def test_two_photos_of_one_stem_do_not_meet(tmp_path: Path) -> None:
    photos = [_save(tmp_path / "a.png"), _save(tmp_path / "a.jpg", size=(5, 7))]
    assert main(["matte", *map(str, photos), "--out", str(tmp_path / "out")]) == 0
    sizes = []
    for folder in ("a", "a-jpg"):
        with Image.open(tmp_path / "out" / folder / "person-01.png") as matte:
            sizes.append(matte.size)
    assert sizes == [(16, 12), (5, 7)]


def test_a_terminal_sees_every_stage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    photo = _save(tmp_path / "a.png")
    assert main(["matte", str(photo), "--out", str(tmp_path / "out")]) == 0
    error = capsys.readouterr().err
    assert "[1/1] a.png: reading" in error
    assert "[1/1] a.png: finding people" in error
    assert "[1/1] a.png: writing files" in error


def test_a_pipe_sees_no_progress(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["matte", str(_save(tmp_path / "a.png")), "--out", str(tmp_path / "out")]) == 0
    assert "\r" not in capsys.readouterr().err


def test_a_name_that_is_no_text_can_be_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "b\udcff.png"
    try:
        _save(tmp_path / "a.png").rename(photo)
    except OSError:
        pytest.skip("this file system takes only names that are text")
    assert main(["matte", str(photo), "--out", str(tmp_path / "out")]) == 0
    assert "b\\udcff.png: 1 person" in capsys.readouterr().out


def test_help_loads_neither_torch_nor_qt() -> None:
    code = (
        "import sys\n"
        "from himapp.cli import main\n"
        "try:\n    main(['matte', '--help'])\n"
        "except SystemExit as end:\n    assert end.code == 0\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'torch', 'PySide6', 'models'}, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--cutouts" in done.stdout
