"""The arrays that rendering works on, and the few steps every picture goes through.

Weighing is here, and in OpenCV, because a slider moves as fast as it is.
"""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

FloatImage = npt.NDArray[np.float32]
"""Float32 ``[h, w]`` or ``[h, w, 3]``, 0..1, in the photo's encoded colour space."""

Array = npt.NDArray[Any]
"""An array of code values: uint8 or uint16."""


def weigh(colours: FloatImage, weights: FloatImage) -> FloatImage:
    """Return ``[h, w, 3]`` colours times ``[h, w]`` weights, three times as fast as numpy does."""
    return np.asarray(cv2.multiply(colours, cv2.merge([weights] * 3)), np.float32)


def unweigh(colours: FloatImage, weights: FloatImage) -> FloatImage:
    """Return ``[h, w, 3]`` colours divided by ``[h, w]`` weights; about 0 where the weight is 0."""
    shares = np.reciprocal(np.maximum(weights, np.float32(1e-6)), dtype=np.float32)
    return weigh(colours, shares)
