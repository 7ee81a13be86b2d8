"""From a photo to the network's input: a letterbox, never a stretch."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from himapp.imaging.geometry import Placement, place_with_multiple
from himapp.imaging.photo import PixelArray

_MULTIPLE = 32
_PADDING = 114 / 255


@dataclass(frozen=True, slots=True)
class ModelInput:
    """A photo on the network's grid.

    Attributes:
        image: float32 ``[3, h, w]`` RGB in 0..1, sides divisible by 32, padded with grey.
        placement: where the photo lies in it.
    """

    image: npt.NDArray[np.float32]
    placement: Placement

    @property
    def content(self) -> npt.NDArray[np.float32]:
        """Return the photo without the padding, float32 ``[h, w, 3]``."""
        rows, columns = self.placement.content_slices
        return np.ascontiguousarray(self.image[:, rows, columns].transpose(1, 2, 0))


def prepare_input(pixels: PixelArray, side: int) -> ModelInput:
    """Bring a photo to the network's grid.

    Args:
        pixels: uint8 or uint16 ``[H, W, 3]`` RGB of any size.
        side: length of the photo's long side on the grid.
    """
    placement = place_with_multiple(pixels.shape[0], pixels.shape[1], side, _MULTIPLE)
    height, width = placement.content_height, placement.content_width
    method = cv2.INTER_AREA if max(height, width) < max(pixels.shape[:2]) else cv2.INTER_LINEAR
    small = cv2.resize(pixels, (width, height), interpolation=method)
    image = np.full((3, placement.model_height, placement.model_width), _PADDING, np.float32)
    rows, columns = placement.content_slices
    image[:, rows, columns] = small.transpose(2, 0, 1)
    image[:, rows, columns] /= np.iinfo(pixels.dtype).max
    return ModelInput(image, placement)
