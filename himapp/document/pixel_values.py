"""The arrays that rendering works on, and the few steps every picture goes through.

Rounding and weighing are here, and in OpenCV, because a slider moves as fast as they are: the
general ``himapp.imaging.bit_depth.from_float`` takes five times as long.
"""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

FloatImage = npt.NDArray[np.float32]
"""Float32 ``[h, w]`` or ``[h, w, 3]``, 0..1, in the photo's encoded colour space."""

Array = npt.NDArray[Any]
"""An array of code values: uint8 or uint16."""


def to_code_values(values: FloatImage, dtype: np.dtype[Any]) -> Array:
    """Round float32 0..1 once to uint8 or uint16; what lies outside is limited.

    Args:
        values: ``[h, w]`` or ``[h, w, c]``.
        dtype: uint8 or uint16.
    """
    if dtype == np.uint8 and values.size:
        return np.asarray(cv2.convertScaleAbs(np.maximum(values, 0), alpha=255))
    highest = np.float32(np.iinfo(dtype).max)
    return np.asarray(np.rint(np.clip(values, 0, 1) * highest).astype(dtype))


def weigh(colours: FloatImage, weights: FloatImage) -> FloatImage:
    """Return ``[h, w, 3]`` colours times ``[h, w]`` weights, three times as fast as numpy does."""
    return np.asarray(cv2.multiply(colours, cv2.merge([weights] * 3)), np.float32)


def unweigh(colours: FloatImage, weights: FloatImage) -> FloatImage:
    """Return ``[h, w, 3]`` colours divided by ``[h, w]`` weights; about 0 where the weight is 0."""
    shares = np.reciprocal(np.maximum(weights, np.float32(1e-6)), dtype=np.float32)
    return weigh(colours, shares)
