"""Write an exported picture as the file it was planned to be: format, metadata, ZIP, sidecar."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, assert_never

import numpy as np

from himapp.atomic_file import write_atomically
from himapp.document.document import Document
from himapp.document.export_options import ExportOptions
from himapp.document.export_pixels import FilePixels
from himapp.document.export_plan import PlannedFile
from himapp.imaging.file_tags import FileTags
from himapp.imaging.image_files import (
    write_color_and_alpha_zip,
    write_jpeg,
    write_png,
    write_tiff,
    write_webp,
)
from himapp.imaging.metadata import filter_exif, filter_xmp
from himapp.imaging.photo import Photo
from himapp.paths import display_name

_SIDECAR_VERSION: Final = 1


def pick_metadata(photo: Photo, options: ExportOptions) -> FileTags:
    """Return what a file takes over of the photo's tags, but for the profile.

    A matte is no photo and says its size alone.
    """
    dpi = options.size.dpi if options.size.dpi is not None else photo.dpi
    if options.content == "matte":
        return FileTags(dpi=dpi)
    policy = options.coding.metadata
    xmp = filter_xmp(photo.xmp, policy, iptc=photo.iptc)
    return FileTags(exif=filter_exif(photo.exif, policy), xmp=xmp, dpi=dpi)


def write_picture(
    path: Path, picture: FilePixels, options: ExportOptions, carried: FileTags
) -> None:
    """Write a picture in the options' format, or as a ZIP of two.

    Raises:
        ExportError: the file cannot be written; nothing is left behind.
    """
    coding, pixels = options.coding, picture.pixels
    tags = replace(carried, icc=picture.icc)
    if options.is_zipped:
        colours = np.ascontiguousarray(pixels[..., :3])
        alpha = np.ascontiguousarray(pixels[..., 3])
        write_color_and_alpha_zip(path, colours, alpha, tags)
        return
    match coding.image_format:
        case "png":
            write_png(path, pixels, tags)
        case "tiff":
            write_tiff(path, pixels, tags)
        case "jpeg":
            quality = coding.quality
            write_jpeg(path, pixels, tags, quality=quality)
        case "webp":
            loss = None if coding.is_lossless else coding.quality
            write_webp(path, pixels, tags, quality=loss)
        case "psd":
            raise ValueError("Layers are written by write_document_psd")
        case _:
            assert_never(coding.image_format)


def write_sidecar(
    path: Path, document: Document, options: ExportOptions, files: Sequence[PlannedFile]
) -> None:
    """Write which part of the photo each file shows.

    The document is ``{"version": 1, "photo": {"name", "size": [width, height]}, "content",
    "files": [{"file", "person", "number", "region": [x, y, width, height], "size": [width,
    height]}]}``; regions are in photo pixels and may hang over the photo; person and number are
    null where a file shows everybody.

    Raises:
        ExportError: the file cannot be written.
    """
    photo = document.photo
    name = display_name(photo.path) if photo.path is not None else None
    text = {
        "version": _SIDECAR_VERSION,
        "photo": {"name": name, "size": [photo.width, photo.height]},
        "content": options.content,
        "files": [_describe(document, file) for file in files],
    }
    data = json.dumps(text, indent=2, ensure_ascii=False).encode("utf-8", "replace")
    write_atomically(path, [data])


def _describe(document: Document, file: PlannedFile) -> dict[str, object]:
    layer = document.find_layer(file.layer_id) if file.layer_id is not None else None
    return {
        "file": file.path.name,
        "person": layer.name if layer is not None else None,
        "number": layer.number if layer is not None else None,
        "region": list(file.region),
        "size": list(file.size),
    }
