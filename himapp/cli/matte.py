"""``himapp matte PHOTO... --out DIR``: every person's matte, and with ``--cutouts`` the person.

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
from pathlib import Path
from typing import Any, get_args

from himapp.cli.terminal import ExitCode, TerminalProgress, say
from himapp.errors import ExportError, WeightsError
from himapp.inference.session import Quality
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

_JSON_VERSION = 1
_STAGE_WORDS: dict[PhotoStage, str] = {
    "read": "reading",
    "load": "loading the network",
    "find": "finding people",
    "edges": "drawing edges",
    "write": "writing files",
}


def add_matte_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
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
    parser.add_argument(
        "--quality",
        choices=get_args(Quality),
        default="normal",
        help="how much work edges are worth: draft is quick, best looks twice (default: normal)",
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
        counter = PhotoCounter(self._progress, len(jobs))
        session = open_session(options.device, options.quality)
        for outcome in matte_photos(session, jobs, cutouts=options.cutouts, progress=counter.start):
            self._tell(outcome)

    def _tell(self, outcome: PhotoReport | PhotoFailure) -> None:
        """Keep an outcome and say it: what is done to stdout, what is wrong to stderr."""
        self._outcomes.append(outcome)
        self._progress.clear()
        if isinstance(outcome, PhotoFailure):
            say(f"{outcome.path}: {outcome.error}", sys.stderr)
            return
        for note in outcome.notes:
            say(f"{outcome.path}: {note}", sys.stderr)
        if not self._as_json:
            say(describe_report(outcome), sys.stdout)

    def _stop(self, error: str, code: ExitCode) -> ExitCode:
        self._progress.clear()
        self._error = error
        say(error, sys.stderr)
        return code

    def finish(self) -> None:
        """Write the document, whatever happened before."""
        if self._as_json:
            say(json.dumps(describe_run(self._outcomes, self._error), indent=2), sys.stdout)


class PhotoCounter:
    """Tells a terminal which photo of how many is at which stage."""

    def __init__(self, progress: TerminalProgress, photos: int) -> None:
        self._progress = progress
        self._started, self._photos = 0, photos

    def start(self, photo: Path) -> PhotoProgress:
        """Return the callback for the next photo."""
        self._started += 1
        prefix = f"[{self._started}/{self._photos}] {photo.name}: "

        def show(stage: PhotoStage, done: int, of: int) -> None:
            counted = f", {done} of {of}" if of > 1 else ""
            self._progress.show(f"{prefix}{_STAGE_WORDS[stage]}{counted}")

        return show


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
