"""Save a document as a project, ``.himapp``, and open it again just as it was.

A project is a zip file::

    manifest.json      what :mod:`~himapp.document.project_manifest` describes
    tiles/00000.png    every different tile of the mattes, 256 x 256, grey, 16 bit
    background.png     the pixels of a background image, RGB, 8 or 16 bit
    photo/file         the photo's own file, if the user wants it in the project
    photo/pixels.png   the photo's pixels, if no file has them any more
    thumbnail.png      the picture, at most 512 px wide or high, sRGB

The photo as such stays where it is: the project knows its place and its SHA-256. Mattes that
layers share stay shared. Nothing of a project is believed before it is checked.
"""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import cv2

from himapp import __version__
from himapp.atomic_file import open_atomically
from himapp.document.background import ImageBackground
from himapp.document.document import Document
from himapp.document.document_color import working_profile
from himapp.document.matte_tiles import Matte
from himapp.document.pixel_values import Array
from himapp.document.project_archive import (
    BACKGROUND,
    MANIFEST,
    MOST_TILES,
    PHOTO_FILE,
    PHOTO_PIXELS,
    THUMBNAIL,
    ProjectArchive,
    name_tile,
)
from himapp.document.project_manifest import (
    Manifest,
    NewerVersionError,
    PhotoRecord,
    decode_manifest,
    encode_manifest,
)
from himapp.document.project_parts import (
    MatteTable,
    build_background,
    build_layers,
    build_mattes,
    describe_document,
    find_next_number,
)
from himapp.document.project_photo import (
    describe_photo,
    find_photo,
    read_held_photo,
    read_photo_bytes,
)
from himapp.document.project_pixels import decode_rgb, decode_tile, encode_png
from himapp.document.render import render
from himapp.document.render_cache import RenderCache
from himapp.errors import HimappError, ProjectError
from himapp.imaging.bit_depth import to_uint8
from himapp.imaging.profile_conversion import convert_pixels
from himapp.paths import display_name

PROJECT_SUFFIX: Final = ".himapp"
THUMBNAIL_PX: Final = 512

_OLDEST_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""Zip files know no earlier one; so the same document gives the same bytes."""

Advance = Callable[[int, int], None]
"""Called as ``advance(done, of)``; what it raises ends the work and leaves the old file."""

Part = tuple[str, Callable[[], bytes]]
"""An entry's name, and what makes its bytes."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """Where the edits in a file of the recovery folder belong.

    Attributes:
        project: the project that will hold them once they are saved; None if there is none yet.
    """

    project: Path | None = None


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What a project's manifest says at a glance.

    Attributes:
        photo_name: of the photo's file; empty for a photo that never had one.
        embeds_photo: whether the user wants the photo's file in the project; a file of the recovery
            folder says so without having it.
        origin: in a file of the recovery folder the project that the edits belong to, else None.
    """

    photo_name: str
    embeds_photo: bool
    origin: Path | None


def save_project(
    document: Document,
    path: Path,
    *,
    embed_photo: bool = False,
    recovers: Belonging | None = None,
    cache: RenderCache | None = None,
    advance: Advance | None = None,
) -> None:
    """Write a document as a project, all or nothing.

    Args:
        document: what to save.
        path: the file to make or replace.
        embed_photo: whether the photo's own file goes into the project. A file of the recovery
            folder only knows of the wish; it holds the photo where the disk does not have it.
        recovers: for files of the recovery folder.
        cache: what renderings of this document share, for the thumbnail.
        advance: is told how far it is.

    Raises:
        ExportError: the file cannot be written; an older one is untouched.
        ProjectError: the project would be larger than what can be opened again, or would take the
            place of its photo.
    """
    _check_target(document, path)
    photo = describe_photo(document.photo, path, embed=embed_photo and recovers is None)
    table = MatteTable(document.layers)
    origin = recovers.project if recovers is not None else None
    described = describe_document(
        document,
        photo,
        table,
        origin=str(origin or ""),
        embeds_photo=embed_photo,
        written_by=__version__,
    )
    try:
        manifest = encode_manifest(described)
        if len(table.tiles) > MOST_TILES:
            raise ValueError(f"{len(table.tiles)} tiles")
        thumbnail = _draw_thumbnail(document, cache or RenderCache())
        parts = [(THUMBNAIL, thumbnail), *_list_parts(document, photo, table)]
        _write_parts(path, manifest, parts, advance or _ignore)
    except (ValueError, zipfile.LargeZipFile, cv2.error) as error:
        sentence = f"“{display_name(path)}” was not saved: it is too large for a project."
        raise ProjectError(sentence) from error


def load_project(
    path: Path, *, photo: Path | None = None, accept_changed: bool = False
) -> Document:
    """Open a project.

    Args:
        path: the project's file.
        photo: where its photo is now; None to look where it was, from the project's folder first.
        accept_changed: whether another photo of the same size will do.

    Returns:
        The document as it was saved, with the photo found.

    Raises:
        ProjectError: the file is missing, no project, damaged, or of a newer himapp.
        MissingPhotoError: its photo is nowhere; to be asked for and given as ``photo``.
        ChangedPhotoError: its photo is another file now.
        PhotoError: its photo cannot be read.
    """
    with _explained(path), ProjectArchive(path) as archive:
        manifest = decode_manifest(archive.read(MANIFEST))
        if manifest.photo.held == "nothing":
            opened = find_photo(manifest.photo, path, photo, accept_changed=accept_changed)
        else:
            opened = read_held_photo(manifest.photo, archive)

        def read_tile(number: int) -> Matte:
            return decode_tile(archive.read(name_tile(number)))

        def read_background() -> Array:
            return decode_rgb(archive.read(BACKGROUND))

        mattes = build_mattes(manifest, (opened.height, opened.width), read_tile)
        return Document(
            opened,
            build_layers(manifest, mattes),
            build_background(manifest.background, read_background),
            find_next_number(manifest),
        )


def read_project_facts(path: Path) -> ProjectFacts:
    """Return what a project says of itself, without its pixels.

    Raises:
        ProjectError: as :func:`load_project`.
    """
    with _explained(path), ProjectArchive(path) as archive:
        manifest: Manifest = decode_manifest(archive.read(MANIFEST))
    embeds_photo = manifest.embeds_photo
    return ProjectFacts(
        photo_name=display_name(Path(manifest.photo.absolute)) if manifest.photo.absolute else "",
        embeds_photo=manifest.photo.held == "file" if embeds_photo is None else embeds_photo,
        origin=Path(manifest.origin) if manifest.origin else None,
    )


def is_project(path: Path) -> bool:
    """Tell by its name whether a file is a project."""
    return path.suffix.lower() == PROJECT_SUFFIX


def _check_target(document: Document, path: Path) -> None:
    photo = document.photo.path
    try:
        is_photo = photo is not None and path.exists() and path.samefile(photo)
    except (OSError, ValueError):
        return
    if is_photo:
        raise ProjectError(f"“{display_name(path)}” is the photo itself; choose another name.")


def _list_parts(document: Document, photo: PhotoRecord, table: MatteTable) -> Iterator[Part]:
    """Return the entries beside the manifest; their bytes are made one after the other."""
    if photo.held == "file":
        yield PHOTO_FILE, partial(read_photo_bytes, document.photo, photo)
    if photo.held == "pixels":
        yield PHOTO_PIXELS, partial(encode_png, document.photo.pixels)
    background = document.background
    if isinstance(background, ImageBackground):
        yield BACKGROUND, partial(encode_png, background.pixels)
    for number, tile in enumerate(table.tiles):
        yield name_tile(number), partial(encode_png, tile)


def _write_parts(path: Path, manifest: bytes, parts: list[Part], advance: Advance) -> None:
    with open_atomically(path) as file, zipfile.ZipFile(file, "w", allowZip64=False) as archive:
        _write_entry(archive, MANIFEST, manifest, zipfile.ZIP_DEFLATED)
        for done, (name, make) in enumerate(parts):
            advance(done, len(parts))
            _write_entry(archive, name, make(), zipfile.ZIP_STORED)


def _write_entry(archive: zipfile.ZipFile, name: str, data: bytes, method: int) -> None:
    entry = zipfile.ZipInfo(name, _OLDEST_DATE)
    entry.compress_type = method
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)


def _draw_thumbnail(document: Document, cache: RenderCache) -> Callable[[], bytes]:
    def draw() -> bytes:
        frame = document.frame
        scale = min(THUMBNAIL_PX / max(frame.shape), 1.0)
        rgba = render(document, frame, scale, cache=cache)
        small = to_uint8(rgba)
        return encode_png(convert_pixels(small, working_profile(document.photo), None))

    return draw


def _ignore(_done: int, _of: int) -> None:
    """Tell nobody."""


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Say in one sentence why a project was not opened."""
    name = display_name(path)
    try:
        if path.is_dir():
            raise ProjectError(f"“{name}” is a folder, not a project.")
        if path.exists() and not path.is_file():
            raise ProjectError(f"“{name}” is not a file.")
        yield
    except HimappError:
        raise
    except NewerVersionError as error:
        sentence = f"“{name}” was saved by a newer version of himapp than this one."
        raise ProjectError(sentence) from error
    except FileNotFoundError as error:
        raise ProjectError(f"“{name}” does not exist.") from error
    except PermissionError as error:
        raise ProjectError(f"“{name}” cannot be opened: permission denied.") from error
    except OSError as error:
        raise ProjectError(f"“{name}” cannot be read from its disk.") from error
    except MemoryError as error:
        raise ProjectError(f"There is not enough memory to open “{name}”.") from error
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise ProjectError(f"“{name}” is damaged, or no project of himapp.") from error
