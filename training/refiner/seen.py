"""Guidance as it will be: what the application makes of a composed picture, refiner aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from himapp.inference.devices import Prediction
from himapp.inference.edges import Guide, upsample_matte
from himapp.inference.postprocess import select_people
from himapp.inference.preprocess import ModelInput, prepare_input
from himapp.inference.session import ALPHA_ONE, CancelToken
from training.data.pixels import Random, Rgb, resize
from training.refiner.composer import Composed

_Floats = NDArray[np.float32]
_SIDES = (288, 352, 448, 576, 704, 704)
"""Longer sides of the network's input: at the smaller ones a picture is to it what a photo of many
megapixels is to the usual one."""

_SCORE_FLOOR = 0.2
_LEAST_OVERLAP = 0.6
_WRONG = 0.25
"""Guidance that differs more from the truth is a place to learn from."""

_WRONG_SHARE = 0.25


class MatteNetwork(Protocol):
    """What is asked of the network whose mattes are refined."""

    def predict(self, images: torch.Tensor, score_floor: float | None = None) -> Sequence[Any]:
        """Return predictions: score ``[K]``, box ``[K, 4]``, alpha ``[K, H, W]`` of each image."""
        ...


@dataclass(frozen=True, slots=True)
class SeenPicture:
    """A composed picture and what was made of it.

    Attributes:
        composed: Picture and truth.
        coarse: The person's matte at the picture's size, 0..1, ``[S, S]``.
    """

    composed: Composed
    coarse: _Floats

    def cut_patch(self, side: int, rng: Random) -> tuple[Rgb, _Floats, _Floats]:
        """Return picture, guidance and truth of a square somewhere at the edge."""
        size = self.coarse.shape[0]
        length = min(size, round(side / rng.uniform(0.75, 1.3)))
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
        turn = -1 if rng.random() < 0.5 else 1
        return (
            np.ascontiguousarray(picture[:, ::turn]),
            np.ascontiguousarray(coarse[:, ::turn]),
            np.ascontiguousarray(alpha[:, ::turn]),
        )

    def _place(self, rng: Random) -> tuple[int, int]:
        """Return a pixel where alpha is soft or the guidance wrong."""
        alpha, coarse = self.composed.alpha[::4, ::4], self.coarse[::4, ::4]
        is_soft = (alpha > 0.05) & (alpha < 0.95)
        is_wrong = np.abs(alpha - coarse) > _WRONG
        rows, columns = np.nonzero(is_wrong if rng.random() < _WRONG_SHARE else is_soft)
        if not len(rows):
            size = self.coarse.shape[0]
            return int(rng.integers(size)), int(rng.integers(size))
        chosen = int(rng.integers(len(rows)))
        return int(rows[chosen]) * 4, int(columns[chosen]) * 4


def look_at(composed: Composed, network: MatteNetwork, rng: Random) -> SeenPicture | None:
    """Let the network find the person at a random input side; None where it does not.

    The matte comes to the picture's size by guided up-sampling, as in the application.
    """
    model_input = prepare_input(composed.picture, int(rng.choice(_SIDES)))
    best = _find_person(model_input, composed.alpha, network)
    if best is None:
        return None
    guide = Guide.measure(composed.picture, model_input.content)
    cropped = upsample_matte(guide, best, CancelToken())
    if cropped is None:
        return None
    alpha, left, top = cropped
    coarse = np.zeros(composed.alpha.shape, np.float32)
    rows, columns = alpha.shape
    coarse[top : top + rows, left : left + columns] = alpha.astype(np.float32) / ALPHA_ONE
    return SeenPicture(composed, coarse)


def _find_person(model_input: ModelInput, truth: _Floats, network: MatteNetwork) -> _Floats | None:
    """Return the matte on the grid that agrees best with the truth; None where none does."""
    images = torch.from_numpy(model_input.image)[None]
    with torch.inference_mode():
        found = network.predict(images, _SCORE_FLOOR)[0]
    values = (value.float().cpu().numpy() for value in (found.score, found.box, found.alpha))
    prediction = Prediction(*values)
    people = select_people(prediction, model_input.placement, _SCORE_FLOOR)
    rows, columns = model_input.content.shape[:2]
    small = resize(truth, columns, rows, cv2.INTER_AREA)
    overlaps = [
        np.minimum(person.alpha, small).sum() / (np.maximum(person.alpha, small).sum() + 1)
        for person in people
    ]
    if not overlaps or max(overlaps) < _LEAST_OVERLAP:
        return None
    return people[int(np.argmax(overlaps))].alpha
