"""Which file a document's photo is, so that a project finds it again and knows when it changed."""

import hashlib
import os
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from himapp.document.project_archive import PHOTO_FILE, PHOTO_PIXELS, ProjectArchive
from himapp.document.project_manifest import PhotoFacts, PhotoRecord
from himapp.document.project_pixels import decode_rgb
from himapp.errors import ChangedPhotoError, MissingPhotoError, PhotoError, ProjectError
from himapp.imaging.photo import Photo
from himapp.imaging.photo_io import read_photo
from himapp.paths import display_name

_REMOTE: Final = ("//", "\\\\", "/\\", "\\/")
"""Windows would tell the user's name to the server that such a path in a stranger's file names."""

_Held = Literal["nothing", "file", "pixels"]


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A photo's file as it was when its pixels were read.

    Attributes:
        path: where it is.
        sha256: of its bytes, in hexadecimal.
        size: in bytes.
        mtime_ns: when it was changed last, nanoseconds since 1970.
        data: its bytes, if it was read from a project that holds it; at ``path`` there may be none,
            or another one.
    """

    path: Path
    sha256: str
    size: int
    mtime_ns: int
    data: bytes | None = field(default=None, repr=False)

    @property
    def is_unchanged(self) -> bool:
        """Whether the disk says that nobody wrote to it since."""
        return _look_at(self.path) == (self.size, self.mtime_ns)


class _KnownFiles:
    """The files of the photos that are in memory."""

    def __init__(self) -> None:
        self._files: dict[int, tuple[weakref.ref[npt.NDArray[Any]], PhotoFile]] = {}

    def find(self, photo: Photo) -> PhotoFile | None:
        pixels, file = self._files.get(id(photo.pixels), (None, None))
        is_known = pixels is not None and pixels() is photo.pixels and file is not None
        return file if is_known and file is not None and file.path == photo.path else None

    def add(self, photo: Photo, file: PhotoFile) -> None:
        key = id(photo.pixels)

        def forget(_: object) -> None:
            self._files.pop(key, None)

        self._files[key] = weakref.ref(photo.pixels, forget), file


_known_files = _KnownFiles()


def read_known_photo(path: Path) -> Photo:
    """Read a photo as :func:`read_photo` does, and know its file for when a project is saved.

    Raises:
        PhotoError: it cannot be read.
    """
    before = _look_at(path)
    photo = read_photo(path)
    _remember(photo, path, before)
    return photo


def identify_photo(photo: Photo) -> PhotoFile | None:
    """Return the file whose pixels the photo has.

    A photo that was not read by :func:`read_known_photo` is read once more and compared.

    Returns:
        None if there is none any more: the photo never had one, or the file went or was changed.
    """
    path = photo.path
    if path is None:
        return None
    known = _known_files.find(photo)
    if known is not None and known.is_unchanged:
        return known
    before = _look_at(path)
    try:
        again = read_photo(path)
    except PhotoError:
        return None
    is_same = again.pixels.dtype == photo.pixels.dtype
    if not (is_same and np.array_equal(again.pixels, photo.pixels)):
        return None
    return _remember(photo, path, before)


def describe_photo(photo: Photo, project: Path, *, embed: bool) -> PhotoRecord:
    """Return what a project at ``project`` says of its photo.

    Args:
        photo: the photo.
        project: the file that will be written.
        embed: whether the project is to hold the photo's file; where the disk has it no more, the
            project that was opened is its only place, and it is held anyway, or else the pixels.
    """
    file, held = _choose_file(photo, embed=embed)
    path = photo.path.absolute() if photo.path is not None else None
    return PhotoRecord(
        height=photo.height,
        width=photo.width,
        held=held,
        relative=_relate(path, project) if path is not None else "",
        absolute=str(path) if path is not None else "",
        sha256=file.sha256 if file is not None else "",
        size=file.size if file is not None else 0,
        mtime_ns=file.mtime_ns if file is not None else 0,
        facts=_list_facts(photo) if file is None else None,
    )


def _choose_file(photo: Photo, *, embed: bool) -> tuple[PhotoFile | None, _Held]:
    """Return which file a project names as the photo's, and what of the photo it holds itself."""
    known = _known_files.find(photo)
    if known is None or known.data is None:
        on_disk = identify_photo(photo)
        return on_disk, "pixels" if on_disk is None else "file" if embed else "nothing"
    is_on_disk = not embed and _has_content(known.path, known.size, known.sha256)
    return known, "nothing" if is_on_disk else "file"


def read_held_photo(record: PhotoRecord, archive: ProjectArchive) -> Photo:
    """Return the photo that the project itself holds.

    Raises:
        PhotoError: its file cannot be read.
        ValueError: it is another photo than the record says.
    """
    path = Path(record.absolute) if record.absolute else None
    if record.held == "pixels":
        facts = record.facts or PhotoFacts()
        values = {name: getattr(facts, name) for name in facts.__struct_fields__}
        photo = Photo(decode_rgb(archive.read(PHOTO_PIXELS)), path=path, **values)
    else:
        data = archive.read(PHOTO_FILE)
        photo = _read_held_file(data, record, path)
        if path is not None:
            file = PhotoFile(path, record.sha256, record.size, record.mtime_ns, data)
            _known_files.add(photo, file)
    if (photo.height, photo.width) != (record.height, record.width):
        raise ValueError("the photo has another size than the project says")
    return photo


def read_photo_bytes(photo: Photo, record: PhotoRecord) -> bytes:
    """Return the photo's own file, for the project to hold.

    Args:
        photo: the photo.
        record: what :func:`describe_photo` said of it.

    Raises:
        ProjectError: somebody wrote to it since it was looked at.
        OSError: it cannot be read.
    """
    known = _known_files.find(photo)
    if known is not None and known.data is not None and known.sha256 == record.sha256:
        return known.data
    path = Path(record.absolute)
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != record.sha256:
        raise ProjectError(f"“{display_name(path)}” was changed just now; save once more.")
    return data


def find_photo(
    record: PhotoRecord, project: Path, chosen: Path | None, *, accept_changed: bool
) -> Photo:
    """Return the photo of a project that does not hold it.

    Args:
        record: what the project says of it.
        project: the project's file.
        chosen: where the user says it is; None to look beside the project and where it was.
        accept_changed: whether another photo of the same size will do.

    Raises:
        MissingPhotoError: it is nowhere.
        ChangedPhotoError: the file is there, but it is not what the project was saved with.
        PhotoError: it cannot be read.
    """
    places = [chosen] if chosen is not None else list(_list_places(record, project))
    there = [path for path in places if os.path.isfile(path)]
    for path in there:
        if _has_content(path, record.size, record.sha256):
            return read_known_photo(path)
    if there:
        return _use_changed(there[0], record, accept_changed=accept_changed)
    path = places[0] if places else Path(PurePosixPath(record.relative).name or "?")
    sentence = f"The photo of this project, “{display_name(path)}”, was not found."
    raise MissingPhotoError(sentence, path)


def _use_changed(path: Path, record: PhotoRecord, *, accept_changed: bool) -> Photo:
    photo = read_known_photo(path)
    has_same_size = (photo.height, photo.width) == (record.height, record.width)
    if has_same_size and accept_changed:
        return photo
    name = display_name(path)
    sentence = (
        f"“{name}” is not as it was when this project was saved."
        if has_same_size
        else f"“{name}” has another size than the photo of this project."
    )
    raise ChangedPhotoError(sentence, path, has_same_size=has_same_size)


def _list_places(record: PhotoRecord, project: Path) -> Iterator[Path]:
    for text, base in ((record.relative, project.parent), (record.absolute, Path())):
        if text and not text.startswith(_REMOTE) and "\0" not in text:
            yield base / text


def _has_content(path: Path, size: int, sha256: str) -> bool:
    try:
        return path.stat().st_size == size and _hash_file(path) == sha256
    except (OSError, ValueError):
        return False


def _read_held_file(data: bytes, record: PhotoRecord, path: Path | None) -> Photo:
    """Read a photo from bytes, by way of a file that only the user can open."""
    if hashlib.sha256(data).hexdigest() != record.sha256:
        raise ValueError("the photo in the project is another one than it says")
    with TemporaryDirectory(prefix="himapp-") as folder:
        copy = Path(folder) / f"photo{Path(record.absolute).suffix[:8]}"
        copy.write_bytes(data)
        photo = read_photo(copy)
    values = {field.name: getattr(photo, field.name) for field in fields(Photo)}
    return Photo(**(values | {"path": path}))


def _list_facts(photo: Photo) -> PhotoFacts:
    return PhotoFacts(**{name: getattr(photo, name) for name in PhotoFacts.__struct_fields__})


def _relate(path: Path, project: Path) -> str:
    """Return the path from the project's folder; empty on another drive of Windows."""
    try:
        return Path(os.path.relpath(path, project.absolute().parent)).as_posix()
    except ValueError:
        return ""


def _remember(photo: Photo, path: Path, before: tuple[int, int] | None) -> PhotoFile | None:
    """Know a photo's file, if nobody wrote to it while it was read."""
    try:
        digest = _hash_file(path)
    except OSError:
        return None
    if before is None or _look_at(path) != before:
        return None
    file = PhotoFile(path, digest, *before)
    _known_files.add(photo, file)
    return file


def _look_at(path: Path) -> tuple[int, int] | None:
    """Return a file's size and time."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_size, found.st_mtime_ns


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
