"""What a picture file says besides its pixels, and which arrays can become a file."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np

from himapp.imaging.color_profiles import color_model
from himapp.imaging.photo import PixelArray

_CHANNELS: Final = {1: "grey", 2: "grey and alpha", 3: "RGB", 4: "RGBA"}
_MOST_DPI: Final = 65_535
"""JPEG and PSD hold no more."""


@dataclass(frozen=True, slots=True)
class FileTags:
    """What stands in a picture file besides the pixels; None is left out.

    Attributes:
        icc: The profile the colours are in; without one they mean sRGB.
        exif: An EXIF block (a TIFF structure) without its ``Exif`` lead.
        xmp: An XMP packet, UTF-8.
        dpi: Pixels per inch in print, 1 to 65,535.
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: float | None = None

    def __post_init__(self) -> None:
        if self.dpi is not None and not 1 <= self.dpi <= _MOST_DPI:
            raise ValueError(f"dpi must be 1 to 65,535, not {self.dpi}")


NO_TAGS: Final = FileTags()


def count_channels(pixels: PixelArray) -> int:
    """Return 1 for ``[H, W]``, else the length of the last axis."""
    return 1 if pixels.ndim == 2 else int(pixels.shape[-1])


def check_picture(
    pixels: PixelArray, icc: bytes | None, channels: Collection[int] = (1, 2, 3, 4)
) -> None:
    """Refuse what is no picture, and a profile of another colour model.

    Args:
        pixels: uint8 or uint16 ``[H, W]``, ``[H, W, 2]``, ``[H, W, 3]`` or ``[H, W, 4]``.
        icc: The profile.
        channels: Which of these the file can hold.

    Raises:
        ValueError: The caller's mistake.
    """
    if pixels.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"pixels must be uint8 or uint16, not {pixels.dtype}")
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        raise ValueError("grey pixels are [H, W], without a channel axis")
    if pixels.ndim not in (2, 3) or pixels.size == 0 or count_channels(pixels) not in _CHANNELS:
        raise ValueError(f"cannot write an array of shape {pixels.shape} as a picture")
    kind = _CHANNELS[count_channels(pixels)]
    if count_channels(pixels) not in channels:
        raise ValueError(f"this kind of file cannot hold {kind} pixels")
    wanted = "GRAY" if count_channels(pixels) < 3 else "RGB"
    if icc is not None and color_model(icc) != wanted:
        raise ValueError(f"the profile does not describe {kind} pixels")
