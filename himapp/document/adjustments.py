"""What a person's look can be changed by, and how it changes pixels."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from himapp.document.pixel_values import FloatImage

AdjustmentName = Literal["exposure_stops", "saturation", "blur_px"]

EXPOSURE_LIMIT = 5.0
BLUR_LIMIT_PX = 500.0

_REC709_LUMA = np.array([0.2126, 0.7152, 0.0722])
"""ITU-R BT.709: how bright red, green and blue look."""

_ENCODING_GAMMA = 2.2
"""A power of 2.2 is close to the curve of sRGB, Display P3 and Adobe RGB."""


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} must be in {low}..{high}, not {value}")


@dataclass(frozen=True, slots=True)
class Adjustments:
    """The edits of one person; the defaults change nothing.

    Attributes:
        exposure_stops: light in stops, -5..5; 1 doubles the light.
        saturation: -1 (grey) .. 1 (twice the distance from grey).
        blur_px: standard deviation of a Gaussian blur in photo pixels, 0..500.
    """

    exposure_stops: float = 0.0
    saturation: float = 0.0
    blur_px: float = 0.0

    def __post_init__(self) -> None:
        _check_range("exposure_stops", self.exposure_stops, -EXPOSURE_LIMIT, EXPOSURE_LIMIT)
        _check_range("saturation", self.saturation, -1.0, 1.0)
        _check_range("blur_px", self.blur_px, 0.0, BLUR_LIMIT_PX)

    @property
    def is_neutral(self) -> bool:
        """Whether these edits leave every picture as it is."""
        return not self.changes_tone and self.blur_px == 0

    @property
    def changes_tone(self) -> bool:
        """Whether a pixel's colour changes whatever stands around it."""
        return self.exposure_stops != 0 or self.saturation != 0


NEUTRAL = Adjustments()
"""The edits that change nothing."""


def adjust_tone(pixels: FloatImage, adjustments: Adjustments) -> FloatImage:
    """Apply exposure and saturation.

    Both are linear on encoded values, so they are one matrix: with light L = v^2.2, doubling L
    multiplies v by 2^(1/2.2) whatever v is.

    Args:
        pixels: float32 ``[h, w, 3]``, 0..1, encoded RGB; left as it is.
        adjustments: the edits; blur is no tone.

    Returns:
        float32 ``[h, w, 3]``, 0..1; ``pixels`` itself where nothing changes.
    """
    if not adjustments.changes_tone or pixels.size == 0:
        return pixels
    changed = cv2.transform(pixels, _tone_matrix(adjustments))
    return np.clip(changed, 0, 1, out=changed).astype(np.float32, copy=False)


def _tone_matrix(adjustments: Adjustments) -> FloatImage:
    gain = 2.0 ** (adjustments.exposure_stops / _ENCODING_GAMMA)
    keep = 1.0 + adjustments.saturation
    mixing = keep * np.eye(3) + (1.0 - keep) * np.ones((3, 1)) * _REC709_LUMA
    return np.asarray(gain * mixing, np.float32)
