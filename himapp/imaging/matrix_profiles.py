"""Read the simple kind of ICC profile: three colours of light, and a curve for each channel."""

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

Curve = npt.NDArray[np.float64]
"""Light (0..1) at values that stand evenly from 0 to 1."""

CURVE_SAMPLES: Final = 65536
"""One for every value of 16 bit."""

_MODEL_CLASSES: Final = (b"mntr", b"scnr", b"spac", b"prtr")
# A profile with any of these is a table; the matrix beside it is for those who cannot read tables.
_TABLE_TAGS: Final = frozenset(
    {b"A2B0", b"A2B1", b"A2B2", b"B2A0", b"B2A1", b"B2A2", b"D2B0", b"D2B1", b"B2D0", b"B2D1"}
)
_HEADER_BYTES: Final = 128
_MOST_TAGS: Final = 200
_FIXED_ONE: Final = 65536
_PARAMETERS: Final = (1, 3, 4, 5, 7)
"""How many numbers each kind of parametric curve has."""


@dataclass(frozen=True, slots=True, eq=False)
class MatrixProfile:
    """An RGB space: light = curve(value), XYZ = columns x light.

    Attributes:
        columns: float64 ``[3, 3]``; red, green and blue as X, Y, Z under D50.
        curves: those of red, green and blue; they rise from 0.
    """

    columns: npt.NDArray[np.float64]
    curves: tuple[Curve, Curve, Curve]


@lru_cache(maxsize=16)
def read_matrix_profile(icc: bytes) -> MatrixProfile | None:
    """Return what a profile says; None when it is of another kind, damaged or unusual.

    Reference:
        ICC.1:2022, 8.3 and 8.4, F.3: three-component matrix-based profiles.
    """
    try:
        tags = _read_tags(icc, b"RGB ")
        if tags is None or icc[20:24] != b"XYZ " or _TABLE_TAGS & tags.keys():
            return None
        columns = np.array([_read_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]).T
        red, green, blue = (read_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
    except (struct.error, LookupError, ValueError):
        return None
    if abs(np.linalg.det(columns)) < 1e-6 or not all(map(_is_plain, (red, green, blue))):
        return None
    return MatrixProfile(columns, (red, green, blue))


def read_grey_element(icc: bytes) -> tuple[bytes, bool] | None:
    """Return a grey profile's curve element, and whether it gives L* instead of light.

    Returns:
        None when the profile is no grey one, is a table, or is damaged.
    """
    try:
        tags = _read_tags(icc, b"GRAY")
        if tags is None or _TABLE_TAGS & tags.keys():
            return None
        return tags[b"kTRC"], icc[20:24] == b"Lab "
    except (struct.error, LookupError):
        return None


@np.errstate(all="ignore")
def read_curve(element: bytes) -> Curve:
    """Return the light of a ``curv`` or ``para`` element at :data:`CURVE_SAMPLES` values.

    Raises:
        ValueError: the element is of another type, or its numbers make no curve.
        struct.error: it is cut off.

    Reference:
        ICC.1:2022, 10.6 curveType and 10.18 parametricCurveType.
    """
    values = np.linspace(0, 1, CURVE_SAMPLES)
    if element[:4] == b"para":
        light = _evaluate_parametric(element, values)
    elif element[:4] == b"curv":
        light = _evaluate_table(element, values)
    else:
        raise ValueError(f"a curve of type {element[:4]!r} is not known")
    if not np.isfinite(light).all():
        raise ValueError("the curve has no value somewhere")
    light = np.clip(light, 0, 1)
    light.setflags(write=False)
    return light


def _read_tags(icc: bytes, model: bytes) -> dict[bytes, bytes] | None:
    """Return the elements by name; None when the header is not one of the model's."""
    if icc[36:40] != b"acsp" or icc[16:20] != model or icc[12:16] not in _MODEL_CLASSES:
        return None
    (count,) = struct.unpack_from(">I", icc, _HEADER_BYTES)
    tags = {}
    for i in range(min(count, _MOST_TAGS)):
        name, start, size = struct.unpack_from(">4sII", icc, _HEADER_BYTES + 4 + 12 * i)
        tags[name] = icc[start : start + size]
    return tags


def _read_xyz(element: bytes) -> list[float]:
    if element[:4] != b"XYZ ":
        raise ValueError("not a colour")
    return [number / _FIXED_ONE for number in struct.unpack_from(">3i", element, 8)]


def _evaluate_table(element: bytes, values: Curve) -> Curve:
    (count,) = struct.unpack_from(">I", element, 8)
    if count == 0:
        return values
    numbers = np.frombuffer(element, ">u2", count, 12).astype(np.float64)
    if count == 1:
        return np.asarray(values ** (numbers[0] / 256))
    return np.interp(values, np.linspace(0, 1, count), numbers / 65535)


def _evaluate_parametric(element: bytes, values: Curve) -> Curve:
    (kind,) = struct.unpack_from(">H", element, 8)
    if kind >= len(_PARAMETERS):
        raise ValueError(f"a parametric curve of kind {kind} is not known")
    numbers = struct.unpack_from(f">{_PARAMETERS[kind]}i", element, 12)
    g, a, b, c, d, e, f = [n / _FIXED_ONE for n in numbers] + [0.0] * (7 - len(numbers))
    if kind == 0:
        return np.asarray(values**g)
    power = np.maximum(a * values + b, 0) ** g
    if kind in (1, 2):  # the same, but for c, which kind 1 has not
        return np.asarray(np.where(values >= -b / a, power + c, c))
    return np.asarray(np.where(values >= d, power + e, c * values + f))


def _is_plain(curve: Curve) -> bool:
    """Return whether a curve rises from black: nothing to compensate, nothing to guess."""
    return bool(curve[0] == 0 and curve[-1] > 0.5 and (np.diff(curve) >= 0).all())
