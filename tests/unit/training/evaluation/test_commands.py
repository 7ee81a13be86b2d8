"""The commands, with a fake network in place of weights."""

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import cv2
import pytest
import torch

from training.evaluation import commands


class LeftHalfNetwork:
    """Find one person in the left half of everything, with score .7."""

    score_threshold = 0.5
    input_side = 64

    def predict(
        self, images: torch.Tensor, score_floor: float | None = None
    ) -> Sequence[SimpleNamespace]:
        """Return the person where the score is high enough."""
        alpha = torch.zeros(1, *images.shape[2:])
        alpha[:, :, : images.shape[3] // 2] = 1
        kept = 1 if score_floor is None or score_floor <= 0.7 else 0
        return [SimpleNamespace(score=torch.tensor([0.7])[:kept], alpha=alpha[:kept])]


@pytest.fixture(autouse=True)
def _fake_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "load_weights", lambda _path: LeftHalfNetwork())


def run_command(name: str, *words: object) -> int:
    """Run a command with the words of its command line."""
    parser = ArgumentParser()
    commands.COMMANDS[name].add_arguments(parser)
    return commands.COMMANDS[name].run(parser.parse_args([str(word) for word in words]))


def test_evaluate_reports_every_side_and_part(
    data_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "report.json"
    options = ("--data", data_root, "--weights", "net.safetensors", "--side", 64, 96)
    assert (
        run_command("evaluate", *options, "--part", "coco", "groups", "--limit", 1, "--out", out)
        == 0
    )
    text = capsys.readouterr().out
    assert text.count("| net@64 |") == 2
    assert text.count("| net@96 |") == 2
    reports = json.loads(out.read_text())["reports"]
    # The threshold chosen on the first part holds for the second.
    assert len({report["threshold"] for report in reports["net@64"]}) == 1


def test_sheet_draws_named_photos(data_root: Path, tmp_path: Path):
    out = tmp_path / "sheet.png"
    photos = data_root / "backgrounds"
    assert run_command("sheet", "--weights", "w", "--photos", photos, "--out", out) == 0
    sheet = cv2.imread(str(out))
    assert sheet.shape[1] > 4 * sheet.shape[0]


def test_sheet_draws_validation_scenes(data_root: Path, tmp_path: Path):
    out = tmp_path / "sheet.png"
    options = ("--data", data_root, "--part", "coco", "--limit", 1)
    assert run_command("sheet", "--weights", "w", *options, "--out", out) == 0
    assert out.is_file()


def test_sheet_of_nothing_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run_command("sheet", "--weights", "w", "--out", tmp_path / "sheet.png") == 2
    assert "Nothing to draw" in capsys.readouterr().out


def test_unknown_options_are_refused(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        run_command("baseline", "--data", "d")
    assert "--yolox" in capsys.readouterr().err


def test_folders_mean_their_pictures(tmp_path: Path):
    for name in ("b.jpg", "a.PNG", "notes.txt"):
        (tmp_path / name).touch()
    listed = commands.list_pictures([tmp_path, tmp_path / "notes.txt"])
    assert [path.name for path in listed] == ["a.PNG", "b.jpg", "notes.txt"]
