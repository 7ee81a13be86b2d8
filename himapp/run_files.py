"""Where the files of a run go: a folder for each photo, numbered files for its people.

Nothing here ever takes a photo's place.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from himapp.document.document_color import working_profile
from himapp.document.export_names import compare_key
from himapp.errors import ExportError
from himapp.imaging.file_tags import FileTags
from himapp.imaging.image_files import write_png
from himapp.imaging.photo import Photo
from himapp.inference.pictures import cut_out, draw_matte
from himapp.inference.session import CancelToken, InstanceMatte
from himapp.paths import display_name

WriteProgress = Callable[[int, int], None]
"""Called as ``progress(done, of)`` before each person's files are written."""

# People written at a time: estimating and encoding leave Python's lock (best of five on two busy
# cores: 5.8 instead of 7.0 s for four cut-outs of 24 megapixels, 1.8 instead of 2.6 s for ten of
# 12). Each takes 0.3 GB at 24 megapixels, so no more even where there are more cores.
_WRITERS = 2

_OWN_FILES = re.compile(r"(person|cutout)-\d{2,}\.png")


@dataclass(frozen=True, slots=True)
class PersonFiles:
    """The files of one person, and what the network said; ``box`` in photo pixels."""

    file: Path
    cutout: Path | None
    score: float
    box: tuple[float, float, float, float]


def name_folders(photos: Sequence[Path], out: Path) -> list[Path]:
    """Return a folder in ``out`` for each photo, no two the same on any system.

    ``<stem>``, for the second of one stem ``<stem>-<extension>``, then ``<stem>-<extension>-2``.
    """
    taken: set[str] = set()
    folders = []
    for photo in photos:
        name = next(name for name in _folder_names(photo) if compare_key(name) not in taken)
        taken.add(compare_key(name))
        folders.append(out / name)
    return folders


def _folder_names(photo: Path) -> Iterator[str]:
    """Give the names a photo's folder may have, best first."""
    # Windows drops spaces and dots at the end of a folder's name.
    stem = photo.stem.rstrip(" .") or "photo"
    second = f"{stem}-{photo.suffix[1:] or 'photo'}"
    yield stem
    yield second
    number = 2
    while True:
        yield f"{second}-{number}"
        number += 1


class MatteWriter:
    """Writes people's files, and knows which files are photos that must not be touched."""

    def __init__(self, photos: Iterable[Path], *, cutouts: bool = False) -> None:
        self._cutouts = cutouts
        self._photos = {_identity(photo) for photo in photos} - {None}

    def write_people(
        self,
        photo: Photo,
        people: Sequence[InstanceMatte],
        folder: Path,
        progress: WriteProgress,
        cancel: CancelToken,
    ) -> tuple[PersonFiles, ...]:
        """Write each person's files, then remove those that an earlier run left in the folder.

        Raises:
            ExportError: a file cannot be written, or would take a photo's place.
            Cancelled: the token was cancelled; files that were finished stay.
        """
        make_folder(folder)
        files: list[PersonFiles] = []
        running: deque[Future[PersonFiles]] = deque()
        with ThreadPoolExecutor(_WRITERS, "write") as pool:
            for number, matte in enumerate(people, start=1):
                if len(running) == _WRITERS:
                    files.append(running.popleft().result())
                progress(len(files), len(people))
                cancel.raise_if_cancelled()
                job = partial(self._write_person, photo, matte, folder, number)
                running.append(pool.submit(job))
        files.extend(job.result() for job in running)
        self._remove_leftovers(folder, files)
        return tuple(files)

    def _write_person(
        self, photo: Photo, matte: InstanceMatte, folder: Path, number: int
    ) -> PersonFiles:
        file, cutout = folder / f"person-{number:02}.png", folder / f"cutout-{number:02}.png"
        self._refuse_photo(file)
        write_png(file, draw_matte(matte, photo.height, photo.width))
        if self._cutouts:
            self._refuse_photo(cutout)
            write_png(cutout, cut_out(photo.pixels, matte), FileTags(working_profile(photo)))
        return PersonFiles(file, cutout if self._cutouts else None, matte.score, matte.box)

    def _refuse_photo(self, file: Path) -> None:
        if _identity(file) in self._photos:
            raise ExportError(
                f"“{display_name(file)}” is one of the photos and is not written over."
            )

    def _remove_leftovers(self, folder: Path, written: Sequence[PersonFiles]) -> None:
        """Remove an earlier run's files, so that the folder holds each person of this run once."""
        kept = {path for person in written for path in (person.file, person.cutout)}
        leftovers = [p for p in folder.iterdir() if _OWN_FILES.fullmatch(p.name) and p not in kept]
        for path in leftovers:
            if _identity(path) not in self._photos:
                _remove(path)


def make_folder(folder: Path) -> None:
    """Create a folder and those above it where they are missing.

    Raises:
        ExportError: it cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ExportError(f"The folder “{folder}” cannot be created ({reason}).") from error


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what a file is, whatever it is called; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise ExportError(
            f"“{display_name(path)}”, left by an earlier run, cannot be removed."
        ) from error
