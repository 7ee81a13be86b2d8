"""Convert pixels whose profile is a table (some cameras, scanners and printers), through lcms.

At 8 bit lcms converts the pixels. Pillow hands it no 16-bit colour, so for 16 bit the table is
measured: a grid of colours is sent through lcms and what lies between is interpolated. lcms
answers in 8 bit; the grid is therefore measured in slices, each of which spreads a sixteenth of the
range over all 256 values, and their sum has 12 bits.
"""

import io
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from himapp.imaging.photo import PixelArray
from himapp.imaging.working_spaces import grey_profile, make_matrix_profile

Grid = npt.NDArray[np.float32]
"""``[n, n, n, 3]``, 0..1: a colour for every red, green and blue of the source."""

_GRID_STEP: Final = 5
_GRID_SIDE: Final = 255 // _GRID_STEP + 1
_SLICES: Final = 16
_TOP_16: Final = 65535
_STRIPE_PIXELS: Final = 1 << 17
_FLAGS: Final = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.HIGHRESPRECALC
_INTENT: Final = ImageCms.Intent.RELATIVE_COLORIMETRIC

_WIDE_COLUMNS: Final = ((52273, 18876, 0), (8862, 46655, 0), (2055, 5, 54061))
"""ROMM RGB (ISO 22028-2), which holds every colour a surface can have, in 65536ths."""

_WIDE_LUMINANCE: Final = np.array([column[1] / 65536 for column in _WIDE_COLUMNS], np.float32)

_SRGB_SHAPE: Final = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def open_profile(icc: bytes) -> ImageCms.ImageCmsProfile:
    """Return a profile as the colour engine's.

    Raises:
        OSError: it is damaged.
    """
    return ImageCms.ImageCmsProfile(io.BytesIO(icc))


@dataclass(frozen=True, slots=True, eq=False)
class EngineConversion:
    """lcms's own way between two RGB profiles, at 8 bit."""

    transform: ImageCms.ImageCmsTransform

    def apply(self, pixels: PixelArray) -> PixelArray:
        """Return converted pixels: uint8 ``[H, W, 3 or 4]``; alpha stays."""
        converted = pixels.copy()
        for part in _split(pixels):
            stripe = Image.fromarray(np.ascontiguousarray(pixels[part][..., :3]))
            converted[part][..., :3] = np.asarray(self.transform.apply(stripe))
        return converted


@dataclass(frozen=True, slots=True, eq=False)
class GridConversion:
    """A measured grid; colours between its points are interpolated in straight lines."""

    grid: Grid

    def apply(self, pixels: PixelArray) -> PixelArray:
        """Return converted pixels: uint16 ``[H, W, 3 or 4]``; alpha stays."""
        converted = pixels.copy()
        for part in _split(pixels):
            values = _interpolate(self.grid, pixels[part][..., :3])
            converted[part][..., :3] = np.rint(values * _TOP_16)
        return converted


def connect(source: bytes, target: bytes) -> EngineConversion:
    """Return lcms's conversion: relative colorimetric, with black point compensation.

    Raises:
        OSError, ImageCms.PyCMSError: a profile is damaged or fits nothing.
    """
    return EngineConversion(
        ImageCms.buildTransform(
            open_profile(source), open_profile(target), "RGB", "RGB", _INTENT, _FLAGS
        )
    )


def measure(source: bytes, target: bytes) -> GridConversion:
    """Measure a conversion at 8 bit: within 1/255 of lcms for smooth tables.

    Raises:
        OSError, ImageCms.PyCMSError: a profile is damaged or fits nothing.
    """
    measured = connect(source, target).apply(_grid_colors())
    return GridConversion(_shape(measured.astype(np.float32) / np.float32(255)))


def measure_to_wide(source: bytes) -> GridConversion:
    """Measure the way from a profile to :func:`wide_profile` at 12 bit.

    Raises:
        OSError, ImageCms.PyCMSError: the profile is damaged or fits nothing.
    """
    colors, opened = _grid_colors(), open_profile(source)
    total = np.zeros(colors.shape, np.float32)
    for number in range(_SLICES):
        piece = open_profile(_wide_slice(number))
        # Not optimised: the shortcut of the engine for 8 bit is coarser than a slice.
        transform = ImageCms.buildTransform(
            opened, piece, "RGB", "RGB", _INTENT, ImageCms.Flags.NOOPTIMIZE
        )
        total += EngineConversion(transform).apply(colors)
    encoded = total / np.float32(255 * _SLICES)
    if _is_black_compensated(opened):
        encoded = _compensate_black(encoded)
    return GridConversion(_shape(encoded))


def wide_profile() -> bytes:
    """Return the profile of a space that holds every colour, with sRGB's curve."""
    return make_matrix_profile("wide", _WIDE_COLUMNS, _shifted_curve(1, 0))


@lru_cache(maxsize=_SLICES)
def _wide_slice(number: int) -> bytes:
    """Return a profile whose 0..1 is one of the :data:`_SLICES` parts of the wide space's."""
    curve = _shifted_curve(1 / _SLICES, number / _SLICES)
    return make_matrix_profile("slice", _WIDE_COLUMNS, curve)


def _shifted_curve(scale: float, start: float) -> bytes:
    """Return sRGB's curve at ``start + scale * v`` as a ``para`` element of kind 4."""
    g, a, b, c, d = _SRGB_SHAPE
    values = g, a * scale, b + a * start, c * scale, (d - start) / scale, 0.0, c * start
    fixed = [round(value * 65536) for value in values]
    return b"para" + bytes(4) + struct.pack(">HH7i", 4, 0, *fixed)


def _is_black_compensated(source: ImageCms.ImageCmsProfile) -> bool:
    """Return whether lcms stretches the profile's black to black.

    It leaves alone a profile without a table of its own for the intent; so do we.
    """
    plain, compensated = (_read_black(source, flags) for flags in (ImageCms.Flags.NONE, _FLAGS))
    return compensated < plain


def _read_black(source: ImageCms.ImageCmsProfile, flags: ImageCms.Flags) -> int:
    grey = open_profile(grey_profile())
    transform = ImageCms.buildTransform(source, grey, "RGB", "L", _INTENT, flags)
    return int(np.asarray(transform.apply(Image.new("RGB", (1, 1)))).max())


def _compensate_black(encoded: Grid) -> Grid:
    """Stretch the light so that the first colour, black, becomes black, and white stays."""
    light = _decode(encoded)
    black = light[0, 0] @ _WIDE_LUMINANCE
    light = np.clip((light - black) / (1 - black), 0, 1)
    g, a, b, c, d = _SRGB_SHAPE
    root = (light ** (1 / g) - b) / a
    return np.asarray(np.where(light <= c * d, light / c, root), np.float32)


def _decode(encoded: Grid) -> Grid:
    g, a, b, c, d = _SRGB_SHAPE
    return np.where(encoded < d, c * encoded, (a * encoded + b) ** g).astype(np.float32)


def _grid_colors() -> PixelArray:
    """Return the grid's points as a uint8 picture."""
    steps = np.arange(0, 256, _GRID_STEP, dtype=np.uint8)
    points = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    return points.reshape(_GRID_SIDE, _GRID_SIDE**2, 3)


def _shape(picture: Grid) -> Grid:
    grid: Grid = picture.reshape(_GRID_SIDE, _GRID_SIDE, _GRID_SIDE, 3)
    return grid


def _split(pixels: PixelArray) -> list[slice]:
    rows = max(_STRIPE_PIXELS // pixels.shape[1], 1)
    return [slice(top, top + rows) for top in range(0, len(pixels), rows)]


def _interpolate(grid: Grid, values: PixelArray) -> npt.NDArray[np.float32]:
    """Return the grid's colours at uint16 ``[h, w, 3]`` values.

    Each cell is cut into the six tetrahedra along its diagonal from black to white, so that greys
    are made of greys alone; a colour lies between four corners, reached by the largest share
    first.
    """
    side = len(grid)
    place = values.astype(np.float32) * np.float32((side - 1) / _TOP_16)
    low = np.minimum(place.astype(np.int32), side - 2)
    r, g, b = np.moveaxis(place - low, -1, 0)
    first = low @ np.array((side * side, side, 1), np.int32)
    last = first + (side * side + side + 1)
    second = first + np.where((r >= g) & (r >= b), side * side, np.where(g >= b, side, 1))
    third = last - np.where((b <= r) & (b <= g), 1, np.where(g <= r, side, side * side))
    most, least = np.maximum(np.maximum(r, g), b), np.minimum(np.minimum(r, g), b)
    middle = r + g + b - most - least
    shares = 1 - most, most - middle, middle - least, least
    flat = grid.reshape(-1, 3)
    total = np.zeros(values.shape, np.float32)
    for corner, share in zip((first, second, third, last), shares, strict=True):
        total += share[..., np.newaxis] * flat[corner]
    return total
