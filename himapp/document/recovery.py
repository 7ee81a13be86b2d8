"""Edits that no project holds yet: a file for each running window, found again after a crash.

A window claims a place in the user's recovery folder by a lock, which the system takes back when
the process ends, however it ends. What lies there without a living lock was left behind.
"""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from himapp.document.project_file import PROJECT_SUFFIX, ProjectFacts, read_project_facts
from himapp.errors import ExportError, HimappError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class RecoveryPlace:
    """A place in the recovery folder that belongs to this process.

    Attributes:
        path: the project file; there before anything was saved to it or not.
    """

    path: Path
    _lock: BaseFileLock

    def discard(self) -> None:
        """Remove the file and give the place up."""
        for path in (self.path, Path(self._lock.lock_file)):
            _remove(path)
        self._lock.release()

    def leave(self) -> None:
        """Give the place up and let the file be found by the next start."""
        self._lock.release()


@dataclass(frozen=True, slots=True)
class LeftEdits:
    """Edits that a window left behind when it ended unasked.

    Attributes:
        place: where they are; claimed, so that no other window offers them too.
        facts: what they belong to.
        saved_at: when they were kept, local time.
    """

    place: RecoveryPlace
    facts: ProjectFacts
    saved_at: datetime

    @property
    def name(self) -> str:
        """Of the project they belong to, or of the photo."""
        origin = self.facts.origin
        return origin.name if origin is not None else self.facts.photo_name


def claim_place(folder: Path) -> RecoveryPlace:
    """Claim a new place in the recovery folder, which is made when needed.

    Raises:
        ExportError: the folder cannot be written to.
    """
    path = folder / f"{secrets.token_hex(8)}{PROJECT_SUFFIX}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        place = _try_claim(path)
    except OSError as error:
        raise ExportError(
            "Edits cannot be kept for a crash: the folder for them cannot be written to."
        ) from error
    if place is None:
        raise ValueError(f"{path} is claimed already")  # eight random bytes were drawn twice
    return place


def find_left_edits(folder: Path) -> list[LeftEdits]:
    """Return the edits that were left behind, the latest first; each is claimed."""
    try:
        files = sorted(folder.glob(f"*{PROJECT_SUFFIX}"))
        _remove_idle_locks(folder)
    except OSError:
        return []
    found = [left for path in files if (left := _try_read(path)) is not None]
    return sorted(found, key=lambda left: left.saved_at, reverse=True)


def _try_read(path: Path) -> LeftEdits | None:
    """Return what a file of the folder holds; None if a window lives that it belongs to."""
    try:
        place = _try_claim(path)
    except OSError:
        return None
    if place is None:
        return None
    try:
        facts = read_project_facts(path)
        saved_at = datetime.fromtimestamp(path.stat().st_mtime)
    except (HimappError, OSError):
        _log.info("%s cannot be offered", path, exc_info=True)
        place.leave()
        return None
    return LeftEdits(place, facts, saved_at)


def _try_claim(path: Path) -> RecoveryPlace | None:
    """Claim a place; None if another window has it."""
    # Claimed on one thread, given up on another.
    lock = FileLock(path.with_suffix(".lock"), thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    return RecoveryPlace(path, lock)


def _remove_idle_locks(folder: Path) -> None:
    """Remove the locks of windows that were killed before they had anything to keep."""
    for lock in folder.glob("*.lock"):
        path = lock.with_suffix(PROJECT_SUFFIX)
        if not path.exists():
            place = _try_claim(path)
            if place is not None:
                place.discard()


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # Windows keeps an open lock file; the next start removes it
        _log.debug("%s stays", path, exc_info=True)
