"""The opened photo as a value."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

PixelArray = npt.NDArray[np.uint8 | np.uint16]
PhotoFormat = Literal["JPEG", "PNG", "TIFF", "WebP", "BMP", "GIF", "PSD", "RAW", "HEIC", "AVIF"]


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """Hold an upright RGB photo and what its file said about it.

    Attributes:
        pixels: ``[H, W, 3]`` uint8 or uint16, RGB, contiguous and read-only.
        icc: The RGB colour profile the pixels are in; None means sRGB.
        exif: The EXIF block (a TIFF structure, no ``Exif`` lead) for later export,
            its orientation already set to 1; None when the file has none.
        path: The source file; None for pixels that come from elsewhere (clipboard).
        format: The file format, found from the content.
        source_mode: Pillow's name of the file's own colour mode (``"RGB"``, ``"CMYK"``, …), so
            that a document can say that its colours were converted.
        xmp: The XMP packet (XML) for later export; None when the file has none.
        iptc: The IPTC-IIM records (each from ``0x1C`` on) for later export, without the
            Photoshop resource around them; None when the file has none.
        dpi: Pixels per inch that the file asks for in print; None when it does not say.
        captured: EXIF's DateTimeOriginal, ``YYYY:MM:DD HH:MM:SS``; None when the file has none
            that reads like a date.
        is_grey: Whether the file was grey: its own numbers stand in all three channels alike,
            described by :attr:`grey_icc`, and :attr:`icc` is None.
        grey_icc: The grey profile of a grey photo; None for sRGB's tone curve, and for a photo
            with colour.
    """

    pixels: PixelArray
    icc: bytes | None = None
    exif: bytes | None = None
    path: Path | None = None
    format: PhotoFormat = "PNG"
    source_mode: str = "RGB"
    xmp: bytes | None = None
    iptc: bytes | None = None
    dpi: float | None = None
    captured: str | None = None
    is_grey: bool = False
    grey_icc: bytes | None = None

    def __post_init__(self) -> None:
        """Check the pixels and freeze them.

        Raises:
            ValueError: The pixels are not a non-empty ``[H, W, 3]`` array of uint8 or uint16.
        """
        pixels = self.pixels
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
            raise ValueError(f"a photo needs [H, W, 3] pixels, not {pixels.shape}")
        if pixels.dtype not in (np.uint8, np.uint16):
            raise ValueError(f"a photo needs uint8 or uint16 pixels, not {pixels.dtype}")
        frozen = np.ascontiguousarray(pixels).view()
        frozen.flags.writeable = False
        object.__setattr__(self, "pixels", frozen)

    @property
    def height(self) -> int:
        """Return the height in pixels."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Return the width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def bit_depth(self) -> Literal[8, 16]:
        """Return the bits per channel."""
        return 8 if self.pixels.dtype == np.uint8 else 16
