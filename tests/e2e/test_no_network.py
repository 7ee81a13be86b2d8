"""``himapp matte`` works in a process that gets no socket, and asks the system for none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from himapp.paths import samples_dir

# Python runs a module of this name before anything else: whoever asks for a socket is refused.
REFUSAL = """
import sys

def refuse(event, args):
    if event.startswith("socket."):
        raise PermissionError(event)

sys.addaudithook(refuse)
"""
SAMPLE = "astronaut.jpg"


def has_tracer() -> bool:
    """Whether the system calls of a program can be written down here."""
    if shutil.which("strace") is None:
        return False
    done = subprocess.run(["strace", "-qq", "-o", os.devnull, "true"], check=False)
    return done.returncode == 0


def matte(tmp_path: Path, *before: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(REFUSAL, encoding="utf-8")
    command = [sys.executable, "-m", "himapp", "matte", str(samples_dir() / SAMPLE)]
    out = tmp_path / "out"
    done = subprocess.run(
        [*before, *command, "--out", str(out), "--device", "cpu"],
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert (out / "astronaut" / "person-01.png").exists()


@pytest.mark.skipif(not has_tracer(), reason="strace is not here, or may not look at programs")
def test_neither_python_nor_any_library_asks_for_the_network(tmp_path: Path) -> None:
    log = tmp_path / "calls.txt"
    matte(tmp_path, "strace", "-f", "-qq", "-e", "trace=network", "-o", str(log))
    asked = [line for line in log.read_text().splitlines() if "AF_INET" in line]
    assert asked == []


@pytest.mark.skipif(has_tracer(), reason="the test with strace shows more")
def test_python_needs_no_socket(tmp_path: Path) -> None:
    matte(tmp_path)
