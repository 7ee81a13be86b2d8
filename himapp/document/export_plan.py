"""Decide what an export writes and where, without touching a file."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from himapp.document.document import Document
from himapp.document.layers import PersonLayer
from himapp.document.regions import Region

Content = Literal["cut-out", "matte", "composite"]
ImageFormat = Literal["png", "jpeg"]
Collision = Literal["rename", "overwrite"]

_SUFFIXES: dict[ImageFormat, str] = {"png": ".png", "jpeg": ".jpg"}


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What to write.

    Attributes:
        content: each person's colours with alpha, each person's matte in grey, or the picture.
        people: ids of the people; None means everybody whose eye is on. Not for the composite.
        is_cropped: whether cut-outs and mattes are cropped to what can be seen of the person, or
            keep the full frame and every trace of the matte.
        margin_px: photo pixels left around a cropped person.
        image_format: JPEG only for the composite; it has no alpha, white shows instead.
        jpeg_quality: 1..100.
        name_prefix: goes before every file name, e.g. ``"wedding-"``.
        collision: take another name, or replace the file that is there; never the photo itself.
    """

    content: Content = "cut-out"
    people: tuple[int, ...] | None = None
    is_cropped: bool = True
    margin_px: int = 0
    image_format: ImageFormat = "png"
    jpeg_quality: int = 95
    name_prefix: str = ""
    collision: Collision = "rename"

    def __post_init__(self) -> None:
        if self.image_format == "jpeg" and self.content != "composite":
            raise ValueError("A JPEG has no alpha: only the composite can be one")
        if self.margin_px < 0:
            raise ValueError(f"margin_px must be 0 or more, not {self.margin_px}")


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file that an export writes.

    Attributes:
        path: where to.
        layer_id: the person; None for the composite.
        region: the part of the photo it shows, in photo pixels; its size is the file's.
    """

    path: Path
    layer_id: int | None
    region: Region


def plan_export(
    document: Document, options: ExportOptions, folder: Path
) -> tuple[PlannedFile, ...]:
    """Decide which files to write, with names that are free.

    Returns:
        The files in the order of the people's numbers; none if there is nobody to write.

    Raises:
        ValueError: an id in the options is no layer's.
    """
    names = _NamePicker(document, options, folder)
    if options.content == "composite":
        return (PlannedFile(names.pick("composite"), None, document.frame),)
    end = "-matte" if options.content == "matte" else ""
    return tuple(
        PlannedFile(
            names.pick(f"person-{layer.number:02}{end}"),
            layer.id,
            _find_region(document, layer, options),
        )
        for layer in _find_people(document, options)
    )


class _NamePicker:
    """Gives out paths that no file has and that were not given out before."""

    def __init__(self, document: Document, options: ExportOptions, folder: Path) -> None:
        self._source = document.photo.path
        self._options = options
        self._folder = folder
        self._taken: set[Path] = set()

    def pick(self, name: str) -> Path:
        """Return the path for a name, with ``-2``, ``-3``, … if it is taken."""
        stem = self._options.name_prefix + name
        suffix = _SUFFIXES[self._options.image_format]
        path, number = self._folder / (stem + suffix), 1
        while self._is_taken(path):
            number += 1
            path = self._folder / f"{stem}-{number}{suffix}"
        self._taken.add(path)
        return path

    def _is_taken(self, path: Path) -> bool:
        if path in self._taken:
            return True
        if not os.path.exists(path):
            return False
        if self._source is not None and os.path.exists(self._source):
            return self._options.collision == "rename" or path.samefile(self._source)
        return self._options.collision == "rename"


def _find_people(document: Document, options: ExportOptions) -> list[PersonLayer]:
    if options.people is None:
        people = [layer for layer in document.layers if layer.visible]
    else:
        people = [document.find_layer(layer_id) for layer_id in options.people]
    return sorted(people, key=lambda layer: layer.number)


def _find_region(document: Document, layer: PersonLayer, options: ExportOptions) -> Region:
    if not options.is_cropped or layer.bounds.is_empty:
        return document.frame
    return layer.visible_bounds.grow(options.margin_px).intersect(document.frame)
