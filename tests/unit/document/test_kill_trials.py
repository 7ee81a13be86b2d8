"""A process that is killed while it saves, autosaves or exports leaves whole files."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "data" / "kill_trials.py"


@pytest.mark.skipif(sys.platform == "win32", reason="the script forks")
def test_five_killed_processes_leave_whole_files() -> None:
    """The script itself, with ``--trials 100``, is for changes of what is written and how."""
    outcome = subprocess.run(
        [sys.executable, str(SCRIPT), "--trials", "5"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=200,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    lines = [line.split(":")[0] for line in outcome.stdout.splitlines()]
    assert lines[:3] == ["save", "autosave", "export"]
