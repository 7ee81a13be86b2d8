"""What stands behind the people."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Fit = Literal["fill", "fit", "stretch"]
"""Cover the frame and lose what hangs over; show the whole image with bars; pull to the frame."""


@dataclass(frozen=True, slots=True)
class PhotoBackground:
    """The photo itself: people stay in it and are edited through their mattes."""


@dataclass(frozen=True, slots=True)
class TransparentBackground:
    """Nothing: the people alone."""


@dataclass(frozen=True, slots=True)
class ColourBackground:
    """One colour.

    Attributes:
        rgb: red, green, blue, 0..255, in the photo's own colour space.
    """

    rgb: tuple[int, int, int]

    def __post_init__(self) -> None:
        if not all(0 <= value <= 255 for value in self.rgb):
            raise ValueError(f"rgb must be three values of 0..255, not {self.rgb}")


@dataclass(frozen=True, slots=True, eq=False)
class ImageBackground:
    """Another picture; two are equal if they show the same pixel array in the same way.

    Attributes:
        pixels: uint8 or uint16 ``[h, w, 3]`` in the photo's colour space; made read-only.
        fit: how the image fills the frame; the bars of ``"fit"`` are transparent.
        position: which part is seen, from ``(0, 0)`` (left, top) to ``(1, 1)`` (right, bottom).
        path: where the image came from, if from a file.
    """

    pixels: npt.NDArray[Any]
    fit: Fit = "fill"
    position: tuple[float, float] = (0.5, 0.5)
    path: str | None = None

    def __post_init__(self) -> None:
        shape, dtype = self.pixels.shape, self.pixels.dtype
        if len(shape) != 3 or shape[2] != 3 or 0 in shape or dtype not in (np.uint8, np.uint16):
            raise ValueError(f"pixels must be uint8 or uint16 [h, w, 3], not {dtype} {shape}")
        if not all(0.0 <= share <= 1.0 for share in self.position):
            raise ValueError(f"position must be in 0..1, not {self.position}")
        self.pixels.setflags(write=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ImageBackground):
            return NotImplemented
        return self.pixels is other.pixels and self._place() == other._place()

    def __hash__(self) -> int:
        return hash((id(self.pixels), self._place()))

    def _place(self) -> tuple[Fit, tuple[float, float], str | None]:
        return self.fit, self.position, self.path


@dataclass(frozen=True, slots=True)
class BlurBackground:
    """The photo blurred, without the people in it.

    Attributes:
        radius_px: standard deviation of the Gaussian in photo pixels, above 0 up to 500.
    """

    radius_px: float = 20.0

    def __post_init__(self) -> None:
        if not 0.0 < self.radius_px <= 500.0:
            raise ValueError(f"radius_px must be above 0 and at most 500, not {self.radius_px}")


PHOTO_BACKGROUND = PhotoBackground()
"""The background of a document nobody has edited."""

Background = (
    PhotoBackground | TransparentBackground | ColourBackground | ImageBackground | BlurBackground
)
