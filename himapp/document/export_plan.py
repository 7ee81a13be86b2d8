"""Decide what an export writes and where, without writing a file."""

import datetime
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from himapp.document.background import ImageBackground
from himapp.document.document import Document
from himapp.document.export_names import (
    DEFAULT_TEMPLATES,
    EVERYBODY,
    NameFields,
    clean_name,
    compare_key,
    fill_template,
)
from himapp.document.export_options import Collision, ExportOptions, ImageFormat
from himapp.document.export_regions import find_person_region, find_size
from himapp.document.layers import PersonLayer
from himapp.document.psd_export import layered_suffix
from himapp.document.regions import Region
from himapp.errors import ExportError
from himapp.paths import display_name

Fate = Literal["new", "replaced", "skipped"]
"""No file is there; one is and is replaced; one is and stays, and nothing is written."""

SUFFIXES: Final[dict[ImageFormat, str]] = {
    "png": ".png",
    "webp": ".webp",
    "tiff": ".tif",
    "jpeg": ".jpg",
    "psd": ".psd",
}
_NO_NAME: Final = "photo"
_MOST_PIXELS: Final = 400_000_000
"""1.6 GB at 8 bit with alpha."""


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One picture that an export writes.

    Attributes:
        path: where to.
        layer_id: the person; None where the file shows everybody.
        region: the part of the photo it shows, in photo pixels; may hang over the photo.
        size: width and height of the file's picture in pixels.
        fate: what becomes of a file that is there.
    """

    path: Path
    layer_id: int | None
    region: Region
    size: tuple[int, int]
    fate: Fate = "new"


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """Everything that an export writes.

    Attributes:
        files: the pictures in the order of the people's numbers, also those to be skipped; none
            if there is nobody to write.
        sidecar: where the JSON file goes that tells of them; None if it was not asked for.
        given: the paths of all of them, also of a sidecar to be skipped.
    """

    files: tuple[PlannedFile, ...]
    sidecar: Path | None = None
    given: tuple[Path, ...] = ()

    @property
    def to_write(self) -> tuple[PlannedFile, ...]:
        """The pictures that are not skipped."""
        return tuple(file for file in self.files if file.fate != "skipped")


def plan_export(document: Document, options: ExportOptions, folder: Path) -> ExportPlan:
    """Decide which files to write and what they are called.

    Args:
        document: what to write.
        options: which files.
        folder: where to.

    Raises:
        ValueError: an id in the options is no layer's.
        ExportError: the name template is wrong, or a file would be giant.
    """
    sources = (*_sources(document), *options.protected)
    picker = _NamePicker(folder, options.naming.collision, sources, options.taken)
    day = _find_day(document)
    stem = document.photo.path.stem if document.photo.path is not None else _NO_NAME
    template = options.naming.template.strip() or DEFAULT_TEMPLATES[options.content]
    suffix = _pick_suffix(document, options)
    files = []
    for layer, region in _find_pictures(document, options):
        size = find_size(region, options.size)
        person, number = (layer.name, layer.number) if layer is not None else (EVERYBODY, 0)
        name = fill_template(
            template, NameFields(stem, person, number, day, *size, suffix.lstrip("."))
        )
        path, fate = picker.pick(name, ".zip" if options.is_zipped else suffix)
        _refuse_giant(document, path, size)
        files.append(PlannedFile(path, layer.id if layer else None, region, size, fate))
    if not (options.naming.has_sidecar and files):
        return ExportPlan(tuple(files), None, tuple(picker.given))
    sidecar, fate = picker.pick(clean_name(f"{stem}-export"), ".json")
    return ExportPlan(tuple(files), None if fate == "skipped" else sidecar, tuple(picker.given))


def _pick_suffix(document: Document, options: ExportOptions) -> str:
    coding = options.coding
    if coding.image_format != "psd":
        return SUFFIXES[coding.image_format]
    kept = document.photo.pixels.dtype
    dtype = {"keep": kept, "8": np.dtype(np.uint8), "16": np.dtype(np.uint16)}[coding.bit_depth]
    return layered_suffix(document, dtype)


def _refuse_giant(document: Document, path: Path, size: tuple[int, int]) -> None:
    """Refuse what no memory holds; what was opened can be written."""
    width, height = size
    most = max(_MOST_PIXELS, document.photo.width * document.photo.height)
    if width * height > most:
        raise ExportError(
            f"“{display_name(path)}” would have {width} × {height} pixels; at most "
            f"{most // 1_000_000} million can be written."
        )


def _sources(document: Document) -> list[Path]:
    """Return the files the document is made of."""
    background = document.background
    paths = [document.photo.path]
    if isinstance(background, ImageBackground) and background.path is not None:
        paths.append(Path(background.path))
    return [path for path in paths if path is not None]


def _find_day(document: Document) -> str:
    """Return the day the photo was taken, else the day of its file, else today."""
    captured = (document.photo.captured or "")[:10].replace(":", "-")
    try:
        return datetime.date.fromisoformat(captured).isoformat()
    except ValueError:
        pass
    today = datetime.datetime.now().date()
    if document.photo.path is None:
        return today.isoformat()
    try:
        return datetime.date.fromtimestamp(document.photo.path.stat().st_mtime).isoformat()
    except (OSError, ValueError, OverflowError):
        return today.isoformat()


def _find_pictures(
    document: Document, options: ExportOptions
) -> list[tuple[PersonLayer | None, Region]]:
    """Return who each file shows, None being everybody, and the part of the photo."""
    if options.content in ("composite", "layered"):
        return [(None, document.frame)]
    if options.people is None:
        people = [layer for layer in document.layers if layer.visible]
    else:
        people = [document.find_layer(layer_id) for layer_id in options.people]
    in_order = sorted(people, key=lambda layer: layer.number)
    return [(layer, find_person_region(document, layer, options.crop)) for layer in in_order]


class _NamePicker:
    """Gives out paths that were not given out before and that take no source's place."""

    def __init__(
        self,
        folder: Path,
        collision: Collision,
        sources: Iterable[Path],
        taken: Iterable[Path],
    ) -> None:
        self.given: list[Path] = []
        self._folder = folder
        self._collision = collision
        self._sources = [path for path in sources if os.path.exists(path)]
        self._taken = {compare_key(path.name) for path in taken}

    def pick(self, name: str, suffix: str) -> tuple[Path, Fate]:
        """Return the path for a name, with ``-2``, ``-3``, … where it is taken."""
        path, number = self._folder / (name + suffix), 1
        while self._is_taken(path):
            number += 1
            path = self._folder / f"{name}-{number}{suffix}"
        self._taken.add(compare_key(path.name))
        self.given.append(path)
        if not os.path.lexists(path):
            return path, "new"
        return path, "skipped" if self._collision == "skip" else "replaced"

    def _is_taken(self, path: Path) -> bool:
        """Whether the path belongs to another file of the run, or may not be replaced."""
        if compare_key(path.name) in self._taken:
            return True
        if self._collision == "skip" or not os.path.lexists(path):
            return False
        return self._collision == "rename" or self._is_source(path)

    def _is_source(self, path: Path) -> bool:
        # A link that leads nowhere is no source.
        return os.path.exists(path) and any(path.samefile(source) for source in self._sources)
