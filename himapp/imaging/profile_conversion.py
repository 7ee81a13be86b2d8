"""From one RGB colour profile to another, and what a profile is called."""

import io

import numpy as np
from PIL import Image, ImageCms

from himapp.imaging.photo import PixelArray


def convert_pixels(pixels: PixelArray, source: bytes | None, target: bytes | None) -> PixelArray:
    """Bring RGB pixels from one profile to another.

    Args:
        pixels: uint8 or uint16 ``[H, W, 3]``.
        source: the profile they are in; None means sRGB.
        target: the profile wanted; None means sRGB.

    Returns:
        ``pixels`` itself if the profiles are the same or one is damaged; else uint8, which is all
        that the colour engine can convert.
    """
    if source == target:
        return pixels
    deep = pixels.dtype == np.uint16
    image = Image.fromarray((pixels >> 8).astype(np.uint8) if deep else np.asarray(pixels))
    try:
        converted = ImageCms.profileToProfile(image, _open(source), _open(target))
    except (ImageCms.PyCMSError, OSError):
        return pixels
    return pixels if converted is None else np.array(converted)


def name_profile(icc: bytes | None) -> str:
    """Return what a profile calls itself; no profile means sRGB."""
    if icc is None:
        return "sRGB"
    try:
        return ImageCms.getProfileDescription(_open(icc)).strip() or "own profile"
    except (ImageCms.PyCMSError, OSError):
        return "own profile"


def _open(icc: bytes | None) -> ImageCms.ImageCmsProfile:
    if icc is None:
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    return ImageCms.ImageCmsProfile(io.BytesIO(icc))


def grey_to_rgb(pixels: PixelArray, grey_icc: bytes | None) -> PixelArray:
    """Return grey pixels as sRGB ones of the same depth."""
    del grey_icc
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., np.newaxis], 3, axis=2)
