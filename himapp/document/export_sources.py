"""Which files a project is made of, told by its manifest alone, so that no export replaces them."""

import os
from collections.abc import Iterator
from pathlib import Path

from himapp.document.project_archive import MANIFEST, ProjectArchive
from himapp.document.project_manifest import (
    ImageBackgroundRecord,
    Manifest,
    PhotoRecord,
    decode_manifest,
)


def list_sources(project: Path, photos: Path | None = None) -> tuple[Path, ...]:
    """Return the places of a project's own files, whether something lies there or not.

    Args:
        project: the project's file.
        photos: the folder in which a photo that was moved is looked for; None if in none.

    Returns:
        The project, and wherever its photo and its background's image may lie; of what cannot be
        read as a project only itself.
    """
    manifest = _read_manifest(project)
    if manifest is None:
        return (project,)
    places = list(_list_photo_places(manifest.photo, project))
    moved = [photos / place.name for place in places] if photos is not None else []
    return (project, *places, *moved, *_list_images(manifest))


def _read_manifest(project: Path) -> Manifest | None:
    if not os.path.isfile(project):
        return None
    try:
        with ProjectArchive(project) as archive:
            return decode_manifest(archive.read(MANIFEST))
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        # Opening the project says what is wrong with it.
        return None


def _list_photo_places(photo: PhotoRecord, project: Path) -> Iterator[Path]:
    for text, base in ((photo.relative, project.parent), (photo.absolute, Path())):
        if _is_local(text):
            yield base / text


def _list_images(manifest: Manifest) -> list[Path]:
    background = manifest.background
    path = background.path if isinstance(background, ImageBackgroundRecord) else None
    return [Path(path)] if path is not None and _is_local(path) else []


def _is_local(text: str) -> bool:
    """Whether looking at a path asks no server, to which Windows would tell the user's name."""
    return bool(text) and not text.replace("\\", "/").startswith("//")
