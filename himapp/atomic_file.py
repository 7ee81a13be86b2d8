"""Write a file all or nothing: the old content stays until the new one is complete."""

import contextlib
import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from himapp.errors import ExportError
from himapp.paths import display_name

_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_PERMISSION: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


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

    Args:
        path: The file to make or replace once the body has ended; its folder must exist.

    Raises:
        ExportError: The file cannot be written; nothing is left behind and an older file of that
            name is untouched.
    """
    try:
        target = Path(os.path.realpath(path))
        temporary = target.with_name(f".himapp-{secrets.token_hex(8)}.tmp")
    except ValueError as error:  # a null character in the name
        raise ExportError(f"“{display_name(path)}” is no valid file name.") from error
    try:
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
