"""Colour and alpha as two pictures in one ZIP, for programs that read alpha apart."""

import time
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from himapp.atomic_file import open_atomically
from himapp.imaging.file_tags import NO_TAGS, FileTags, check_picture
from himapp.imaging.photo import PixelArray
from himapp.imaging.png_file import FAST_COMPRESSION, encode_png

_LARGE_BYTES: Final = 1 << 31
"""From this size of the pixels on an entry may outgrow 32-bit offsets."""


def write_color_and_alpha_zip(
    path: Path,
    rgb: PixelArray,
    alpha: PixelArray,
    tags: FileTags = NO_TAGS,
) -> None:
    """Write a ZIP that holds ``<stem>-colour.png`` and ``<stem>-alpha.png``, stored as they are.

    Args:
        path: The file to make or replace.
        rgb: uint8 or uint16 ``[H, W, 3]``, the person's own colours, going on beyond the edge of
            the matte.
        alpha: uint8 or uint16 ``[H, W]``.
        tags: Profile and metadata of the colour picture; size in print of both.

    Raises:
        ValueError: The arrays are no picture and its alpha, or the profile does not fit.
        ExportError: The file cannot be written; nothing is left behind.
    """
    check_picture(rgb, tags.icc, (3,))
    check_picture(alpha, None, (1,))
    if rgb.shape[:2] != alpha.shape:
        raise ValueError(f"colours {rgb.shape} do not fit alpha {alpha.shape}")
    is_large = rgb.nbytes >= _LARGE_BYTES
    with open_atomically(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        colour = encode_png(rgb, tags, FAST_COMPRESSION)
        _add(archive, f"{path.stem}-colour.png", colour, is_large=is_large)
        matte = encode_png(alpha, FileTags(dpi=tags.dpi), FAST_COMPRESSION)
        _add(archive, f"{path.stem}-alpha.png", matte, is_large=is_large)


def _add(archive: zipfile.ZipFile, name: str, parts: Iterable[bytes], *, is_large: bool) -> None:
    """Add an entry part by part."""
    entry = zipfile.ZipInfo(name, time.localtime()[:6])
    with archive.open(entry, "w", force_zip64=is_large) as target:
        for part in parts:
            target.write(part)
