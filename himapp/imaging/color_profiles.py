"""Colour profiles: which fit an RGB picture, and the way from other colour models to sRGB."""

import io
from functools import cache
from typing import Final, Literal

from PIL import Image, ImageCms

ColorModel = Literal["RGB", "GRAY", "CMYK", "Lab"]
_MODELS: Final[dict[bytes, ColorModel]] = {
    b"RGB ": "RGB",
    b"GRAY": "GRAY",
    b"CMYK": "CMYK",
    b"Lab ": "Lab",
}
_HEADER_BYTES: Final = 128


def color_model(icc: bytes | None) -> ColorModel | None:
    """Return the colour model a profile describes; None for no, damaged or other profiles.

    Reference:
        ICC.1:2022, 7.2: data colour space at bytes 16-19, signature ``acsp`` at 36-39.
    """
    if icc is None or len(icc) < _HEADER_BYTES or icc[36:40] != b"acsp":
        return None
    return _MODELS.get(icc[16:20])


def convert_to_srgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    """Convert an 8-bit grey, CMYK or Lab picture to sRGB.

    The embedded profile is used when it is whole and fits; otherwise CMYK gets Pillow's plain
    formula, grey is taken as sRGB grey, and Lab is taken as CIE L*a*b* at D50.

    Args:
        image: Mode ``L``, ``CMYK`` or ``LAB``.
        icc: The file's profile, of any model.

    Returns:
        Mode ``RGB``.
    """
    try:
        source = _source_profile(image.mode, icc)
        if source is not None:
            converted = ImageCms.profileToProfile(image, source, _srgb(), outputMode="RGB")
            if converted is not None:
                return converted
    except (ImageCms.PyCMSError, OSError):
        pass  # a damaged profile must not cost the photo
    return image.convert("RGB")


def _source_profile(mode: str, icc: bytes | None) -> ImageCms.ImageCmsProfile | None:
    """Return the profile the picture's numbers are in, None when there is none to use."""
    wanted = {"L": "GRAY", "CMYK": "CMYK", "LAB": "Lab"}[mode]
    if icc is not None and color_model(icc) == wanted:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc))
    if mode == "LAB":
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    return None


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    """Return the sRGB profile of the colour engine."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
