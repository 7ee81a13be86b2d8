import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from himapp.cli import main

# The reader goes after the first line; what the command says then meets a closed pipe.
PROBE = """
import sys
from himapp.cli import main, matte
from himapp.inference.session import MattingResult

class Nobody:
    device = "CPU"
    def find_people(self, pixels, *, progress=None, cancel=None):
        return MattingResult((), {"find": 0.1}, "CPU")

matte.open_session = lambda device, quality: Nobody()
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, more: list[str]) -> None:
    for number in range(5):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{number}.png")
    command = [sys.executable, "-c", PROBE, "matte", str(tmp_path), "--out", str(tmp_path / "out")]
    with subprocess.Popen(
        [*command, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
        assert process.wait(60) == 0
    assert told == ""
    assert len(list((tmp_path / "out").iterdir())) == 5


def test_a_program_without_streams_works_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A service's streams may be closed, and a window of Windows has none: both are None then."""
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["export", str(tmp_path / "none.himapp"), "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().out == ""  # messages never go where results belong
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["export", str(tmp_path / "none.himapp"), "--out", str(tmp_path), "--json"]) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
def test_results_that_cannot_be_written_are_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "himapp", "export", "none.himapp", "--out", str(tmp_path)]
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(
            [*command, "--json"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
        silent = subprocess.run(command, stderr=full, check=False)
    assert told.returncode == 3
    assert told.stderr.splitlines()[1:] == [
        "The output cannot be written (No space left on device)."
    ]
    assert silent.returncode == 1


def test_help_into_a_closed_pipe_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "himapp", "export", "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 0
