"""Write the files of a document: cut-outs, mattes and the composite.

Everything is rendered in stripes, so that an export can be cancelled and stays small, and only
whole files are written.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from himapp.document.background import ImageBackground, TransparentBackground
from himapp.document.document import Document
from himapp.document.export_plan import ExportOptions, PlannedFile, plan_export
from himapp.document.pixel_values import Array
from himapp.document.regions import Region
from himapp.document.render import render_level, render_person
from himapp.document.render_cache import RenderCache
from himapp.errors import ExportError
from himapp.imaging.bit_depth import from_float, to_float, to_uint8
from himapp.imaging.image_files import write_jpeg, write_png
from himapp.paths import display_name

ExportProgress = Callable[[int, int], None]
"""Called as ``progress(done, of)``, counted in stripes of all files together."""

_STRIPE_ROWS = 512


class Cancellable(Protocol):
    """Anything that can tell the work to stop."""

    def raise_if_cancelled(self) -> None:
        """Raise :class:`himapp.errors.Cancelled` if the user withdrew the task."""


def run_export(
    document: Document,
    options: ExportOptions,
    folder: Path,
    *,
    cache: RenderCache,
    progress: ExportProgress | None = None,
    cancel: Cancellable | None = None,
) -> tuple[Path, ...]:
    """Write the files of an export at full resolution, with the photo's profile and bit depth.

    Args:
        document: what to write.
        options: which files.
        folder: where to; made if it is not there.
        cache: the renderer's.
        progress: told about every stripe.
        cancel: asked at every stripe; files written before stay, none is left half written.

    Returns:
        The files written.

    Raises:
        ExportError: a file or the folder cannot be written.
        Cancelled: the user withdrew the export.
    """
    plan = plan_export(document, options, folder)
    stripes = _StripeCounter(sum(len(_split_rows(file.region)) for file in plan), progress, cancel)
    if plan:
        _make_folder(folder)
    for file in plan:
        pixels = _render_file(document, options, file, cache, stripes)
        _write(file.path, pixels, options, document.photo.icc)
    return tuple(file.path for file in plan)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"The folder “{display_name(folder)}” cannot be made.") from error


class _StripeCounter:
    """Counts stripes over all files, tells the progress and looks whether to stop."""

    def __init__(
        self, total: int, progress: ExportProgress | None, cancel: Cancellable | None
    ) -> None:
        self._done = 0
        self._total = total
        self._progress = progress
        self._cancel = cancel

    def check(self) -> None:
        """Stop here if the user withdrew the task."""
        if self._cancel is not None:
            self._cancel.raise_if_cancelled()

    def advance(self) -> None:
        """Count one stripe."""
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total)


def _split_rows(region: Region) -> list[Region]:
    return [
        Region(region.x, top, region.width, min(_STRIPE_ROWS, region.bottom - top))
        for top in range(region.y, region.bottom, _STRIPE_ROWS)
    ]


def _render_file(
    document: Document,
    options: ExportOptions,
    file: PlannedFile,
    cache: RenderCache,
    stripes: _StripeCounter,
) -> Array:
    """Render a file's pixels: ``[H, W]`` for a matte, ``[H, W, 3]`` if opaque, else RGBA."""
    parts = []
    for rows in _split_rows(file.region):
        stripes.check()
        parts.append(_render_rows(document, options, file.layer_id, rows, cache))
        stripes.advance()
    stripes.check()
    return np.concatenate(parts)


def _render_rows(
    document: Document,
    options: ExportOptions,
    layer_id: int | None,
    rows: Region,
    cache: RenderCache,
) -> Array:
    dtype = document.photo.pixels.dtype
    if layer_id is None:
        return _drop_alpha(document, options, render_level(document, rows, 0, cache=cache))
    if options.content == "matte":
        alpha = document.find_layer(layer_id).matte.read_region(rows)
        return to_uint8(alpha) if dtype == np.uint8 else alpha
    return render_person(document, layer_id, rows, 0, cache=cache)


def _drop_alpha(document: Document, options: ExportOptions, rgba: Array) -> Array:
    """Return RGB for a JPEG, over white, and wherever the document is opaque anyway."""
    if options.image_format == "jpeg":
        values = to_float(rgba)
        alpha = values[..., 3:]
        return from_float(values[..., :3] * alpha + (1 - alpha), np.uint8)
    if _is_opaque(document):
        return np.asarray(cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB))
    return rgba


def _is_opaque(document: Document) -> bool:
    background = document.background
    has_bars = isinstance(background, ImageBackground) and background.fit == "fit"
    return not has_bars and not isinstance(background, TransparentBackground)


def _write(path: Path, pixels: Array, options: ExportOptions, icc: bytes | None) -> None:
    if options.image_format == "jpeg":
        write_jpeg(path, pixels, icc=icc, quality=options.jpeg_quality)
    else:
        write_png(path, pixels, icc=None if pixels.ndim == 2 else icc)
