"""Compare predicted masks with true people and pair them one to one."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from training.metrics.arrays import Mask, Table

PAIR_IOU = 0.5
"""IoU from which a prediction and a person count as a pair (Kirillov et al., CVPR 2019)."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Join one prediction to one person, both by their index, with their IoU."""

    prediction: int
    person: int
    iou: float


def count_intersections(predicted: Mask, people: Mask) -> Table:
    """Count the pixels that each prediction shares with each person.

    Args:
        predicted: masks [K, H, W].
        people: masks [N, H, W] of the same height and width.

    Returns:
        Pixels [K, N].

    Raises:
        ValueError: the pictures differ in size.
    """
    if predicted.shape[1:] != people.shape[1:]:
        raise ValueError(f"masks differ in size: {predicted.shape[1:]} and {people.shape[1:]}")
    # float32 keeps whole numbers exact up to 16.7 million pixels, and multiplies through BLAS.
    pixels = predicted.shape[1] * predicted.shape[2]
    rows = predicted.reshape(len(predicted), pixels).astype(np.float32)
    columns = people.reshape(len(people), pixels).astype(np.float32)
    return (rows @ columns.T).astype(np.float64)


def iou_matrix(predicted: Mask, people: Mask) -> Table:
    """Measure the intersection over union of every prediction with every person.

    Args:
        predicted: masks [K, H, W].
        people: masks [N, H, W].

    Returns:
        IoU [K, N] in 0..1; two empty masks have IoU 0.

    Raises:
        ValueError: the pictures differ in size.
    """
    shared = count_intersections(predicted, people)
    areas = predicted.sum((1, 2), dtype=np.float64)[:, None] + people.sum((1, 2), dtype=np.float64)
    iou: Table = shared / np.maximum(areas - shared, 1.0)
    return iou


def pair_masks(iou: Table, floor: float = PAIR_IOU) -> tuple[Pair, ...]:
    """Pair predictions with people so that the sum of their IoU is largest (Hungarian).

    Args:
        iou: IoU [K, N].
        floor: pairs below this IoU are dropped after the assignment.

    Returns:
        The pairs, by rising index of the prediction.
    """
    rows, columns = linear_sum_assignment(iou, maximize=True)
    found = (Pair(int(i), int(j), float(iou[i, j])) for i, j in zip(rows, columns, strict=True))
    return tuple(pair for pair in found if pair.iou >= floor)
