"""Write the files of a document: cut-outs, mattes, the composite, or all of it as layers.

Everything is rendered in stripes, so that an export can be cancelled and stays small, and only
whole files are written.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

from himapp.document.document import Document
from himapp.document.export_files import pick_metadata, write_picture, write_sidecar
from himapp.document.export_layers import LAYERED_STEPS, write_layered
from himapp.document.export_options import ExportOptions
from himapp.document.export_pixels import PictureSource, count_stripes, render_file
from himapp.document.export_plan import plan_export
from himapp.document.render_cache import RenderCache
from himapp.errors import ExportError
from himapp.imaging.memory import memory_errors
from himapp.paths import display_name

ExportProgress = Callable[[int, int], None]
"""Called as ``progress(done, of)``, counted in stripes of all files together."""

_NAMED_FILES: Final = 3
"""So many names a sentence lists."""


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
    """Write the files of an export.

    Args:
        document: what to write.
        options: which files.
        folder: where to; made if it is not there.
        cache: the renderer's.
        progress: told about every stripe.
        cancel: asked at every stripe; files written before stay, none is left half written.

    Returns:
        The pictures written, then the sidecar.

    Raises:
        ExportError: the template is wrong, or a file or the folder cannot be written; the
            sentence names what was written before.
        Cancelled: the user withdrew the export.
    """
    plan = plan_export(document, options, folder)
    if not plan.to_write:
        return ()
    sources = [PictureSource(document, options, file, cache) for file in plan.to_write]
    stripes = StripeCounter(sum(_count_steps(source) for source in sources), progress, cancel)
    _make_folder(folder)
    written: list[Path] = []
    try:
        for source in sources:
            _write_file(source, stripes)
            written.append(source.file.path)
        if plan.sidecar is not None:
            write_sidecar(plan.sidecar, document, options, plan.files)
            written.append(plan.sidecar)
    except MemoryError as error:
        name = display_name(plan.to_write[len(written)].path)
        sentence = f"“{name}” was not saved: there is not enough memory."
        raise ExportError(_add_written(sentence, written)) from error
    except ExportError as error:
        raise ExportError(_add_written(str(error), written)) from error
    return tuple(written)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise ExportError(f"The folder “{display_name(folder)}” cannot be made.") from error


class StripeCounter:
    """Counts stripes over all files, tells the progress and looks whether to stop."""

    def __init__(
        self, total: int, progress: ExportProgress | None, cancel: Cancellable | None
    ) -> None:
        self._done = 0
        self._total = total
        self._progress = progress
        self._cancel = cancel

    def raise_if_cancelled(self) -> None:
        """Stop here if the user withdrew the task.

        Raises:
            Cancelled: the user did.
        """
        if self._cancel is not None:
            self._cancel.raise_if_cancelled()

    def advance(self, steps: int = 1) -> None:
        """Count stripes."""
        self._done += steps
        if self._progress is not None:
            self._progress(self._done, self._total)


def _count_steps(source: PictureSource) -> int:
    return LAYERED_STEPS if source.options.content == "layered" else count_stripes(source)


@memory_errors()
def _write_file(source: PictureSource, stripes: StripeCounter) -> None:
    """Render and write one picture."""
    options, photo = source.options, source.document.photo
    if source.file.fate == "new" and os.path.lexists(source.file.path):
        name = display_name(source.file.path)
        raise ExportError(f"“{name}” was not saved: another file of that name has just come.")
    if options.content == "layered":
        write_layered(source, stripes)
    else:
        picture = render_file(source, stripes)
        write_picture(source.file.path, picture, options, pick_metadata(photo, options))


def _add_written(sentence: str, written: Sequence[Path]) -> str:
    """Name the files that were done before something went wrong."""
    if not written:
        return sentence
    names = [f"“{display_name(path)}”" for path in written[:_NAMED_FILES]]
    if len(written) > _NAMED_FILES:
        names.append(f"{len(written) - _NAMED_FILES} more")
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"{sentence.removesuffix('.')} (written before: {listed})."
