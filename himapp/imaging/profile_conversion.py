"""From one RGB colour profile to another, from grey to RGB, and what a profile is called.

Conversions are relative colorimetric with black point compensation, as photographers expect: white
becomes white, black becomes black, what both spaces hold keeps its look, and what the target cannot
hold is cut to its edge. Profiles that are a matrix and curves (cameras, screens, all of
``working_spaces``) are computed here at both depths; tables go through lcms.
"""

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

import cv2
import numpy as np
import numpy.typing as npt
from PIL import ImageCms

from himapp.imaging.bit_depth import to_uint8
from himapp.imaging.matrix_conversion import join_profiles
from himapp.imaging.matrix_profiles import (
    CURVE_SAMPLES,
    Curve,
    read_curve,
    read_grey_element,
    read_matrix_profile,
)
from himapp.imaging.photo import PixelArray
from himapp.imaging.table_conversion import (
    EngineConversion,
    connect,
    measure,
    measure_to_wide,
    open_profile,
    wide_profile,
)
from himapp.imaging.working_spaces import (
    make_matrix_profile,
    profile_of,
    srgb_columns,
)

_SAME_LEVELS: Final = 1
"""Spaces that differ by no more, in levels of 8 bit, are one: makers round sRGB differently."""

_PROBE_STEPS: Final = 9
_TABLE_SAMPLES: Final = 4096


class Conversion(Protocol):
    """A way from one space to another."""

    def apply(self, pixels: PixelArray) -> PixelArray:
        """Return converted pixels of the same depth; alpha stays."""


@dataclass(frozen=True, slots=True)
class _Chain:
    """One conversion after the other."""

    steps: tuple[Conversion, ...]

    def apply(self, pixels: PixelArray) -> PixelArray:
        for step in self.steps:
            pixels = step.apply(pixels)
        return pixels


def convert_pixels(pixels: PixelArray, source: bytes | None, target: bytes | None) -> PixelArray:
    """Bring RGB pixels from one profile to another; 16 bit stays 16 bit.

    At 8 bit the result is within 1 of what lcms computes from the same profiles. At 16 bit it is
    within 2 of 65535 of the exact value between matrix profiles, and within about 1/1000 from a
    table to a matrix; to a table within 1/255.

    Args:
        pixels: uint8 or uint16 ``[H, W, 3]``, or ``[H, W, 4]`` with straight alpha, which stays.
        source: the profile they are in; None means sRGB.
        target: the profile wanted; None means sRGB.

    Returns:
        Pixels of the same shape and depth; ``pixels`` itself when the spaces are the same. A
        damaged profile counts as sRGB.
    """
    conversion = _find_conversion(source, target, bool(pixels.dtype == np.uint16))
    return pixels if conversion is None or not pixels.size else conversion.apply(pixels)


def convert_to_bytes(
    pixels: PixelArray, source: bytes | None, target: bytes | None
) -> npt.NDArray[np.uint8]:
    """Bring RGB pixels of either depth to another profile at 8 bit, as fast as it goes.

    From a table 16-bit pixels are rounded before and not after, for speed: within 3 of 255.

    Args and returns: as :func:`convert_pixels`, but uint8 comes back.
    """
    conversion = _find_conversion(source, target, False)
    if conversion is None or not pixels.size:
        return to_uint8(pixels)
    if isinstance(conversion, EngineConversion):
        pixels = to_uint8(pixels)
    return to_uint8(conversion.apply(pixels))


def is_same_space(first: bytes | None, second: bytes | None) -> bool:
    """Return whether colours need no conversion between two profiles; None means sRGB."""
    return _find_conversion(first, second, False) is None


def name_profile(icc: bytes | None) -> str:
    """Return what a profile calls itself; no profile means sRGB."""
    if icc is None:
        return "sRGB"
    try:
        return ImageCms.getProfileDescription(open_profile(icc)).strip() or "own profile"
    except (ImageCms.PyCMSError, OSError):
        return "own profile"


def grey_to_rgb(pixels: PixelArray, grey_icc: bytes | None) -> PixelArray:
    """Return grey pixels as sRGB ones of the same depth.

    Args:
        pixels: uint8 or uint16 grey, ``[H, W]``, or ``[H, W, 3]`` with the grey repeated.
        grey_icc: the grey profile they are in; None (or a damaged one) means sRGB's curve.
    """
    rgb = np.asarray(cv2.merge([pixels] * 3)) if pixels.ndim == 2 else pixels
    repeated: PixelArray = rgb.astype(pixels.dtype, copy=False)
    return convert_pixels(repeated, rgb_profile_of_grey(grey_icc), None)


@lru_cache(maxsize=16)
def rgb_profile_of_grey(grey_icc: bytes | None) -> bytes | None:
    """Return an RGB profile in which a grey photo's numbers, repeated, mean the same greys.

    A grey photo that gets a coloured background can so go on without a number of it changing.

    Returns:
        A profile with the grey one's curve and sRGB's colours; None, sRGB, when there is no grey
        profile, or none to be understood, or its curve is sRGB's.
    """
    found = read_grey_element(grey_icc) if grey_icc is not None else None
    if found is None:
        return None
    element, is_lightness = found
    try:
        curve = read_curve(element)
    except (struct.error, ValueError):
        return None
    if is_lightness:
        element = _make_table(_light_of_lightness(curve))
    made = make_matrix_profile(f"{name_profile(grey_icc)} RGB", srgb_columns(), element)
    return None if is_same_space(made, None) else made


def _light_of_lightness(curve: Curve) -> Curve:
    """Return Y for L* / 100 (CIE 15, 8.2.1)."""
    root = (curve * 100 + 16) / 116
    return np.asarray(np.where(curve > 0.08, root**3, curve * 100 / (24389 / 27)))


def _make_table(curve: Curve) -> bytes:
    """Return a curve as a ``curv`` element."""
    places = np.linspace(0, 1, _TABLE_SAMPLES)
    sampled = np.interp(places, np.linspace(0, 1, CURVE_SAMPLES), curve)
    numbers = np.rint(sampled * 65535).astype(">u2").tobytes()
    return b"curv" + bytes(4) + struct.pack(">I", _TABLE_SAMPLES) + numbers


@lru_cache(maxsize=16)
def _find_conversion(
    source: bytes | None,
    target: bytes | None,
    is_deep: bool,  # noqa: FBT001 - positional, so that a pair has one key
) -> Conversion | None:
    """Return the way between two spaces; None when they are one."""
    from_icc, to_icc = _usable(source, is_source=True), _usable(target, is_source=False)
    if from_icc == to_icc:
        return None
    conversion = _make_conversion(from_icc, to_icc, is_deep=is_deep)
    return None if _changes_nothing(conversion) else conversion


def _usable(icc: bytes | None, *, is_source: bool) -> bytes:
    """Return a profile that is sure to convert: sRGB for none and for a damaged one.

    Many a camera's or scanner's table leads out of its space and not into it.
    """
    srgb = profile_of("srgb")
    if icc is None:
        return srgb
    if read_matrix_profile(icc) is not None:
        return icc
    try:
        connect(icc if is_source else srgb, srgb if is_source else icc)
    except (ImageCms.PyCMSError, OSError):
        return srgb
    return icc


def _make_conversion(source: bytes, target: bytes, *, is_deep: bool) -> Conversion:
    simple_source, simple_target = read_matrix_profile(source), read_matrix_profile(target)
    if simple_source is not None and simple_target is not None:
        return join_profiles(simple_source, simple_target)
    if not is_deep:
        return connect(source, target)
    wide = read_matrix_profile(wide_profile())
    if simple_target is None or wide is None:
        return measure(source, target)
    return _Chain((measure_to_wide(source), join_profiles(wide, simple_target)))


def _changes_nothing(conversion: Conversion) -> bool:
    """Return whether a conversion leaves all of a choice of colours and all greys alone."""
    dtype = np.uint8 if isinstance(conversion, EngineConversion) else np.uint16
    top = np.iinfo(dtype).max
    steps = np.linspace(0, top, _PROBE_STEPS).astype(dtype)
    colors = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    greys = np.repeat(np.linspace(0, top, 256).astype(dtype), 3).reshape(1, -1, 3)
    probe: PixelArray = np.concatenate([colors, greys], axis=1)
    change = np.abs(conversion.apply(probe).astype(np.int32) - probe)
    return bool(change.max() * 255 <= _SAME_LEVELS * top)
