"""Refine a matte at the photo's size: the refiner mends what guided up-sampling made of it.

Guided up-sampling finds the outline on the photo's own pixels, and draws its noise along with it;
of hair it knows what the network knew. The refiner, which was trained on mattes made so, looks at
each tile in which the matte is undecided, at the scale it was trained at: of a photo of many
megapixels it sees some pixels as one, and what it changes is brought back to the photo's size. So
the work is bounded, however large the photo.

Levels in between, each refined in turn, were worse (docs/experiments.md).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from himapp.imaging.photo import PixelArray
from himapp.inference.session import ALPHA_ONE, CancelToken
from himapp.inference.tiles import TileRefiner

_Alpha = npt.NDArray[np.uint16]

# About so many of the refiner's pixels for one of the network's grid, where the photo has more:
# hair then looks as it did in training. At 4 curls of 2,752 px got a grey haze.
_STEP = 2.0
# How far, in pixels of the network's grid, the edge may be from where the matte changes.
_REACH = 2.5
_LEAST_REACH_PX = 4
# A matte may grow to so many times its mean in a window of this side, less a share that is nothing.
_GROWTH = 4.0
_GROWTH_WINDOW_PX = 5
_NOTHING = 0.1
_STRIP_ROWS = 256


@dataclass(frozen=True, slots=True)
class MatteRefinement:
    """Refines mattes of one photo.

    Attributes:
        refiner: runs the network.
        pixels: uint8 or uint16 ``[H, W, 3]``.
        step: photo pixels for one of the network's grid, along a side.
    """

    refiner: TileRefiner
    pixels: PixelArray
    step: float

    def refine(self, alpha: _Alpha, left: int, top: int, cancel: CancelToken) -> None:
        """Refine a person's matte in place.

        Args:
            alpha: uint16 ``[h, w]``, cropped.
            left: the crop's first column in the photo.
            top: its first row.
            cancel: looked at between batches of tiles.

        Raises:
            Cancelled: the token was cancelled; the matte is then refined in part.
        """
        height, width = alpha.shape
        part = self.pixels[top : top + height, left : left + width]
        shrink = max(1, round(self.step / _STEP))
        if shrink == 1:
            self._run(part, alpha, self.step, cancel)
            return
        size = (max(1, width // shrink), max(1, height // shrink))
        before = _resize(alpha, size, cv2.INTER_AREA)
        after = before.copy()
        self._run(_resize(part, size, cv2.INTER_AREA), after, self.step / shrink, cancel)
        _add_change(alpha, before, after)

    def _run(self, part: PixelArray, alpha: _Alpha, step: float, cancel: CancelToken) -> None:
        most = limit_growth(alpha)
        self.refiner.refine(part, alpha, max(_LEAST_REACH_PX, round(_REACH * step)), cancel)
        np.minimum(alpha, most, out=alpha)


def limit_growth(alpha: _Alpha) -> _Alpha:
    """Return what a matte may become at most: no more than it is where it says nothing around.

    Next to shoes in grass every blade looks like a strand of hair.

    Args:
        alpha: uint16 ``[h, w]``, before it is refined.
    """
    around = cv2.blur(alpha, (_GROWTH_WINDOW_PX, _GROWTH_WINDOW_PX))
    most = cv2.addWeighted(around, _GROWTH, around, 0, -_NOTHING * ALPHA_ONE)
    return np.asarray(np.maximum(most, alpha), np.uint16)


def _add_change(alpha: _Alpha, before: _Alpha, after: _Alpha) -> None:
    """Add to a matte, in place, what was changed on a smaller copy of it."""
    change = after.astype(np.float32)
    change -= before
    for rows, enlarged in _enlarge_in_strips(change, alpha.shape):
        strip = alpha[rows]
        if enlarged.any():
            strip[...] = np.clip(strip + enlarged + 0.5, 0, ALPHA_ONE)


def _enlarge_in_strips(
    small: npt.NDArray[np.float32], shape: tuple[int, ...]
) -> Iterator[tuple[slice, npt.NDArray[np.float32]]]:
    """Give rows of a plane enlarged linearly, strip by strip, so that little memory is held."""
    height, width = shape[:2]
    scale = height / small.shape[0]
    columns = np.clip((np.arange(width) + 0.5) * small.shape[1] / width - 0.5, 0, None)
    for first in range(0, height, _STRIP_ROWS):
        rows = slice(first, min(first + _STRIP_ROWS, height))
        lowest = max(0, int(first / scale) - 2)
        part = small[lowest : int(rows.stop / scale) + 3]
        down = np.clip((np.arange(first, rows.stop) + 0.5) / scale - 0.5, 0, None) - lowest
        across, along = np.meshgrid(columns.astype(np.float32), down.astype(np.float32))
        enlarged = cv2.remap(part, across, along, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        yield rows, np.asarray(enlarged, np.float32)


def _resize(plane: npt.NDArray[Any], size: tuple[int, int], method: int) -> npt.NDArray[Any]:
    return np.asarray(cv2.resize(plane, size, interpolation=method), plane.dtype)
