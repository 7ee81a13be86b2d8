"""``himapp export PROJECT... --out DIR``: the files of projects, with a preset and choices over it.

With ``--json`` stdout holds one document::

    {"version": 1, "error": str (only where the run stopped),
     "projects": [{"path", "files": [str], "skipped": [str], "seconds": s} | {"path", "error"}]}

``files`` were written, the sidecar last; ``skipped`` were there and stayed.
"""

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from himapp.cli.export_arguments import read_export_options
from himapp.cli.terminal import ExitCode, TerminalProgress, say
from himapp.document.document import Document
from himapp.document.export import run_export
from himapp.document.export_options import ExportOptions
from himapp.document.export_plan import plan_export
from himapp.document.export_sources import list_sources
from himapp.document.project_file import PROJECT_SUFFIX, load_project
from himapp.document.render_cache import RenderCache
from himapp.errors import ExportError, HimappError, MissingPhotoError
from himapp.imaging.memory import memory_errors
from himapp.paths import display_name
from himapp.run_files import make_folder

_JSON_VERSION = 1
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProjectReport:
    """One project that is done: what was written, what was there and stayed, the time taken."""

    path: Path
    files: tuple[Path, ...]
    skipped: tuple[Path, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class ProjectFailure:
    """One project that could not be done, and a sentence that says why."""

    path: Path
    error: str


def run_export_command(options: argparse.Namespace) -> ExitCode:
    """Export the projects the options name, tell about them, and return the exit code."""
    choices = read_export_options(options)
    run = _ExportRun(options.photos, as_json=options.json)
    code = run.try_projects(gather_projects(options.projects), choices, options.out)
    run.finish()
    return code


def gather_projects(paths: Iterable[Path]) -> list[Path]:
    """Return every project once, a folder standing for all of its projects."""
    found: dict[str, Path] = {}
    for path in paths:
        # What cannot even be looked at is a project that fails.
        inside = _list_projects(path) if os.path.isdir(path) else []
        for project in inside or [path]:
            found.setdefault(os.path.realpath(project), project)
    return list(found.values())


def _list_projects(folder: Path) -> list[Path]:
    """Return a folder's projects by name, without hidden files, as macOS puts beside every file."""
    return sorted(path for path in folder.glob(f"*{PROJECT_SUFFIX}") if path.name[0] != ".")


def load_moved_project(project: Path, photos: Path | None) -> Document:
    """Open a project; a photo that is not where it was is looked for in a folder, by its name.

    Raises:
        ProjectError: see ``load_project``; the photo must be the one the project was saved with.
        PhotoError: its photo cannot be read.
    """
    try:
        return load_project(project)
    except MissingPhotoError as error:
        if photos is None:
            raise
        return load_project(project, photo=photos / error.path.name)


class _ExportRun:
    """What a run has told so far, and what its document will hold."""

    def __init__(self, photos: Path | None, *, as_json: bool) -> None:
        self._photos = photos
        self._as_json = as_json
        self._progress = TerminalProgress(sys.stderr)
        self._outcomes: list[ProjectReport | ProjectFailure] = []
        self._taken: list[Path] = []
        self._error: str | None = None

    def try_projects(self, projects: list[Path], options: ExportOptions, out: Path) -> ExitCode:
        try:
            make_folder(out)
            # No project or photo of the run is written over, whichever project is exported.
            sources = (source for path in projects for source in list_sources(path, self._photos))
            options = replace(options, protected=tuple(sources))
            for number, project in enumerate(projects, start=1):
                prefix = f"[{number}/{len(projects)}] {project.name}: "
                self._tell(self._try_project(project, options, out, prefix))
        except ExportError as error:
            return self._stop(str(error), ExitCode.CANNOT_WORK)
        except KeyboardInterrupt:
            return self._stop("Interrupted.", ExitCode.INTERRUPTED)
        has_failed = any(isinstance(outcome, ProjectFailure) for outcome in self._outcomes)
        return ExitCode.SOME_FAILED if has_failed else ExitCode.DONE

    def _try_project(
        self, project: Path, options: ExportOptions, out: Path, prefix: str
    ) -> ProjectReport | ProjectFailure:
        try:
            return self._export(project, options, out, prefix)
        except HimappError as error:
            return ProjectFailure(project, str(error))
        except MemoryError:
            name = display_name(project)
            return ProjectFailure(project, f"There is not enough memory for “{name}”.")
        except Exception as error:  # noqa: BLE001 - the border of a run: one project never stops it
            _log.exception("Unexpected error in %s", project)
            name = display_name(project)
            return ProjectFailure(project, f"“{name}” met an unexpected error ({error!r}).")

    @memory_errors()
    def _export(
        self, project: Path, options: ExportOptions, out: Path, prefix: str
    ) -> ProjectReport:
        started = time.perf_counter()
        self._progress.show(f"{prefix}reading")
        document = load_moved_project(project, self._photos)
        options = replace(options, taken=tuple(self._taken))
        plan = plan_export(document, options, out)
        self._taken.extend(plan.given)

        def show(done: int, of: int) -> None:
            self._progress.show(f"{prefix}writing files, {done} of {of}")

        files = run_export(document, options, out, cache=RenderCache(), progress=show)
        skipped = tuple(file.path for file in plan.files if file.fate == "skipped")
        return ProjectReport(project, files, skipped, time.perf_counter() - started)

    def _tell(self, outcome: ProjectReport | ProjectFailure) -> None:
        """Keep an outcome and say it: what is done to stdout, what is wrong to stderr."""
        self._outcomes.append(outcome)
        self._progress.clear()
        if isinstance(outcome, ProjectFailure):
            say(f"{outcome.path}: {outcome.error}", sys.stderr)
        elif not self._as_json:
            say(describe_project(outcome), sys.stdout)

    def _stop(self, error: str, code: ExitCode) -> ExitCode:
        self._progress.clear()
        self._error = error
        say(error, sys.stderr)
        return code

    def finish(self) -> None:
        """Write the document, whatever happened before."""
        if not self._as_json:
            return
        document: dict[str, Any] = {"version": _JSON_VERSION}
        if self._error is not None:
            document["error"] = self._error
        document["projects"] = [_describe_outcome(outcome) for outcome in self._outcomes]
        say(json.dumps(document, indent=2), sys.stdout)


def describe_project(report: ProjectReport) -> str:
    """Return a line that says how many files were written and how long that took."""
    count = len(report.files)
    told = "1 file" if count == 1 else f"{count} files" if count else "Nothing to write"
    skipped = f", {len(report.skipped)} skipped" if report.skipped else ""
    return f"{report.path}: {told}{skipped} ({report.seconds:.1f} s)"


def _describe_outcome(outcome: ProjectReport | ProjectFailure) -> dict[str, Any]:
    if isinstance(outcome, ProjectFailure):
        return {"path": str(outcome.path), "error": outcome.error}
    return {
        "path": str(outcome.path),
        "files": [str(file) for file in outcome.files],
        "skipped": [str(file) for file in outcome.skipped],
        "seconds": round(outcome.seconds, 3),
    }
