import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

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
