"""From one image's alphas and trimaps to the people of a prediction."""

from __future__ import annotations

import torch
from torch import Tensor

from models.e2e_him.output import InstancePrediction

UNKNOWN, FOREGROUND = 1, 2


def assemble_people(
    scores: Tensor, alpha: Tensor, trimap_logits: Tensor, smallest_matte_px: float
) -> InstancePrediction:
    """Fuse, drop the tiny, and let the people share each pixel.

    Args:
        scores: [K], best first.
        alpha: [K, H, W], clamped or not.
        trimap_logits: [K, 3, H, W]: background, unknown, foreground.
        smallest_matte_px: A person whose matte sums to no more than this is dropped.

    Returns:
        The people left, in the given order. A person without any alpha above .5 gets the bounds of
        the alpha above 0 for a box.
    """
    mattes = fuse_mattes(alpha, trimap_logits)
    kept = mattes.sum((1, 2)) > smallest_matte_px
    shared = limit_sum(mattes[kept])
    return InstancePrediction(scores[kept].float(), bound_mattes(shared), shared)


def fuse_mattes(alpha: Tensor, trimap_logits: Tensor) -> Tensor:
    """Take alpha where the trimap is unknown, 1 in the foreground, 0 in the background.

    Args:
        alpha: [K, H, W], clamped or not.
        trimap_logits: [K, 3, H, W].

    Returns:
        float32 [K, H, W], 0..1.

    Reference: specification section 1, `matte = alpha * [unknown] + [foreground]`.
    """
    trimap = trimap_logits.argmax(1)
    unknown, foreground = trimap == UNKNOWN, trimap == FOREGROUND
    return alpha.float().clamp(0.0, 1.0) * unknown + foreground


def limit_sum(mattes: Tensor) -> Tensor:
    """Divide the mattes [K, H, W] by their sum at pixels where it exceeds 1.

    The paper's mattes are fused person by person, so that two neighbours may both claim a pixel.
    Dividing keeps their ratio and leaves every other pixel as it is.
    """
    return mattes / mattes.sum(0).clamp(min=1.0)


def bound_mattes(mattes: Tensor) -> Tensor:
    """Return the boxes x0, y0, x1, y1 in pixels, float32 [K, 4], of mattes [K, H, W].

    The bounds of alpha above .5, or above 0 where nothing is; x1 and y1 lie behind the last pixel.
    """
    solid = mattes > 0.5
    inside = torch.where(solid.any(2).any(1)[:, None, None], solid, mattes > 0.0)
    left, right = _bound_axis(inside.any(1))
    top, bottom = _bound_axis(inside.any(2))
    return torch.stack([left, top, right, bottom], -1).float()


def _bound_axis(occupied: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first and one past the last true place of each row [K, length]."""
    marks = occupied.int()
    return marks.argmax(1), occupied.shape[1] - marks.flip(1).argmax(1)
