"""From a file's colour model to what a photo holds: RGB or grey, with the profile that fits."""

import io
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from himapp.imaging.bit_depth import to_uint8
from himapp.imaging.color_profiles import ColorModel, color_model
from himapp.imaging.photo import PixelArray
from himapp.imaging.profile_conversion import convert_pixels
from himapp.imaging.readers.damage import DECODING_ERRORS
from himapp.imaging.readers.decoded import DecodedFile
from himapp.imaging.working_spaces import profile_of

_Space = Literal["srgb", "display-p3"]
_Floats = npt.NDArray[np.float32]

WIDE_SHARE: Final = 0.005
"""Share of pixels outside sRGB from which on Display P3 is used: a few odd pixels may be clipped,
a flower may not."""

_OUTSIDE: Final = 0.01
"""How far beyond 0..1 linear light counts; rounding to 8 bit makes a little less than that."""

_PROBE_SIDE: Final = 1000
_ROWS_AT_ONCE: Final = 256
_MODES: Final[dict[ColorModel, str]] = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK", "Lab": "LAB"}


def _invert(columns: list[list[float]]) -> npt.NDArray[np.float64]:
    return np.asarray(np.linalg.inv(columns), np.float64)


# XYZ under D50 to linear light (the inverse of the profiles' red, green and blue columns).
_FROM_XYZ: Final[dict[_Space, npt.NDArray[np.float64]]] = {
    "srgb": _invert(
        [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
    ),
    "display-p3": _invert(
        [[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]]
    ),
}
_P3_TO_SRGB: Final = (_FROM_XYZ["srgb"] @ np.linalg.inv(_FROM_XYZ["display-p3"])).astype(np.float32)
_D50: Final = np.array([0.96422, 1.0, 0.82521], np.float32)
_LAB_KNEE: Final = 6 / 29


@dataclass(frozen=True, slots=True, eq=False)
class PhotoColors:
    """Hold pixels as a photo has them, not yet turned upright.

    Attributes:
        pixels: ``[H, W, 3]`` uint8 or uint16.
        icc: their RGB profile; None for sRGB, and for grey.
        is_grey: whether the three channels are one and the same.
        grey_icc: the grey profile of a grey photo.
    """

    pixels: PixelArray
    icc: bytes | None
    is_grey: bool = False
    grey_icc: bytes | None = None


def make_rgb(decoded: DecodedFile) -> PhotoColors:
    """Bring a decoded file's colours to a photo's: transparency over white, CMYK and Lab to RGB.

    Grey and RGB keep their numbers and the profile that describes them, if it is whole. CMYK and
    Lab go to sRGB, or to Display P3 where more than :data:`WIDE_SHARE` of the pixels lie outside
    sRGB; CMYK with a profile comes out at 8 bit, which is all that the colour engine converts.
    """
    icc = decoded.icc if is_whole_profile(decoded.icc, decoded.model) else None
    if decoded.model == "GRAY":
        grey = lay_over_white(decoded.samples, decoded)
        return PhotoColors(np.repeat(grey[:, :, np.newaxis], 3, axis=2), None, True, icc)
    if decoded.model == "RGB":
        return PhotoColors(lay_over_white(decoded.samples, decoded), icc)
    convert = _convert_lab if decoded.model == "Lab" else partial(_convert_cmyk, icc)
    space = _needed_space(convert(_probe(decoded.samples), "display-p3"))
    pixels = convert(decoded.samples, space)
    return PhotoColors(
        lay_over_white(pixels, decoded), None if space == "srgb" else profile_of(space)
    )


def choose_space(pixels: PixelArray, wide: bytes) -> tuple[PixelArray, bytes | None]:
    """Bring Display P3 pixels to sRGB if that holds them.

    Args:
        pixels: uint8 or uint16 ``[H, W, 3]`` in Display P3.
        wide: the profile of Display P3.

    Returns:
        The pixels, and their profile (None: sRGB).
    """
    if _needed_space(_probe(pixels)) == "display-p3":
        return pixels, wide
    return convert_pixels(pixels, wide, None), None


def lay_over_white(samples: PixelArray, decoded: DecodedFile) -> PixelArray:
    """Lay grey or RGB samples over white by the file's alpha, rounded once.

    Args:
        samples: ``[H, W]`` or ``[H, W, 3]``; converted ones may have another depth than alpha.
        decoded: the file, for its alpha.
    """
    alpha = decoded.alpha
    if alpha is None or (alpha == np.iinfo(alpha.dtype).max).all():
        return np.ascontiguousarray(samples)
    if samples.dtype != alpha.dtype:
        alpha = to_uint8(alpha)
    flat: PixelArray = np.empty_like(samples, order="C")
    for top in range(0, len(samples), _ROWS_AT_ONCE):
        rows = slice(top, top + _ROWS_AT_ONCE)
        flat[rows] = _lay_rows(samples[rows], alpha[rows], is_associated=decoded.is_associated)
    return flat


@lru_cache(maxsize=16)
def is_whole_profile(icc: bytes | None, model: ColorModel) -> bool:
    """Return whether a profile describes a colour model and the colour engine can use it."""
    if icc is None or color_model(icc) != model:
        return False
    try:
        _transform(icc, model, "srgb")
    except (*DECODING_ERRORS, ImageCms.PyCMSError):
        return False
    return True


def _lay_rows(samples: PixelArray, alpha: PixelArray, *, is_associated: bool) -> PixelArray:
    white = np.uint32(np.iinfo(samples.dtype).max)
    cover = alpha.astype(np.uint32)
    if samples.ndim == 3:
        cover = cover[:, :, np.newaxis]
    color = samples.astype(np.uint32)
    scaled = color * white if is_associated else color * cover
    # For 16 bit the largest sum, 65535 * 65535 + 32767, just fits in 32 bits.
    flat = (np.minimum(scaled, cover * white) + white * (white - cover) + white // 2) // white
    laid: PixelArray = flat.astype(samples.dtype)
    return laid


def _probe(samples: PixelArray) -> PixelArray:
    """Return every so many rows and columns, about a megapixel, to look at colours."""
    step = max(1, max(samples.shape[:2]) // _PROBE_SIDE)
    return np.ascontiguousarray(samples[step // 2 :: step, step // 2 :: step])


def _needed_space(pixels: PixelArray) -> _Space:
    """Return the space that holds Display P3 pixels, all but a few."""
    if pixels.size == 0:
        return "srgb"
    values = pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    srgb = light.astype(np.float32) @ _P3_TO_SRGB.T
    outside = ((srgb < -_OUTSIDE) | (srgb > 1 + _OUTSIDE)).any(axis=2)
    return "display-p3" if outside.mean() > WIDE_SHARE else "srgb"


def _convert_cmyk(icc: bytes | None, samples: PixelArray, space: _Space) -> PixelArray:
    """Convert CMYK ``[H, W, 4]``: by its profile, at 8 bit, else by the plain formula."""
    if icc is None:
        plain = _convert_plain_cmyk(samples)
        return plain if space == "srgb" else convert_pixels(plain, None, profile_of(space))
    converted = ImageCms.applyTransform(
        Image.fromarray(to_uint8(samples), "CMYK"), _transform(icc, "CMYK", space)
    )
    if converted is None:
        raise ValueError("the colour engine returned nothing")
    return np.asarray(converted)


def _convert_plain_cmyk(samples: PixelArray) -> PixelArray:
    """Let each ink take its share of the light: RGB = (1 - CMY) (1 - K)."""
    paper = np.uint32(np.iinfo(samples.dtype).max)
    plain: PixelArray = np.empty((*samples.shape[:2], 3), samples.dtype)
    for top in range(0, len(samples), _ROWS_AT_ONCE):
        light = paper - samples[top : top + _ROWS_AT_ONCE].astype(np.uint32)
        rows = (light[:, :, :3] * light[:, :, 3:] + paper // 2) // paper
        plain[top : top + _ROWS_AT_ONCE] = rows.astype(samples.dtype)
    return plain


def _convert_lab(samples: PixelArray, space: _Space) -> PixelArray:
    """Convert Lab ``[H, W, 3]``: CIE L*a*b* at D50, which is all that a Lab profile can say."""
    converted: PixelArray = np.empty_like(samples, order="C")
    for top in range(0, len(samples), _ROWS_AT_ONCE):
        rows = samples[top : top + _ROWS_AT_ONCE]
        light = _lab_to_xyz(rows) @ _FROM_XYZ[space].T.astype(np.float32)
        np.clip(light, 0, 1, out=light)
        encoded = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
        whole = np.rint(encoded * np.iinfo(samples.dtype).max)
        converted[top : top + _ROWS_AT_ONCE] = whole.astype(samples.dtype)
    return converted


def _lab_to_xyz(samples: PixelArray) -> _Floats:
    """Return XYZ under D50, white at Y = 1 (CIE 15:2004, 8.2.1, inverted)."""
    is_deep = samples.dtype == np.uint16
    lightness = samples[:, :, 0] * np.float32(100 / np.iinfo(samples.dtype).max)
    chroma = samples[:, :, 1:].astype(np.float32) - np.float32(32768 if is_deep else 128)
    if is_deep:
        chroma /= 256
    level = (lightness + 16) / 116
    steps = np.stack([level + chroma[:, :, 0] / 500, level, level - chroma[:, :, 1] / 200], axis=2)
    xyz = np.where(steps > _LAB_KNEE, steps**3, 3 * _LAB_KNEE**2 * (steps - 4 / 29))
    return np.asarray(xyz * _D50, np.float32)


def _transform(icc: bytes, model: ColorModel, space: _Space) -> ImageCms.ImageCmsTransform:
    """Return the way to a space: relative colorimetric, black to black, as printers expect."""
    return ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(icc)),
        _open_space(space),
        _MODES[model],
        "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


@cache
def _open_space(space: _Space) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(profile_of(space)))
