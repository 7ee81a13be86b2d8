"""One-to-one assignment of queries to true people.

Reference: Carion et al., "End-to-End Object Detection with Transformers", arXiv 2005.12872; the
gate by box overlap and the weights are ours (see docs/method.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

MIN_BOX_OVERLAP = 0.15
_DICE_WEIGHT = 4.0
_BOX_WEIGHT = 2.0
_FORBIDDEN = 100.0


@dataclass(frozen=True, slots=True)
class Match:
    """Queries and the people they are assigned to, both int64 ``[M]``."""

    queries: Tensor
    people: Tensor


def match_people(overlap: Tensor, soft_masks: Tensor, person: Tensor, masks: Tensor) -> Match:
    """Assign queries to people at the least cost.

    Args:
        overlap: IoU of each candidate query's box with each person's, ``[Q, G]``.
        soft_masks: The candidates' masks in 0..1, ``[Q, P]``.
        person: Their person probabilities, ``[Q]``.
        masks: True masks in 0..1, ``[G, P]``.

    Returns:
        Pairs whose boxes overlap by at least ``MIN_BOX_OVERLAP``.
    """
    cost = _DICE_WEIGHT * dice_distance(soft_masks, masks) - _BOX_WEIGHT * overlap
    cost = cost - person[:, None] + _FORBIDDEN * (overlap < MIN_BOX_OVERLAP)
    rows, columns = linear_sum_assignment(cost.cpu().numpy())
    allowed = overlap.cpu().numpy()[rows, columns] >= MIN_BOX_OVERLAP
    device = overlap.device
    return Match(
        torch.as_tensor(rows[allowed], device=device),
        torch.as_tensor(columns[allowed], device=device),
    )


def dice_distance(a: Tensor, b: Tensor) -> Tensor:
    """Return 1 - Dice of soft masks, ``[n, P]`` and ``[m, P]`` to ``[n, m]``."""
    sums = a.sum(1)[:, None] + b.sum(1)[None]
    return 1 - (2 * a @ b.T + 1) / (sums + 1)
