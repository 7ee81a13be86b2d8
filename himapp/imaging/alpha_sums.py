"""What neighbours leave of a pixel: the mattes of a photo sum to at most one."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Alpha = npt.NDArray[np.uint16]
CroppedAlpha = tuple[Alpha, int, int]
"""Alpha uint16 ``[h, w]``, 65535 = fully; the column and the row of its first photo pixel."""

_FULL = 65535


def limit_to_free(alpha: Alpha, left: int, top: int, others: Iterable[CroppedAlpha]) -> Alpha:
    """Return a crop of a matte, taking at each pixel at most what the others leave.

    Args:
        alpha: uint16 ``[h, w]``; only read.
        left: column of the crop's first pixel in the photo.
        top: row of the crop's first pixel in the photo.
        others: everybody else's crops, which keep what they have.
    """
    taken = np.zeros(alpha.shape, np.uint32)
    for other, other_left, other_top in others:
        x0, y0 = max(left, other_left), max(top, other_top)
        x1 = min(left + alpha.shape[1], other_left + other.shape[1])
        y1 = min(top + alpha.shape[0], other_top + other.shape[0])
        if x0 < x1 and y0 < y1:
            part = other[y0 - other_top : y1 - other_top, x0 - other_left : x1 - other_left]
            taken[y0 - top : y1 - top, x0 - left : x1 - left] += part
    free = (_FULL - np.minimum(taken, _FULL)).astype(np.uint16)
    return np.minimum(alpha, free)
