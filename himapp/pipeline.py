"""Photo to people to files, without Qt: the same for the command line, the batch and the window.

Data flow::

    paths ─ gather_photos ─► photos ─ run_files.name_folders ─► (photo, folder) ─ matte_photos ─►
        read_photo ─► session.find_people ─► write_people ─► PhotoReport | PhotoFailure, one by one

Photos are only read: what would write over one of them is refused.
"""

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from himapp.document.document import Document
from himapp.document.edits import add_person_layers
from himapp.errors import Cancelled, HimappError, PhotoError, WeightsError
from himapp.imaging.memory import memory_errors
from himapp.imaging.photo import Photo
from himapp.imaging.photo_io import list_photos, read_photo
from himapp.imaging.profile_conversion import name_profile
from himapp.inference.session import (
    CancelToken,
    DeviceWish,
    MattingResult,
    MattingSession,
    Quality,
)
from himapp.paths import display_name
from himapp.run_files import MatteWriter, PersonFiles

_log = logging.getLogger(__name__)

PhotoStage = Literal["read", "load", "find", "edges", "write"]
"""The stages of a session, between reading the photo and writing its files."""

PhotoProgress = Callable[[PhotoStage, int, int], None]
"""Called as ``progress(stage, done, of)``."""


@dataclass(frozen=True, slots=True)
class PhotoReport:
    """One photo that is done: its upright size in pixels, its people, the time by stage."""

    path: Path
    width: int
    height: int
    folder: Path
    people: tuple[PersonFiles, ...]
    seconds: Mapping[str, float]
    device: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PhotoFailure:
    """One photo that could not be done, and a sentence that says why."""

    path: Path
    error: str


def open_session(device: DeviceWish = "auto", quality: Quality = "normal") -> MattingSession:
    """Return a session of the shipped network; it loads the weights when it is first used."""
    # torch takes seconds to load: only those who work wait for it.
    from himapp.inference.e2e_him import E2EHimSession

    return E2EHimSession(device, quality=quality)


def document_with_people(photo: Photo, result: MattingResult) -> Document:
    """Return the document a photo opens with: everybody who was found, person 1 on top.

    People are numbered left to right; the list of layers reads from the top, so that person 1 is
    read first. In their places the order of people does not show.
    """
    document = add_person_layers(Document.for_photo(photo), result.people)
    return replace(document, layers=document.layers[::-1])


def gather_photos(paths: Iterable[Path]) -> tuple[list[Path], list[PhotoFailure]]:
    """Return every photo once, a folder standing for all of its photos, and what is not there."""
    photos: dict[str, Path] = {}
    failures = []
    for path in paths:
        try:
            found = list_photos(path)
        except PhotoError as error:
            failures.append(PhotoFailure(path, str(error)))
            continue
        if not found:
            failures.append(PhotoFailure(path, f"There are no photos in “{display_name(path)}”."))
        for photo in found:
            photos.setdefault(os.path.realpath(photo), photo)
    return list(photos.values()), failures


def matte_photos(
    session: MattingSession,
    jobs: Sequence[tuple[Path, Path]],
    *,
    cutouts: bool = False,
    progress: Callable[[Path], PhotoProgress] | None = None,
    cancel: CancelToken | None = None,
) -> Iterator[PhotoReport | PhotoFailure]:
    """Matte photo after photo into its folder; one that fails does not stop the others.

    Args:
        jobs: photo and folder, see ``name_folders``.
        progress: gives the callback for a photo that is about to start.

    Raises:
        Cancelled: the token was cancelled.
        WeightsError: no photo can be done.
    """
    matting = _Matting(
        session, MatteWriter((photo for photo, _ in jobs), cutouts=cutouts), cancel or CancelToken()
    )
    for photo, folder in jobs:
        yield matting.try_photo(photo, folder, progress(photo) if progress else ignore_progress)


def ignore_progress(stage: PhotoStage, done: int, of: int) -> None:
    """Take a report of progress and do nothing."""


@dataclass(frozen=True, slots=True)
class _Matting:
    """What the photos of a run share."""

    session: MattingSession
    writer: MatteWriter
    cancel: CancelToken

    def try_photo(
        self, path: Path, folder: Path, progress: PhotoProgress
    ) -> PhotoReport | PhotoFailure:
        """Matte a photo; what goes wrong with it becomes a sentence."""
        try:
            return self._matte_photo(path, folder, progress)
        except (Cancelled, WeightsError):
            raise
        except HimappError as error:
            return PhotoFailure(path, str(error))
        except MemoryError:
            return PhotoFailure(path, f"There is not enough memory for “{display_name(path)}”.")
        except Exception as error:  # noqa: BLE001 - the border of a run: one photo never stops it
            _log.exception("Unexpected error in %s", path)
            return PhotoFailure(
                path, f"“{display_name(path)}” met an unexpected error ({error!r})."
            )

    @memory_errors()
    def _matte_photo(self, path: Path, folder: Path, progress: PhotoProgress) -> PhotoReport:
        start = time.perf_counter()
        progress("read", 0, 1)
        photo = read_photo(path)
        read = time.perf_counter()
        self.cancel.raise_if_cancelled()
        found = self.session.find_people(photo.pixels, progress=progress, cancel=self.cancel)
        matted = time.perf_counter()
        people = self.writer.write_people(
            photo, found.people, folder, partial(progress, "write"), self.cancel
        )
        seconds = {"read": read - start, **found.seconds, "write": time.perf_counter() - matted}
        notes = (*_note_conversion(photo), *found.notes)
        return PhotoReport(
            path, photo.width, photo.height, folder, people, seconds, found.device, notes
        )


def _note_conversion(photo: Photo) -> tuple[str, ...]:
    """Say that colours are not the file's own; cut-outs would surprise a printer otherwise."""
    if photo.source_mode not in ("CMYK", "LAB"):
        return ()
    name = name_profile(photo.icc)
    return (f"The colours were converted from {photo.source_mode} to {name}.",)
