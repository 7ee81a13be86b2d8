"""Photos at the edge of what is a photo, through the command line and the shipped network."""

import json
from pathlib import Path

import pytest
from PIL import Image

from himapp.cli import main
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
