"""The RGB spaces a file can be exported in, as ICC profiles that are made here byte for byte.

A profile is a table of numbers: the colours of red, green and blue light, seen from a white of
D50, and the curve between stored values and light. Making them here keeps other people's profile
files, and their licences, out of the program. Version 4, because its curves are formulas: exact at
16 bit, and half a kilobyte in every file.
"""

import hashlib
import struct
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

ColorSpace = Literal["srgb", "display-p3", "adobe-rgb"]
"""sRGB; Display P3 (wider, screens and phones); Adobe RGB (1998) (wider in green, print)."""

Matrix = npt.NDArray[np.float64]
"""``[3, 3]`` in float64."""

_FIXED_ONE: Final = 65536
_D50: Final = (63190, 65536, 54061)
"""The profile connection space's white, X Y Z in 65536ths (ICC.1:2022, 7.2.16)."""

_D65: Final = (0.3127, 0.3290)
"""The white of all three spaces, CIE x and y."""

_BRADFORD: Final = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
"""From XYZ to the cone responses in which one white is adapted to another (ICC.1:2022, E.3)."""

_SRGB_CURVE: Final = (3, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
"""IEC 61966-2-1, as kind and parameters of ICC's parametric curve: (a v + b)^g, or c v below d."""

_ADOBE_CURVE: Final = (0, (563 / 256,))
"""Adobe RGB (1998) encoding, 4.3.4.2: a plain power."""


_VERSION: Final = 0x04200000
_MADE: Final = (2026, 1, 1, 0, 0, 0)
"""Year to second in the header; fixed, so that the bytes are the same every time."""

_RELATIVE_COLORIMETRIC: Final = 1


@dataclass(frozen=True, slots=True)
class _Primaries:
    """What a space is made of: CIE x and y of red, green and blue, and its curve."""

    title: str
    points: tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
    curve: tuple[int, tuple[float, ...]]


_SPACES: Final[dict[ColorSpace, _Primaries]] = {
    "srgb": _Primaries("sRGB", ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)), _SRGB_CURVE),
    "display-p3": _Primaries(
        "Display P3", ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)), _SRGB_CURVE
    ),
    "adobe-rgb": _Primaries(
        "Compatible with Adobe RGB (1998)",
        ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
        _ADOBE_CURVE,
    ),
}


@cache
def profile_of(space: ColorSpace) -> bytes:
    """Return the ICC profile of a space, the same bytes every time.

    Args:
        space: one of :data:`ColorSpace`.

    Raises:
        KeyError: there is no such space.

    Reference:
        ICC.1:2022, 8.4.3 three-component matrix-based profiles; IEC 61966-2-1 (sRGB); SMPTE EG
        432-1 primaries with sRGB's white and curve (Display P3); Adobe RGB (1998), 2005-05.
    """
    primaries = _SPACES[space]
    return make_matrix_profile(
        primaries.title, _fixed_columns(primaries.points), _parametric(*primaries.curve)
    )


@cache
def grey_profile() -> bytes:
    """Return a grey profile with sRGB's curve: what a grey number without a profile means."""
    tags = _common_tags("sRGB grey") | {b"kTRC": _parametric(*_SRGB_CURVE)}
    return _assemble(b"GRAY", tags)


@cache
def srgb_columns() -> tuple[tuple[int, int, int], ...]:
    """Return red, green and blue of sRGB as X Y Z under D50, in 65536ths."""
    return _fixed_columns(_SPACES["srgb"].points)


def make_matrix_profile(
    title: str, columns: tuple[tuple[int, int, int], ...], curve: bytes
) -> bytes:
    """Return the profile of an RGB space whose three channels share a curve.

    Args:
        title: what the profile calls itself.
        columns: red, green and blue as X Y Z under D50, in 65536ths.
        curve: a whole curve element (``para`` or ``curv``), from values to light.
    """
    tags = _common_tags(title)
    for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True):
        tags[name] = _xyz(column)
    return _assemble(b"RGB ", tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


def _fixed_columns(points: tuple[tuple[float, float], ...]) -> tuple[tuple[int, int, int], ...]:
    """Return the primaries under D50; they sum to its white exactly, so that grey stays grey."""
    adapted = _adaptation() @ _rgb_to_xyz(points)
    red, blue = (np.rint(adapted[:, i] * _FIXED_ONE).astype(int) for i in (0, 2))
    green = np.array(_D50) - red - blue
    return tuple((int(x), int(y), int(z)) for x, y, z in (red, green, blue))


def _rgb_to_xyz(points: tuple[tuple[float, float], ...]) -> Matrix:
    """Return the matrix from linear RGB to XYZ, white at Y = 1."""
    directions = np.stack([_to_xyz(point) for point in points], axis=1)
    return directions * np.linalg.solve(directions, _to_xyz(_D65))


def _adaptation() -> Matrix:
    """Return the Bradford matrix that takes colours seen under D65 to D50."""
    wanted, given = _BRADFORD @ (np.array(_D50) / _FIXED_ONE), _BRADFORD @ _to_xyz(_D65)
    adaptation: Matrix = np.linalg.solve(_BRADFORD, (wanted / given)[:, np.newaxis] * _BRADFORD)
    return adaptation


def _to_xyz(point: tuple[float, float]) -> npt.NDArray[np.float64]:
    """Return X, Y and Z of a chromaticity at Y = 1."""
    x, y = point
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _common_tags(title: str) -> dict[bytes, bytes]:
    adaptation = np.rint(_adaptation() * _FIXED_ONE).astype(int).ravel().tolist()
    return {
        b"desc": _text(title),
        b"cprt": _text("No rights reserved (CC0)"),
        b"wtpt": _xyz(_D50),
        b"chad": b"sf32" + bytes(4) + struct.pack(">9i", *adaptation),
    }


def _text(words: str) -> bytes:
    """Return a text element with one entry, in American English."""
    letters = words.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II4sII", 1, 12, b"enUS", len(letters), 28) + letters


def _xyz(values: tuple[int, int, int]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *values)


def _parametric(kind: int, values: tuple[float, ...]) -> bytes:
    fixed = [round(value * _FIXED_ONE) for value in values]
    return b"para" + bytes(4) + struct.pack(f">HH{len(fixed)}i", kind, 0, *fixed)


def _assemble(model: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Lay out header, directory and elements; equal elements are stored once."""
    directory, body = b"", b""
    start, places = 128 + 4 + 12 * len(tags), dict[bytes, int]()
    for name, element in tags.items():
        if element not in places:
            places[element] = start + len(body)
            body += element + bytes(-len(element) % 4)
        directory += struct.pack(">4sII", name, places[element], len(element))
    content = struct.pack(">I", len(tags)) + directory + body
    named, rest = _header(len(content) + 128, model, intent=0), bytes(128 - 84)
    # The identity is the MD5 of the whole with the intent and itself left empty (7.2.18).
    identity = hashlib.md5(named + rest + content, usedforsecurity=False).digest()
    head = _header(len(content) + 128, model, intent=_RELATIVE_COLORIMETRIC) + identity
    return head.ljust(128, b"\0") + content


def _header(size: int, model: bytes, *, intent: int) -> bytes:
    """Return the header up to the profile's identity (ICC.1:2022, 7.2)."""
    return struct.pack(
        ">I4sI4s4s4s6H4s4sI4s4sQI3i4s",
        *(size, bytes(4), _VERSION, b"mntr", model, b"XYZ ", *_MADE),
        *(b"acsp", bytes(4), 0, bytes(4), bytes(4), 0, intent, *_D50, bytes(4)),
    )
