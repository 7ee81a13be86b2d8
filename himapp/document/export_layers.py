"""Write a document as one file of layers, with the choices of an export."""

from dataclasses import replace
from typing import Final

import numpy as np

from himapp.document.export_files import pick_metadata
from himapp.document.export_pixels import PictureSource, Stripes, pick_conversion
from himapp.document.pixel_values import Array
from himapp.document.psd_export import LayeredOptions, write_document_psd
from himapp.imaging.bit_depth import to_uint8, to_uint16

LAYERED_STEPS: Final = 100
"""As so many stripes a file of layers counts."""


def write_layered(source: PictureSource, stripes: Stripes) -> None:
    """Write all people as layers over the clean background.

    Raises:
        ExportError: the file cannot be written; nothing is left behind.
        Cancelled: the stripes stopped the work.
    """
    document, options = source.document, source.options
    icc, convert = pick_conversion(document, options)
    carried = pick_metadata(document.photo, options)
    to_depth = {"keep": _keep, "8": to_uint8, "16": to_uint16}[options.coding.bit_depth]
    told = 0

    def finish_colours(rgb: Array) -> Array:
        return np.asarray(to_depth(rgb if convert is None else convert(rgb)))

    def advance(done: int, of: int) -> None:
        nonlocal told
        steps = done * LAYERED_STEPS // max(of, 1)
        stripes.advance(steps - told)
        told = steps

    is_kept = convert is None and options.coding.bit_depth == "keep"
    write_document_psd(
        document,
        source.file.path,
        LayeredOptions(
            replace(carried, icc=icc),
            None if is_kept else finish_colours,
            options.is_decontaminated,
            np.dtype(np.uint16) if options.coding.bit_depth == "16" else None,
        ),
        cache=source.cache,
        progress=advance,
        cancel=stripes,
    )


def _keep(pixels: Array) -> Array:
    return pixels
