"""Look at a photo as it is and mirrored, and take the mean: the network errs in different places.

Whoever is found both ways has the mean matte and score; whoever is found one way only, half the
score. Twice the time of one look.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from himapp.inference.devices import Ask, NetworkRunner, Prediction

_Floats = npt.NDArray[np.float32]

# Somebody just below the threshold one way may be well above it the other way.
_FLOOR_SHARE = 0.5
# Two means of scores are lower than the better of two: chosen on the validation photographs.
_THRESHOLD_SHARE = 0.85
_SAME_IOU = 0.5
_SOLID = 0.5


def predict_both_ways(runner: NetworkRunner, image: _Floats) -> Prediction:
    """Run the network on a picture and on its mirror image; join what it found.

    Args:
        runner: runs the network.
        image: float32 ``[3, h, w]`` RGB in 0..1, both sides divisible by 32.

    Returns:
        The people whose score is at least the network's threshold, best first.
    """
    threshold = runner.network.score_threshold
    ask = _ask_from(threshold * _FLOOR_SHARE)
    plain = runner.run(ask, image)
    mirrored = _mirror(runner.run(ask, np.ascontiguousarray(image[..., ::-1])))
    joined = join_predictions(plain, mirrored)
    # A matte's score says the same as after one look.
    score = np.minimum(joined.score / np.float32(_THRESHOLD_SHARE), 1)
    kept = score >= threshold
    return Prediction(score[kept], joined.box[kept], joined.alpha[kept])


def join_predictions(one: Prediction, other: Prediction) -> Prediction:
    """Return the mean of two predictions of the same picture, best first.

    At every pixel the alphas still sum to at most 1.
    """
    pairs = _find_pairs(one, other)
    partners = set(pairs.values())
    found = [
        ((one.alpha[row] + other.alpha[column]) / 2, (one.score[row] + other.score[column]) / 2)
        for row, column in pairs.items()
    ]
    found += [(one.alpha[row], one.score[row] / 2) for row in _others(one, set(pairs))]
    found += [(other.alpha[row], other.score[row] / 2) for row in _others(other, partners)]
    if not found:
        return one
    found.sort(key=lambda person: -person[1])
    alpha = np.stack([matte for matte, _ in found])
    alpha /= np.maximum(alpha.sum(0), 1)
    score = np.array([score for _, score in found], np.float32)
    return Prediction(score, np.stack([_find_bounds(matte) for matte in alpha]), alpha)


def _find_pairs(one: Prediction, other: Prediction) -> dict[int, int]:
    """Return who of one is who of the other; the best pairs are made first."""
    pixels = one.alpha.shape[1] * one.alpha.shape[2]
    first, second = (
        (found.alpha > _SOLID).reshape(-1, pixels).astype(np.float32) for found in (one, other)
    )
    shared = first @ second.T
    iou = shared / np.maximum(first.sum(1)[:, None] + second.sum(1) - shared, 1)
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for row, column in zip(*np.unravel_index(np.argsort(-iou, axis=None), iou.shape), strict=True):
        if iou[row, column] > _SAME_IOU and row not in pairs and column not in taken:
            pairs[int(row)] = int(column)
            taken.add(int(column))
    return pairs


def _others(found: Prediction, partners: set[int]) -> list[int]:
    return [row for row in range(len(found.score)) if row not in partners]


def _mirror(found: Prediction) -> Prediction:
    """Return the prediction of a mirrored picture as one of the picture itself."""
    alpha = np.ascontiguousarray(found.alpha[..., ::-1])
    width = alpha.shape[-1]
    box = found.box.copy()
    box[:, 0], box[:, 2] = width - found.box[:, 2], width - found.box[:, 0]
    return Prediction(found.score, box, alpha)


def _find_bounds(alpha: _Floats) -> _Floats:
    """Return x0, y0, x1, y1 of the solid part of ``[h, w]``; zeros where there is none."""
    rows, columns = (np.flatnonzero((alpha > _SOLID).any(axis)) for axis in (1, 0))
    if not rows.size:
        return np.zeros(4, np.float32)
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float32)


def _ask_from(floor: float) -> Ask:
    def find_everybody(network: Any, images: torch.Tensor) -> Any:
        return network.predict(images, floor)[0]

    return find_everybody
