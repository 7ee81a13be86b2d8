"""Files are written all or nothing, and what killed processes left behind goes."""

import os
import platform
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from himapp.atomic_file import open_atomically, write_atomically
from himapp.errors import ExportError

MARK = f"{zlib.crc32(platform.node().encode()):08x}"


def name_leftover(process: int, mark: str = MARK) -> str:
    return f".himapp-{mark}-{process}-0123456789abcdef.tmp"


def end_process() -> int:
    """Return the number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def break_off() -> Iterator[bytes]:
    yield b"new"
    raise ZeroDivisionError


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with open_atomically(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_of_the_body_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError):
        write_atomically(path, break_off())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / name_leftover(end_process())
    left.write_bytes(b"half")
    kept = [
        tmp_path / name_leftover(os.getpid()),
        tmp_path / name_leftover(os.getppid()),
        tmp_path / name_leftover(end_process(), "00000000"),
        tmp_path / ".himapp-other.tmp",
    ]
    for path in kept:
        path.write_bytes(b"somebody's")
    write_atomically(tmp_path / "a.txt", [b"new"])
    assert not left.exists()
    assert all(path.exists() for path in kept)


def test_a_name_that_no_file_can_have_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no valid file name"):
        write_atomically(tmp_path / "a\0b", [b""])


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="the folder “gone” does not exist"):
        write_atomically(tmp_path / "gone" / "a.txt", [b""])
