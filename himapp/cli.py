"""The command ``himapp``: ``himapp [PHOTO]`` opens the window, ``himapp matte`` needs none.

``himapp matte PHOTO... --out DIR`` writes every person's matte; ``himapp selftest`` tries it all.

Neither Qt nor torch is loaded before there is work for it, so that ``--help`` is instant.

With ``--json`` stdout holds one document::

    {"version": 1, "device": str | null, "error": str (only where the run stopped),
     "photos": [{"path", "size": [width, height], "folder", "people": [{"file", "cutout", "score",
                 "box": [x0, y0, x1, y1]}], "seconds": {stage: s}, "device", "notes"}
                | {"path", "error"}]}
"""

import argparse
import json
import sys
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, TextIO

from himapp import __version__
from himapp.errors import ExportError, WeightsError
from himapp.pipeline import (
    PhotoFailure,
    PhotoProgress,
    PhotoReport,
    PhotoStage,
    gather_photos,
    matte_photos,
    open_session,
)
from himapp.run_files import make_folder, name_folders

_COMMANDS = ("matte", "selftest")
_JSON_VERSION = 1
_STAGE_WORDS: dict[PhotoStage, str] = {
    "read": "reading",
    "load": "loading the network",
    "find": "finding people",
    "edges": "drawing edges",
    "write": "writing files",
}


class ExitCode(IntEnum):
    """What the command's exit code says; argparse's own is ``WRONG_USAGE``."""

    DONE = 0
    SOME_FAILED = 1
    WRONG_USAGE = 2
    CANNOT_WORK = 3
    INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        arguments: what follows the program's name; None takes the process's own.

    Raises:
        SystemExit: the arguments are wrong, or were answered (``--help``, ``--version``).
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if asks_for_window(given):
        return _open_window([Path(name) for name in given])
    options = build_parser().parse_args(given)
    return _run_selftest() if options.command == "selftest" else run_matte(options)


def asks_for_window(arguments: Sequence[str]) -> bool:
    """Tell whether the arguments name no command: then they are photos for the window."""
    return not arguments or not (arguments[0] in _COMMANDS or arguments[0].startswith("-"))


def _open_window(photos: Sequence[Path]) -> int:
    # Qt is loaded for the window alone.
    from himapp.app import main as show_window

    return show_window(photos)


def _run_selftest() -> ExitCode:
    # It needs all that the other commands load only when they work.
    from himapp.selftest import run_selftest

    is_well = run_selftest(lambda line: _say(line, sys.stdout))
    return ExitCode.DONE if is_well else ExitCode.SOME_FAILED


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    parser = argparse.ArgumentParser(
        prog="himapp",
        description="Every person in a photo becomes a matte of their own, offline.",
        epilog="Without a command, himapp [PHOTO] opens the window.",
    )
    parser.add_argument("--version", action="version", version=f"himapp {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    matte = commands.add_parser(
        "matte",
        help="write every person's matte",
        description="Write a matte for every person in every photo: DIR/<photo>/person-01.png ...",
        epilog="Exit codes: 0 all done, 1 at least one file failed, 2 wrong usage, "
        "3 cannot work at all (weights, disk), 130 interrupted.",
    )
    _add_matte_arguments(matte)
    commands.add_parser(
        "selftest",
        help="try every part without network",
        description="Try every part of the program once, without network, a line for each.",
        epilog="Exit codes: 0 all well, 1 at least one check failed.",
    )
    return parser


def _add_matte_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "photos", nargs="+", type=Path, metavar="PHOTO", help="a photo, or a folder of photos"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="where files go")
    parser.add_argument(
        "--cutouts", action="store_true", help="also write each person alone, cutout-01.png ..."
    )
    parser.add_argument("--json", action="store_true", help="write one JSON document to stdout")
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="where the network runs (default: a GPU if there is one)",
    )


def run_matte(options: argparse.Namespace) -> ExitCode:
    """Matte the photos the options name, tell about them, and return the exit code."""
    run = _MatteRun(as_json=options.json)
    code = run.try_photos(options)
    run.finish()
    return code


class _MatteRun:
    """What a run has told so far, and what its document will hold."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._progress = TerminalProgress(sys.stderr)
        self._outcomes: list[PhotoReport | PhotoFailure] = []
        self._error: str | None = None

    def try_photos(self, options: argparse.Namespace) -> ExitCode:
        try:
            self._matte(options)
        except (WeightsError, ExportError) as error:
            return self._stop(str(error), ExitCode.CANNOT_WORK)
        except KeyboardInterrupt:
            return self._stop("Interrupted.", ExitCode.INTERRUPTED)
        has_failed = any(isinstance(outcome, PhotoFailure) for outcome in self._outcomes)
        return ExitCode.SOME_FAILED if has_failed else ExitCode.DONE

    def _matte(self, options: argparse.Namespace) -> None:
        make_folder(options.out)
        photos, failures = gather_photos(options.photos)
        for failure in failures:
            self._tell(failure)
        if not photos:
            return
        jobs = list(zip(photos, name_folders(photos, options.out), strict=True))
        self._progress.count(len(jobs))
        session = open_session(options.device)
        for outcome in matte_photos(
            session, jobs, cutouts=options.cutouts, progress=self._progress.start
        ):
            self._tell(outcome)

    def _tell(self, outcome: PhotoReport | PhotoFailure) -> None:
        """Keep an outcome and say it: what is done to stdout, what is wrong to stderr."""
        self._outcomes.append(outcome)
        self._progress.clear()
        if isinstance(outcome, PhotoFailure):
            _say(f"{outcome.path}: {outcome.error}", sys.stderr)
            return
        for note in outcome.notes:
            _say(f"{outcome.path}: {note}", sys.stderr)
        if not self._as_json:
            _say(describe_report(outcome), sys.stdout)

    def _stop(self, error: str, code: ExitCode) -> ExitCode:
        self._progress.clear()
        self._error = error
        _say(error, sys.stderr)
        return code

    def finish(self) -> None:
        """Write the document, whatever happened before."""
        if self._as_json:
            _say(json.dumps(describe_run(self._outcomes, self._error), indent=2), sys.stdout)


class TerminalProgress:
    """One line on a terminal that says what is being done; silent where there is no terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_shown = stream.isatty()
        self._started = self._photos = 0

    def count(self, photos: int) -> None:
        """Say how many photos there are."""
        self._photos = photos

    def start(self, photo: Path) -> PhotoProgress:
        """Return the callback for the next photo."""
        self._started += 1
        prefix = f"[{self._started}/{self._photos}] {photo.name}: "

        def show(stage: PhotoStage, done: int, of: int) -> None:
            counted = f", {done} of {of}" if of > 1 else ""
            self._show(f"{prefix}{_STAGE_WORDS[stage]}{counted}")

        return show

    def clear(self) -> None:
        """Leave an empty line for what is said next."""
        self._show("")

    def _show(self, line: str) -> None:
        if self._is_shown:
            # Back to the line's start, the text, and erase what was longer before.
            self._stream.write(f"\r{_encodable(line, self._stream)}\x1b[K")
            self._stream.flush()


def describe_report(report: PhotoReport) -> str:
    """Return a line that says who was found, how long that took and where the files are."""
    seconds = sum(report.seconds.values())
    if not report.people:
        return f"{report.path}: No people found ({seconds:.1f} s)"
    count = len(report.people)
    people = "1 person" if count == 1 else f"{count} people"
    return f"{report.path}: {people} ({seconds:.1f} s, {report.device}) in {report.folder}"


def describe_run(
    outcomes: Sequence[PhotoReport | PhotoFailure], error: str | None
) -> dict[str, Any]:
    """Return the document of ``--json``, see the module's docstring."""
    devices = [outcome.device for outcome in outcomes if isinstance(outcome, PhotoReport)]
    document: dict[str, Any] = {
        "version": _JSON_VERSION,
        "device": devices[-1] if devices else None,
    }
    if error:
        document["error"] = error
    document["photos"] = [_describe_outcome(outcome) for outcome in outcomes]
    return document


def _describe_outcome(outcome: PhotoReport | PhotoFailure) -> dict[str, Any]:
    if isinstance(outcome, PhotoFailure):
        return {"path": str(outcome.path), "error": outcome.error}
    return {
        "path": str(outcome.path),
        "size": [outcome.width, outcome.height],
        "folder": str(outcome.folder),
        "people": [
            {
                "file": str(person.file),
                "cutout": person.cutout and str(person.cutout),
                "score": round(person.score, 4),
                "box": [round(edge, 1) for edge in person.box],
            }
            for person in outcome.people
        ],
        "seconds": {stage: round(seconds, 3) for stage, seconds in outcome.seconds.items()},
        "device": outcome.device,
        "notes": list(outcome.notes),
    }


def _say(text: str, stream: TextIO) -> None:
    print(_encodable(text, stream), file=stream, flush=True)


def _encodable(text: str, stream: TextIO) -> str:
    """Return the text with what the stream cannot write spelt out; file names may hold anything."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
