"""What every E2E-HIM network returns for one image."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True)
class InstancePrediction:
    """The people found in one image, best first.

    Attributes:
        score: Probability of being a person, float32 ``[K]``, descending.
        box: Bounds of ``alpha > .5`` as x0, y0, x1, y1 in input pixels, float32 ``[K, 4]``.
        alpha: One matte per person at input size, float32 ``[K, H, W]`` in 0..1; at each
            pixel the K values sum to at most 1.
    """

    score: Tensor
    box: Tensor
    alpha: Tensor
