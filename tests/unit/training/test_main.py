from __future__ import annotations

from pathlib import Path

import pytest

import training.__main__ as command_line
from training.config import TrainingConfig
from training.distributed import Processes


@pytest.mark.parametrize("name", ["train", "export", "evaluate", "baseline", "sheet", "speed"])
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        command_line.main([name, "--help"])
    assert stop.value.code == 0
    assert f"python -m training {name}" in capsys.readouterr().out


def test_without_a_command_the_usage_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        command_line.main([])
    assert stop.value.code == 2
    assert "command" in capsys.readouterr().err


@pytest.mark.parametrize("start", ["", "earlier.safetensors"])
def test_train_reads_its_configuration_and_where_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    asked: list[TrainingConfig] = []

    def remember(config: TrainingConfig, data: Path, out: Path, processes: Processes) -> None:
        assert (data, out, processes.count) == (Path("data"), Path("out"), 1)
        asked.append(config)

    monkeypatch.setattr(command_line, "train", remember)
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "tiny.toml").write_text("[run]\nsteps = 7\n")
    words = ["train", str(tmp_path / "tiny.toml"), "--data", "data", "--out", "out"]
    assert command_line.main(words + (["--weights", start] if start else [])) == 0
    assert (asked[0].run.steps, asked[0].run.start) == (7, start)
