"""Write a document as one PSD file: a masked layer for each person over the background.

Data flow::

    document ─► background layer, if there is one ─┐
             ─► person: own colours F with edits ──┼─► write_psd: one after the other, when needed
                matte ─► the layer's mask          │
             ─► render_level: the composite ───────┘

Layers are cropped to their people and stand in the order of the list. Edits are part of a layer's
pixels; opacity and the eye stay the layer's own. The layers of other programs are drawn *over* one
another, so that where two people touch, their layers show a trace of what is behind, which the
composite does not.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from himapp.document.backdrop import read_backdrop
from himapp.document.background import ImageBackground, PhotoBackground, TransparentBackground
from himapp.document.document import Document
from himapp.document.layers import PersonLayer
from himapp.document.person_pixels import read_edited_photo
from himapp.document.pixel_values import Array
from himapp.document.regions import Region
from himapp.document.render import render_level, render_person
from himapp.document.render_cache import RenderCache
from himapp.imaging.bit_depth import from_float, to_depth
from himapp.imaging.file_tags import FileTags
from himapp.imaging.psd_file import LazyPixels, PixelSource, PsdLayer, needs_psb, write_psd
from himapp.imaging.stripes import map_in_order

BACKGROUND_NAME: Final = "Background"
"""The layer behind the people; Photoshop's own name for it."""

_MARGIN_PX: Final = 8
"""So far around a person a layer goes on, with the person's colours next to the matte."""

_STRIPE_ROWS: Final = 1024


class Cancellable(Protocol):
    """Anything that can tell the work to stop."""

    def raise_if_cancelled(self) -> None:
        """Raise :class:`himapp.errors.Cancelled` if the user withdrew the task."""


@dataclass(frozen=True, slots=True)
class LayeredOptions:
    """How a document becomes layers.

    Attributes:
        tags: profile and metadata of the file.
        convert: brings RGB ``[h, w, 3]`` from the document's colours and ``dtype`` to the file's;
            None leaves them as they are.
        is_decontaminated: whether layers hold the people's own colours, which go on a little
            under the mask, or the photo's all over.
        dtype: uint8 or uint16, what is rendered before ``convert``; None means the photo's.
    """

    tags: FileTags = field(default_factory=FileTags)
    convert: Callable[[Array], Array] | None = None
    is_decontaminated: bool = True
    dtype: np.dtype[Any] | None = None


def write_document_psd(
    document: Document,
    path: Path,
    options: LayeredOptions | None = None,
    *,
    cache: RenderCache,
    progress: Callable[[int, int], None] | None = None,
    cancel: Cancellable | None = None,
) -> None:
    """Write a document as layers: PSD, or PSB where a PSD cannot hold it.

    Args:
        document: what to write.
        path: the file to make or replace.
        options: profile, metadata and colours; None writes the document's colours untagged.
        cache: the renderer's.
        progress: told ``(done, of)`` about every stripe rendered.
        cancel: asked at every stripe; nothing is left behind.

    Raises:
        ExportError: the file cannot be written, or is too large for PSB.
        Cancelled: the user withdrew the export.
    """
    options = options or LayeredOptions()
    source = _LayerSource(document, options, cache, progress, cancel)
    write_psd(
        path,
        (document.photo.width, document.photo.height),
        source.make_layers(),
        source.make_composite(),
        options.tags,
        checkpoint=source.check,
    )


def layered_suffix(document: Document, dtype: np.dtype[Any]) -> str:
    """Return the ending of a document's file of layers: ``.psb`` where a PSD cannot hold it.

    Args:
        document: what is to be written.
        dtype: of the file's pixels, uint8 or uint16.
    """
    options = LayeredOptions(convert=lambda rgb: rgb.astype(dtype))
    source = _LayerSource(document, options, RenderCache(), None, None)
    size = document.photo.width, document.photo.height
    return ".psb" if needs_psb(size, source.make_layers(), source.make_composite()) else ".psd"


class _LayerSource:
    """Renders layers when the writer asks for them, in stripes, and counts those."""

    def __init__(
        self,
        document: Document,
        options: LayeredOptions,
        cache: RenderCache,
        progress: Callable[[int, int], None] | None,
        cancel: Cancellable | None,
    ) -> None:
        self._document = document
        self._options = options
        self._cache = cache
        self._progress = progress
        self._cancel = cancel
        self._done = 0
        self._total = 0
        self._is_photo = isinstance(document.background, PhotoBackground)
        self._rendered = options.dtype or document.photo.pixels.dtype
        self._dtype = self._convert(np.zeros((1, 1, 3), self._rendered)).dtype

    def check(self) -> None:
        """Stop here if the user withdrew the task."""
        if self._cancel is not None:
            self._cancel.raise_if_cancelled()

    def make_layers(self) -> list[PsdLayer]:
        """Return the layers bottom to top."""
        people = [self._make_person(layer) for layer in self._document.layers]
        if isinstance(self._document.background, TransparentBackground):
            return people
        return [PsdLayer(BACKGROUND_NAME, 0, 0, self._make_background()), *people]

    def make_composite(self) -> PixelSource:
        """Return what the document looks like."""
        if self._is_photo and not any(layer.edits_photo for layer in self._document.layers):
            return self._make_background()
        channels = 4 if _has_clear_background(self._document) else 3
        return self._defer(self._document.frame, channels, self._render_composite)

    def _make_background(self) -> PixelSource:
        pixels = self._document.photo.pixels
        if self._is_photo and self._options.convert is None and self._dtype == pixels.dtype:
            return pixels
        channels = 4 if _has_clear_background(self._document) else 3
        return self._defer(self._document.frame, channels, self._render_background)

    def _make_person(self, layer: PersonLayer) -> PsdLayer:
        region = layer.bounds if layer.visible_bounds.is_empty else layer.visible_bounds
        region = region.grow(_MARGIN_PX).intersect(self._document.frame)
        pixels = self._defer(region, 4, partial(self._render_person, layer))
        return PsdLayer(
            layer.name,
            region.x,
            region.y,
            pixels,
            has_mask=True,
            opacity=layer.opacity,
            visible=layer.visible,
        )

    def _defer(
        self, region: Region, channels: int, render: Callable[[Region], Array]
    ) -> LazyPixels:
        shape = (*region.shape, channels)
        self._total += len(_split_rows(region))
        return LazyPixels(shape, self._dtype, partial(self._render, region, shape, render))

    def _render(
        self, region: Region, shape: tuple[int, ...], render: Callable[[Region], Array]
    ) -> Array:
        """Render some stripes at a time, so that the whole is never in float."""
        pixels = np.empty(shape, self._dtype)

        def fill(rows: Region) -> None:
            part = render(rows)
            target = pixels[rows.slices_in(region)]
            target[..., :3] = self._convert(np.ascontiguousarray(part[..., :3]))
            if shape[2] == 4:
                target[..., 3] = to_depth(part[..., 3], self._dtype)

        with closing(map_in_order(fill, _split_rows(region))) as stripes:
            for _ in stripes:
                self.check()
                self._done += 1
                if self._progress is not None:
                    self._progress(self._done, self._total)
        return pixels

    def _convert(self, rgb: Array) -> Array:
        return rgb if self._options.convert is None else self._options.convert(rgb)

    def _render_composite(self, rows: Region) -> Array:
        dtype = self._rendered
        return render_level(self._document, rows, 0, cache=self._cache, dtype=dtype)

    def _render_background(self, rows: Region) -> Array:
        photo = self._document.photo
        if self._is_photo:
            return to_depth(photo.pixels[rows.slices_in(self._document.frame)], self._rendered)
        backdrop = read_backdrop(self._cache, self._document, rows, 0)
        colours = from_float(backdrop.colours, self._rendered)
        if backdrop.alpha is None:
            return colours
        return np.dstack([colours, from_float(backdrop.alpha, self._rendered)])

    def _render_person(self, layer: PersonLayer, rows: Region) -> Array:
        document, cache, dtype = self._document, self._cache, self._rendered
        rgba = render_person(document, layer.id, rows, 0, cache=cache, dtype=dtype)
        if not self._options.is_decontaminated:
            colours = read_edited_photo(cache, document.photo, layer, rows, 0)
            rgba[..., :3] = from_float(colours, rgba.dtype)
        return rgba


def _has_clear_background(document: Document) -> bool:
    """Return whether a picture of the document can be transparent somewhere."""
    background = document.background
    has_bars = isinstance(background, ImageBackground) and background.fit == "fit"
    return has_bars or isinstance(background, TransparentBackground)


def _split_rows(region: Region) -> list[Region]:
    """Return stripes that end where the renderer's tiles do, so that none is made twice."""
    first = region.y // _STRIPE_ROWS * _STRIPE_ROWS
    stripes = (
        Region(region.x, top, region.width, _STRIPE_ROWS).intersect(region)
        for top in range(first, region.bottom, _STRIPE_ROWS)
    )
    return [rows for rows in stripes if not rows.is_empty]
