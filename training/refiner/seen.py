"""Guidance as it will be: the network's own matte of a composed picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from training.data.pixels import Random, Rgb, resize
from training.refiner.composer import Composed

_Floats = NDArray[np.float32]
_SIDES = (256, 320, 384, 448, 576)
_SCORE_FLOOR = 0.2
_LEAST_OVERLAP = 0.6
_WRONG = 0.25
"""Guidance that differs more from the truth is a place to learn from."""


class MatteNetwork(Protocol):
    """What is asked of the network whose mattes are refined."""

    def predict(self, images: torch.Tensor, score_floor: float | None = None) -> Sequence[Any]:
        """Return predictions with ``alpha [K, H, W]`` for float32 ``[B, 3, H, W]`` in 0..1."""
        ...


@dataclass(frozen=True, slots=True)
class SeenPicture:
    """A composed picture and what the network made of it.

    Attributes:
        composed: Picture and truth.
        coarse: The network's matte of the person at the picture's size, 0..1, ``[S, S]``.
    """

    composed: Composed
    coarse: _Floats

    def cut_patch(self, side: int, rng: Random) -> tuple[Rgb, _Floats, _Floats]:
        """Return picture, guidance and truth of a square somewhere at the edge."""
        size = self.coarse.shape[0]
        length = min(size, round(side / rng.uniform(0.6, 1.6)))
        y, x = self._place(rng)
        top, left = (
            int(np.clip(centre - length // 2 + rng.integers(-32, 33), 0, size - length))
            for centre in (y, x)
        )
        part = slice(top, top + length), slice(left, left + length)
        method = cv2.INTER_AREA if length > side else cv2.INTER_LINEAR
        picture = resize(np.ascontiguousarray(self.composed.picture[part]), side, side, method)
        coarse, alpha = (
            resize(np.ascontiguousarray(plane[part]), side, side, method)
            for plane in (self.coarse, self.composed.alpha)
        )
        return picture, coarse, alpha

    def _place(self, rng: Random) -> tuple[int, int]:
        """Return a pixel where alpha is soft or the guidance wrong."""
        alpha, coarse = self.composed.alpha[::4, ::4], self.coarse[::4, ::4]
        is_soft = (alpha > 0.05) & (alpha < 0.95)
        is_wrong = np.abs(alpha - coarse) > _WRONG
        rows, columns = np.nonzero(is_soft if rng.random() < 0.6 else is_wrong)
        if not len(rows):
            size = self.coarse.shape[0]
            return int(rng.integers(size)), int(rng.integers(size))
        chosen = int(rng.integers(len(rows)))
        return int(rows[chosen]) * 4, int(columns[chosen]) * 4


def look_at(composed: Composed, network: MatteNetwork, rng: Random) -> SeenPicture | None:
    """Let the network find the person at a random input side; None where it does not."""
    size, side = composed.alpha.shape[0], int(rng.choice(_SIDES))
    small = resize(composed.picture, side, side, cv2.INTER_AREA)
    images = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        mattes = network.predict(images, _SCORE_FLOOR)[0].alpha.float().cpu().numpy()
    truth = resize(composed.alpha, side, side, cv2.INTER_AREA)
    overlaps = [np.minimum(m, truth).sum() / (np.maximum(m, truth).sum() + 1) for m in mattes]
    if not overlaps or max(overlaps) < _LEAST_OVERLAP:
        return None
    best = np.ascontiguousarray(mattes[int(np.argmax(overlaps))], np.float32)
    return SeenPicture(composed, resize(best, size, size, cv2.INTER_LINEAR))
