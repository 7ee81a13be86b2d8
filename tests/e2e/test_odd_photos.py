"""Photos at the edge of what is a photo, through the command line and the shipped network.

The corpus of odd and bad files goes through the command line with a session that finds a person.
"""

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from himapp.cli import main
from himapp.inference.session import InstanceMatte, MattingResult
from himapp.paths import samples_dir

PLAIN_SIZES = {"one pixel": (1, 1), "strip": (20_000, 100), "wall": (300, 200)}


def test_nobody_is_found_where_nobody_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, size in PLAIN_SIZES.items():
        Image.new("RGB", size, (120, 130, 140)).save(tmp_path / f"{name}.png")
    out = tmp_path / "out"
    assert main(["matte", str(tmp_path), "--out", str(out), "--device", "cpu"]) == 0
    said = capsys.readouterr().out
    assert all(f"{name}.png: No people found" in said for name in PLAIN_SIZES)
    assert list(out.rglob("*.png")) == []


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_the_portrait_is_found_in_other_colour_modes(
    mode: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "portrait.jpg"
    with Image.open(samples_dir() / "astronaut.jpg") as image:
        image.convert(mode).save(photo)
    options = ["--out", str(tmp_path / "out"), "--device", "cpu", "--json"]
    assert main(["matte", str(photo), *options]) == 0
    (report,) = json.loads(capsys.readouterr().out)["photos"]
    assert len(report["people"]) == 1


class CornerSession:
    """Finds one person, the photo's upper left pixel."""

    device = "Fake (1 thread)"

    def find_people(self, pixels: Any, **_options: Any) -> MattingResult:
        person = InstanceMatte(np.full((1, 1), 65535, np.uint16), 0, 0, 0.9, (0.0, 0.0, 1.0, 1.0))
        return MattingResult((person,), {"find": 0.0}, self.device, ())


@pytest.mark.skipif(
    importlib.util.find_spec("pillow_heif") is None, reason="HEIC needs the extra “heic”"
)
@pytest.mark.usefixtures("little_memory")
def test_the_corpus_of_odd_files_goes_through_the_command_line(
    odd_files, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("himapp.cli.matte.open_session", lambda *_: CornerSession())
    before = odd_files.fingerprint()
    # An empty folder says nothing about photos, and twice the same file is read once.
    names = [name for name in odd_files.expected if name not in ("folder.jpg", "link.jpg")]
    files = [str(odd_files.folder / name) for name in names]
    assert main(["matte", *files, "--out", str(tmp_path / "out"), "--json", "--cutouts"]) == 1
    reports = json.loads(capsys.readouterr().out)["photos"]
    by_name = {Path(report["path"]).name: report for report in reports}
    faults = [find_fault(odd_files, name, by_name.get(name, {})) for name in names]
    assert [fault for fault in faults if fault] == []
    assert odd_files.fingerprint() == before


def find_fault(odd_files: Any, name: str, report: dict[str, Any]) -> str | None:
    size = tuple(report["size"]) if "size" in report else None
    return odd_files.find_fault(name, size, report.get("error") or "")
