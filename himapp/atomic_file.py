"""Write a file all or nothing: the old content stays until the new one is complete."""

import contextlib
import errno
import os
import re
import secrets
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from himapp.errors import ExportError
from himapp.paths import display_name

_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_PERMISSION: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_LEFTOVER: Final = re.compile(r"\.himapp-([0-9a-f]{8})-(\d{1,10})-[0-9a-f]{16}\.tmp")


def write_atomically(path: Path, parts: Iterable[bytes | memoryview]) -> None:
    """Write a file through a temporary one in the same folder.

    A link is followed: the file it names is replaced, the link stays.

    Args:
        path: The file to make or replace; its folder must exist.
        parts: The content in order.

    Raises:
        ExportError: The file cannot be written; nothing is left behind and an older file of that
            name is untouched.
    """
    with open_atomically(path) as file:
        file.writelines(parts)


@contextlib.contextmanager
def open_atomically(path: Path) -> Iterator[BinaryIO]:
    """Give a file to fill in any order, as :func:`write_atomically` does for parts in order.

    What processes that were killed have left in the folder is removed first.

    Args:
        path: The file to make or replace once the body has ended; its folder must exist.

    Raises:
        ExportError: The file cannot be written; nothing is left behind and an older file of that
            name is untouched.
    """
    try:
        target = Path(os.path.realpath(path))
        temporary = _name_temporary(target)
    except ValueError as error:  # a null character in the name
        raise ExportError(f"“{display_name(path)}” is no valid file name.") from error
    try:
        _remove_leftovers(target.parent)
        with _fill_and_replace(temporary, target) as file:
            yield file
    except OSError as error:
        raise ExportError(_explain(error, path)) from error


@contextlib.contextmanager
def _fill_and_replace(temporary: Path, target: Path) -> Iterator[BinaryIO]:
    """Give the temporary file and rename it after the body; remove it whatever goes wrong."""
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Let the new name outlast a power cut; where folders cannot be synced the system does it."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _name_temporary(target: Path) -> Path:
    """Return a name that says whose the file is: this machine's and this process's."""
    return target.with_name(f".himapp-{_machine_mark()}-{os.getpid()}-{secrets.token_hex(8)}.tmp")


def _machine_mark() -> str:
    """Return eight digits for this machine; folders on a network are shared with others."""
    # Not by the socket module: the program does not touch it, so that tests can forbid it.
    name = os.environ.get("COMPUTERNAME", "") if sys.platform == "win32" else os.uname().nodename
    return f"{zlib.crc32(name.encode('utf-8', 'replace')):08x}"


def _remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of processes of this machine that are no more."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            owner = _LEFTOVER.fullmatch(entry.name)
            if owner and owner[1] == _machine_mark() and not _is_running(int(owner[2])):
                with contextlib.suppress(OSError):
                    Path(entry.path).unlink()


def _is_running(process: int) -> bool:
    """Tell whether a process lives; on Windows its open file cannot be removed anyway."""
    if process == os.getpid():
        return True
    if sys.platform == "win32":
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _explain(error: OSError, path: Path) -> str:
    """Say in one sentence why a file was not written."""
    name, folder = display_name(path), path.parent
    if error.errno in _NO_SPACE:
        return f"“{name}” was not saved: there is no space left on the disk."
    if os.path.isdir(path):
        return f"“{name}” was not saved: a folder of that name is in the way."
    if not os.path.isdir(folder):
        return f"“{name}” was not saved: the folder “{display_name(folder)}” does not exist."
    if error.errno in _NO_PERMISSION:
        return f"“{name}” was not saved: writing in “{display_name(folder)}” is not permitted."
    return f"“{name}” was not saved: {error.strerror or 'the disk reports an error'}."
