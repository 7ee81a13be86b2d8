"""Read a project's zip file as if an enemy had made it.

Nothing is extracted to disk and no name of the archive becomes a path. What zip files may hold
besides, but himapp never writes, is refused before anything is unpacked: other names, links,
encryption, ZIP64, comments, bytes before or between; so is what would unpack to more than a stated
size.

Reference: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 and 4.4.
"""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

MANIFEST: Final = "manifest.json"
THUMBNAIL: Final = "thumbnail.png"
PHOTO_FILE: Final = "photo/file"
PHOTO_PIXELS: Final = "photo/pixels.png"
BACKGROUND: Final = "background.png"

MOST_TILES: Final = 16384
"""Different tiles of a project; unpacked they take 2 GB."""

MOST_MANIFEST_BYTES: Final = 16 << 20

_MOST_BYTES: Final[dict[str, int]] = {
    MANIFEST: MOST_MANIFEST_BYTES,
    THUMBNAIL: 4 << 20,
    PHOTO_FILE: 2**31 - 1,
    PHOTO_PIXELS: 2**32 - 1,
    BACKGROUND: 2**32 - 1,
}
_TILE_NAME: Final = re.compile(r"tiles/[0-9]{5}\.png")
_MOST_TILE_BYTES: Final = 1 << 18
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED: Final = 1
_END_RECORD: Final = struct.Struct("<4s4H2LH")
_END_MARK: Final = b"PK\x05\x06"
_ZIP64_LOCATOR: Final = b"PK\x06\x07"
_ZIP64_LOCATOR_BYTES: Final = 20
_MOST_ENTRIES: Final = MOST_TILES + len(_MOST_BYTES)
_MOST_DIRECTORY_BYTES: Final = _MOST_ENTRIES * 128


class BadArchiveError(ValueError):
    """The file is not what himapp writes; for the log, not for the user."""


class ProjectArchive:
    """An open project file, its table of contents checked.

    Args:
        path: a regular file.

    Raises:
        BadArchiveError: it holds what no project holds.
        OSError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        with ExitStack() as opened:
            file = opened.enter_context(path.open("rb"))
            _check_end_record(file)
            with _as_bad_archive():
                self._archive = opened.enter_context(zipfile.ZipFile(file))
                self._entries = _check_entries(self._archive.infolist())
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def read(self, name: str) -> bytes:
        """Return an entry's bytes, checked against its size and CRC.

        Raises:
            BadArchiveError: it is missing or damaged.
        """
        entry = self._entries.get(name)
        if entry is None:
            raise BadArchiveError(f"{name} is missing")
        # Asked for so many bytes, zipfile unpacks no more of them; then it compares the CRC.
        with _as_bad_archive(), self._archive.open(entry) as stream:
            data = stream.read(entry.file_size)
        if len(data) != entry.file_size:
            raise BadArchiveError(f"{name} has another size than it says")
        return data


@contextmanager
def _as_bad_archive() -> Iterator[None]:
    """Give one name to all that zipfile lets out on damaged data."""
    try:
        yield
    except BadArchiveError:
        raise
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        EOFError,
        LookupError,
        NotImplementedError,
        OverflowError,
        RuntimeError,
        ValueError,
        struct.error,
        zlib.error,
    ) as error:
        raise BadArchiveError(str(error)) from error


def _check_entries(entries: Sequence[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return the entries by name."""
    for entry in entries:
        _check_entry(entry)
    by_name = {entry.filename: entry for entry in entries}
    if len(by_name) != len(entries):
        raise BadArchiveError("two entries have one name")
    return by_name


def _check_end_record(file: BinaryIO) -> None:
    """Check the archive's last record by hand: zipfile would read a directory of any size."""
    size = file.seek(0, 2)
    if size < _END_RECORD.size:
        raise BadArchiveError("too short for a zip file")
    start = size - _END_RECORD.size
    file.seek(start)
    mark, disk, first_disk, here, entries, directory, offset, comment = _END_RECORD.unpack(
        file.read(_END_RECORD.size)
    )
    if mark != _END_MARK or comment or disk or first_disk or here != entries:
        raise BadArchiveError("no plain zip file")
    if entries > _MOST_ENTRIES or directory > _MOST_DIRECTORY_BYTES:
        raise BadArchiveError("too many entries")
    if offset + directory != start:
        raise BadArchiveError("bytes between or before the entries")
    file.seek(max(start - _ZIP64_LOCATOR_BYTES, 0))
    if file.read(len(_ZIP64_LOCATOR)) == _ZIP64_LOCATOR:
        raise BadArchiveError("a ZIP64 archive")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    # zipfile cuts a name at a null character; the directory's own name must be the same.
    most = _MOST_TILE_BYTES if _TILE_NAME.fullmatch(name) else _MOST_BYTES.get(name, -1)
    if most < 0 or entry.orig_filename != name:
        raise BadArchiveError(f"{name!r} is no part of a project")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG) or entry.is_dir():
        raise BadArchiveError(f"{name} is no plain file")
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
        raise BadArchiveError(f"{name} is encrypted or packed in another way")
    is_stored = entry.compress_type == zipfile.ZIP_STORED
    if is_stored and entry.compress_size != entry.file_size:
        raise BadArchiveError(f"{name} has two sizes")
    # Only the manifest is packed: what a file unpacks to is bounded by what it is.
    if entry.file_size > most or not (is_stored or name == MANIFEST):
        raise BadArchiveError(f"{name} would take {entry.file_size} bytes")


def name_tile(index: int) -> str:
    """Return the entry of a tile, e.g. ``tiles/00012.png``."""
    return f"tiles/{index:05}.png"
