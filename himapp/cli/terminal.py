"""What every command says: exit codes, lines, and progress on a terminal."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from enum import IntEnum
from typing import TextIO


class ExitCode(IntEnum):
    """What the command's exit code says; argparse's own is ``WRONG_USAGE``."""

    DONE = 0
    SOME_FAILED = 1
    WRONG_USAGE = 2
    CANNOT_WORK = 3
    INTERRUPTED = 130


class TerminalProgress:
    """One line on a terminal that says what is being done; silent where there is no terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_shown = stream.isatty()

    def show(self, line: str) -> None:
        """Show what is being done, over what was shown before."""
        if self._is_shown:
            # Back to the line's start, the text, and erase what was longer before.
            self._stream.write(f"\r{_encodable(line, self._stream)}\x1b[K")
            self._stream.flush()

    def clear(self) -> None:
        """Leave an empty line for what is said next."""
        self.show("")


def say(text: str, stream: TextIO) -> None:
    """Write a line; one that nobody reads any more is no error."""
    with _silenced_when_closed(stream):
        print(_encodable(text, stream), file=stream, flush=True)


def finish_output() -> None:
    """Write what is still kept back, so that Python does not try it at its end."""
    with _silenced_when_closed(sys.stdout):
        sys.stdout.flush()


@contextlib.contextmanager
def _silenced_when_closed(stream: TextIO) -> Iterator[None]:
    """Let the work go on when the reader is gone, as ``| head`` is after ten lines."""
    try:
        yield
    except OSError as error:
        # Windows calls a closed pipe an invalid argument.
        if not isinstance(error, BrokenPipeError) and error.errno != errno.EINVAL:
            raise
        with contextlib.suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def _encodable(text: str, stream: TextIO) -> str:
    """Return the text with what the stream cannot write spelt out; file names may hold anything."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
