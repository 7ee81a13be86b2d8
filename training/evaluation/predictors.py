"""Turn a photo into people with a network: letterbox, predict, back to the photo's size."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from himapp.imaging.geometry import Placement, place_with_multiple
from training.metrics.arrays import Matte

Person: TypeAlias = tuple[Matte, float]
"""A matte of the photo's size [H, W] in 0..1, and its score in 0..1."""

PredictPeople: TypeAlias = Callable[[NDArray[np.uint8]], list[Person]]
"""Find the people of a photo, uint8 [H, W, 3] RGB. Networks and the baseline both look so."""

SCORE_FLOOR = 0.05
"""Predictions are collected from this score on, so that thresholds can be compared afterwards."""

LEAST_AREA_PX = 30
"""People with fewer pixels of alpha > .5 are dropped."""

SIDE_MULTIPLE = 32
PADDING_GREY = 114 / 255


class Prediction(Protocol):
    """Describe what a network finds in one picture, best first."""

    @property
    def score(self) -> torch.Tensor:
        """Scores [K] in 0..1."""

    @property
    def alpha(self) -> torch.Tensor:
        """Mattes float32 [K, H, W] in 0..1 of the picture that went in."""


class Network(Protocol):
    """Describe the one method of a network that is needed here."""

    def predict(
        self, images: torch.Tensor, score_floor: float | None = None
    ) -> Sequence[Prediction]:
        """Find people in float32 [B, 3, H, W] RGB in 0..1, H and W divisible by 32."""


def network_predictor(
    network: Network, side: int, score_floor: float = SCORE_FLOOR
) -> PredictPeople:
    """Make a predictor of a network.

    Args:
        network: the network, on its device.
        side: the longer side of the picture that goes in, in pixels.
        score_floor: the lowest score that is returned.
    """

    def predict_people(photo: NDArray[np.uint8]) -> list[Person]:
        image, placement = letterbox(photo, side)
        with torch.inference_mode():
            prediction = network.predict(image, score_floor)[0]
        return people_of(prediction, placement)

    return predict_people


def letterbox(photo: NDArray[np.uint8], side: int) -> tuple[torch.Tensor, Placement]:
    """Scale a photo to a longer side and pad it at the right and bottom to multiples of 32.

    Args:
        photo: uint8 [H, W, 3] RGB.
        side: the longer side in pixels; the shorter one follows, rounded.

    Returns:
        The picture float32 [1, 3, h, w] in 0..1, padded with grey, and where the photo lies in it.
    """
    placement = place_with_multiple(photo.shape[0], photo.shape[1], side, SIDE_MULTIPLE)
    interpolation = cv2.INTER_AREA if side < max(photo.shape[:2]) else cv2.INTER_LINEAR
    size = (placement.content_width, placement.content_height)
    small = cv2.resize(photo, size, interpolation=interpolation)
    image = torch.full((1, 3, placement.model_height, placement.model_width), PADDING_GREY)
    rows, columns = placement.content_slices
    image[0, :, rows, columns] = torch.from_numpy(small).permute(2, 0, 1) / 255
    return image, placement


def people_of(prediction: Prediction, placement: Placement) -> list[Person]:
    """Bring the mattes of a prediction to the photo's size and drop specks."""
    height, width = placement.photo_height, placement.photo_width
    rows, columns = placement.content_slices
    mattes = prediction.alpha[:, rows, columns].float().cpu().numpy()
    people: list[Person] = []
    for matte, score in zip(mattes, prediction.score.tolist(), strict=True):
        alpha = cv2.resize(matte, (width, height), interpolation=cv2.INTER_LINEAR)
        if np.count_nonzero(alpha > 0.5) >= LEAST_AREA_PX:
            people.append((alpha.astype(np.float32), float(score)))
    return people
