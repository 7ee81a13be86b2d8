"""Pixels of a project as PNG: lossless, 8 or 16 bit, and readable by other programs."""

import struct
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from himapp.document.matte_tiles import TILE_PX, Matte

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_HEADER: Final = struct.Struct(">2L5B")
_GREY, _RGB = 0, 2
_MOST_PIXELS: Final = 2**30
"""As of a photo."""

_FASTEST: Final = 1
"""Of zlib's levels; on mattes level 6 takes twice the time for 3 % fewer bytes."""

_MOST_DEFLATE_RATIO: Final = 1032
"""One byte of a deflate stream cannot become more: RFC 1951's longest match costs 2 bits."""


def encode_png(pixels: npt.NDArray[Any]) -> bytes:
    """Return a PNG of uint8 or uint16 ``[h, w]`` grey, ``[h, w, 3]`` RGB or ``[h, w, 4]`` RGBA."""
    stored = pixels
    if pixels.ndim == 3:
        to_stored = cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
        stored = np.asarray(cv2.cvtColor(pixels, to_stored))
    is_done, data = cv2.imencode(".png", stored, [cv2.IMWRITE_PNG_COMPRESSION, _FASTEST])
    if not is_done:
        raise ValueError(f"no PNG of {pixels.dtype} {pixels.shape}")
    return data.tobytes()


def decode_tile(data: bytes) -> Matte:
    """Return a matte tile, uint16 ``[256, 256]``.

    Raises:
        ValueError: the data are no such tile.
    """
    if _read_header(data) != (TILE_PX, TILE_PX, 16, _GREY):
        raise ValueError("no grey 16-bit tile")
    tile = _decode(data)
    if tile.shape != (TILE_PX, TILE_PX) or tile.dtype != np.uint16:
        raise ValueError(f"the tile decodes to {tile.dtype} {tile.shape}")
    return tile


def decode_rgb(data: bytes) -> npt.NDArray[Any]:
    """Return a picture, uint8 or uint16 ``[h, w, 3]``.

    Raises:
        ValueError: the data are no such picture, or claim to be larger than they can be.
    """
    width, height, bits, kind = _read_header(data)
    if bits not in (8, 16) or kind != _RGB or not 0 < width * height <= _MOST_PIXELS:
        raise ValueError(f"no RGB picture: {width} x {height}, {bits} bit, kind {kind}")
    if width * height * 3 * bits // 8 > len(data) * _MOST_DEFLATE_RATIO:
        raise ValueError(f"{len(data)} bytes cannot hold {width} x {height} pixels")
    stored = _decode(data)
    dtype = np.uint8 if bits == 8 else np.uint16
    if stored.shape != (height, width, 3) or stored.dtype != dtype:
        raise ValueError(f"the picture decodes to {stored.dtype} {stored.shape}")
    return np.asarray(cv2.cvtColor(stored, cv2.COLOR_BGR2RGB))


def _read_header(data: bytes) -> tuple[int, int, int, int]:
    """Return width, height, bits and kind of colour before anything is decoded."""
    if not data.startswith(_SIGNATURE) or len(data) < len(_SIGNATURE) + _HEADER.size:
        raise ValueError("no PNG")
    width, height, bits, kind, _, _, _ = _HEADER.unpack_from(data, len(_SIGNATURE))
    return width, height, bits, kind


def _decode(data: bytes) -> npt.NDArray[Any]:
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise ValueError("a damaged PNG") from error
    if pixels is None:
        raise ValueError("a damaged PNG")
    return np.asarray(pixels)
