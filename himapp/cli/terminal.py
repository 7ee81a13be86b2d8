"""What every command says: exit codes, lines, and progress on a terminal."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from enum import IntEnum
from typing import TextIO

from himapp.errors import ExportError


class ExitCode(IntEnum):
    """What the command's exit code says; argparse's own is ``WRONG_USAGE``."""

    DONE = 0
    SOME_FAILED = 1
    WRONG_USAGE = 2
    CANNOT_WORK = 3
    INTERRUPTED = 130


class TerminalProgress:
    """One line on a terminal that says what is being done; silent where there is no terminal."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream if stream is not None and stream.isatty() else None

    def show(self, line: str) -> None:
        """Show what is being done, over what was shown before."""
        if self._stream is not None:
            # Back to the line's start, the text, and erase what was longer before.
            self._stream.write(f"\r{_encodable(line, self._stream)}\x1b[K")
            self._stream.flush()

    def clear(self) -> None:
        """Leave an empty line for what is said next."""
        self.show("")


def say(text: str, stream: TextIO | None) -> None:
    """Write a line; one that nobody reads any more is no error.

    Args:
        text: the line.
        stream: standard output or error; None where it is closed, or the program has none.

    Raises:
        ExportError: standard output cannot be written, as in a file on a full disk.
    """
    if stream is None:
        return
    with _given_up_when_lost(stream):
        print(_encodable(text, stream), file=stream, flush=True)


def finish_output() -> None:
    """Write what is still kept back, so that Python does not try it at its end."""
    if sys.stdout is None:
        return
    with contextlib.suppress(ExportError), _given_up_when_lost(sys.stdout):
        sys.stdout.flush()


@contextlib.contextmanager
def _given_up_when_lost(stream: TextIO) -> Iterator[None]:
    """Write nothing more to a stream that takes nothing any more.

    The work goes on when the reader is gone, as ``| head`` is after ten lines, and without messages
    when standard error is lost.
    """
    try:
        yield
    except OSError as error:
        _send_nowhere(stream)
        # Windows calls a closed pipe an invalid argument.
        is_unread = isinstance(error, BrokenPipeError) or error.errno == errno.EINVAL
        if is_unread or stream is sys.stderr:
            return
        reason = error.strerror or type(error).__name__
        raise ExportError(f"The output cannot be written ({reason}).") from error


def _send_nowhere(stream: TextIO) -> None:
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _encodable(text: str, stream: TextIO) -> str:
    """Return the text with what the stream cannot write spelt out; file names may hold anything."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
