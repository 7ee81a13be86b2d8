"""How good a candidate is, once its matte is known: the score that people are kept by.

The decoder says how likely a query is a person before anybody's mask is drawn. What the matte then
looks like says more: whether it is decided, whether the "anybody" map agrees, whether a likelier
candidate holds the same pixels.

Reference: Huang et al., "Mask Scoring R-CNN", CVPR 2019, for scores that know the mask.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.e2e_him.lite.layers import start_at

_SOLID = 0.5
_SOFT = (0.1, 0.9)
_UNDECIDED = (0.2, 0.8)
_LARGEST = 5.0  # of a standardised input: what lies beyond was never seen
_MATTE_FACTS = 9


@dataclass(frozen=True, slots=True)
class Drawn:
    """Candidates of one image and what became of them, likeliest first.

    Attributes:
        logits: Person logits of every decoder layer, ``[R, layers]``.
        masks: Mask logits as the dynamic head drew them, ``[R, h, w]``.
        alpha: The mattes after everybody competed, at the same size, ``[R, h, w]``.
        anybody: Probability of somebody, ``[h, w]``.
    """

    logits: Tensor
    masks: Tensor
    alpha: Tensor
    anybody: Tensor


class QualityHead(nn.Module):
    """Turns evidence into a score; untrained it keeps the last decoder layer's probability.

    Attributes:
        mean, deviation: Of the evidence it was trained on.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, layers: int, hidden: int) -> None:
        super().__init__()
        self.layers = layers
        inputs = layers + _MATTE_FACTS
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("deviation", torch.ones(inputs))
        self.hidden = nn.Linear(inputs, hidden)
        self.drop = nn.Dropout(0.2)
        self.change = nn.Linear(hidden, 1)
        start_at(self.change)

    def forward(self, evidence: Tensor) -> Tensor:
        """Return the logit of "one person, well outlined" ``[R]`` from ``[R, inputs]``."""
        evidence = evidence.float()
        known = ((evidence - self.mean) / self.deviation).clamp(-_LARGEST, _LARGEST)
        change = self.change(self.drop(F.gelu(self.hidden(known))))[:, 0]
        logit: Tensor = evidence[:, self.layers - 1] + change
        return logit


def collect_evidence(drawn: Drawn) -> Tensor:
    """Return what speaks for and against each candidate, ``[R, layers + 9]`` float32.

    After the person logits: log share of the picture that the matte holds; mean alpha there; soft
    pixels for one held; mean probability of the mask; undecided mask pixels for one of the mask;
    mean of the "anybody" map where the matte holds; pixels held for one of the mask; largest share
    of the mask that a likelier one covers; largest share of a likelier mask that it covers.
    """
    held = drawn.alpha > _SOLID
    area = held.sum((1, 2)).float()
    own = drawn.masks > 0
    own_area = own.sum((1, 2)).float()
    probability = drawn.masks.float().sigmoid()
    covered, covering = _measure_rivals(own.flatten(1).float())
    facts = [
        ((area + 1) / held[0].numel()).log() if len(held) else area,
        _mean_where(held, drawn.alpha),
        _count_between(drawn.alpha, _SOFT) / (area + 1),
        _mean_where(own, probability),
        _count_between(probability, _UNDECIDED) / (own_area + 1),
        _mean_where(held, drawn.anybody.expand_as(drawn.alpha)),
        area / (own_area + 1),
        covered,
        covering,
    ]
    return torch.cat([drawn.logits.float(), torch.stack(facts, 1)], 1)


def _mean_where(mask: Tensor, values: Tensor) -> Tensor:
    """Return the mean of the values ``[R, h, w]`` under each mask; 0 where that is empty."""
    return (values * mask).sum((1, 2)).float() / mask.sum((1, 2)).clamp(min=1)


def _count_between(values: Tensor, limits: tuple[float, float]) -> Tensor:
    lowest, highest = limits
    return ((values > lowest) & (values < highest)).sum((1, 2)).float()


def _measure_rivals(masks: Tensor) -> tuple[Tensor, Tensor]:
    """Return how far each mask ``[R, P]`` is covered by, and covers, an earlier one: the most."""
    shared = masks @ masks.T
    area = masks.sum(1).clamp(min=1)
    earlier = torch.ones_like(shared).tril(-1)
    covered = (shared / area[:, None] * earlier).amax(1) if len(masks) else area
    covering = (shared / area[None] * earlier).amax(1) if len(masks) else area
    return covered, covering
