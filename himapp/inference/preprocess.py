"""From a photo to the network's input: a letterbox, never a stretch."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

_MULTIPLE = 32
_PADDING = 114 / 255


@dataclass(frozen=True, slots=True)
class ModelInput:
    """A photo on the network's grid.

    Attributes:
        image: float32 ``[3, h, w]`` RGB in 0..1, sides divisible by 32, padded with grey.
        height: rows that the photo covers, from the top.
        width: columns that the photo covers, from the left.
    """

    image: npt.NDArray[np.float32]
    height: int
    width: int

    @property
    def content(self) -> npt.NDArray[np.float32]:
        """Return the photo without the padding, float32 ``[height, width, 3]``."""
        return np.ascontiguousarray(self.image[:, : self.height, : self.width].transpose(1, 2, 0))


def prepare_input(pixels: npt.NDArray[Any], side: int) -> ModelInput:
    """Bring a photo to the network's grid.

    Args:
        pixels: uint8 or uint16 ``[H, W, 3]`` RGB of any size.
        side: length of the photo's long side on the grid.
    """
    height, width = fit_inside(pixels.shape[0], pixels.shape[1], side)
    method = cv2.INTER_AREA if height < pixels.shape[0] else cv2.INTER_LINEAR
    small = cv2.resize(pixels, (width, height), interpolation=method)
    shape = (3, _round_up(height), _round_up(width))
    image = np.full(shape, _PADDING, np.float32)
    image[:, :height, :width] = small.transpose(2, 0, 1)
    image[:, :height, :width] /= np.iinfo(pixels.dtype).max
    return ModelInput(image, height, width)


def fit_inside(height: int, width: int, side: int) -> tuple[int, int]:
    """Return height and width, at least 1, of which the longer is ``side``."""
    scale = side / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def _round_up(length: int) -> int:
    return -(-length // _MULTIPLE) * _MULTIPLE
