"""Prompts: a click or a box adds queries by hand, beside the selected proposals.

No weights belong to this: the trunk proposes a box for every cell, far more than are selected, and
those that fit the prompt become queries whatever their score. They are decoded with all others, so
that the people around keep their pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from models.e2e_him.lite.proposals import (
    Proposals,
    Queries,
    box_corners,
    box_overlap,
    select_queries,
)

MASK_STRIDE = 4
_EXTRA_QUERIES = 6
_MAX_OVERLAP = 0.7
# Who is added must differ from everybody; of two people in one matte the larger one may be most.
_SAME_PERSON_IOU, _SAME_MATTE_IOU = 0.5, 0.8
_LEAST_FREE = 0.3
_SURE = 0.5


@dataclass(frozen=True, slots=True)
class NetworkPrompt:
    """What the user points at, in input pixels, and who is known already.

    Attributes:
        points: x, y of places on the person, ``[P, 2]``; may be empty beside a box.
        avoided: x, y of places that are not the person, ``[Q, 2]``.
        box: x0, y0, x1, y1 round the person, ``[4]``, or None.
        known: Alphas of people whom the answer must not be, ``[K, H, W]`` in 0..1.
        keeps_known: Whether pixels of the known ones are out of the answer's reach.
    """

    points: Tensor
    avoided: Tensor
    box: Tensor | None
    known: Tensor
    keeps_known: bool = True


def add_prompt_queries(
    queries: Queries, proposals: Proposals, prompt: NetworkPrompt, frame: tuple[int, int]
) -> Queries:
    """Append the proposals that fit a prompt to the queries of one image.

    For a box they are the nearest to it, with the box itself as their position; for clicks those
    that hold all of them, the surer and the more centred the better, even below the floor.

    Args:
        queries: The selected proposals, a batch of one.
        proposals: All proposals of that image.
        prompt: What the user points at.
        frame: Height and width of the input in pixels.
    """
    height, width = frame
    if prompt.box is not None:
        corners = prompt.box / prompt.box.new_tensor([width, height, width, height])
        fitness = _nearness(proposals, corners)
    else:
        fitness = _centredness(proposals, prompt.points / prompt.points.new_tensor([width, height]))
    fitting = Proposals(proposals.box, fitness[None], proposals.content)
    extra = select_queries(fitting, limit=_EXTRA_QUERIES, floor=0.0, max_overlap=_MAX_OVERLAP)
    box = extra.box
    if prompt.box is not None:
        box = _centre_and_size(corners).expand_as(box)
    return Queries(
        torch.cat([queries.box, box], 1),
        torch.cat([queries.content, extra.content], 1),
        torch.cat([queries.valid, extra.valid], 1),
    )


def _nearness(proposals: Proposals, corners: Tensor) -> Tensor:
    """Return how well each proposal fits a box, ``[M]``."""
    overlap = box_overlap(corners[None], box_corners(proposals.box[0]))[0]
    return overlap * proposals.score[0].clamp(min=1e-6).sqrt()


def _centredness(proposals: Proposals, points: Tensor) -> Tensor:
    """Return how well each proposal fits points given as shares, ``[M]``; 0 unless it holds all."""
    box = proposals.box[0]
    offset = (points[:, None] - box[:, :2]) / (box[:, 2:] / 2).clamp(min=1e-6)
    is_inside = offset.abs().amax((0, 2)) < 1
    closeness = torch.exp(-offset.square().sum(-1).mean(0))
    return proposals.score[0].clamp(min=1e-6) * closeness * is_inside


def _centre_and_size(corners: Tensor) -> Tensor:
    return torch.cat([(corners[:2] + corners[2:]) / 2, corners[2:] - corners[:2]])


def rank_masks(logits: Tensor, score: Tensor, prompt: NetworkPrompt) -> Tensor:
    """Return how well each mask answers a prompt, ``[M]`` in 0..1; 0 where it does not at all.

    It must hold the clicks, none of the avoided places, be nobody who is known, and not lie mostly
    in known people; of such masks the surest wins, of person and of outline, and for a box the one
    that fills it.

    Args:
        logits: Mask logits of the candidates, ``[M, H / 4, W / 4]``.
        score: Their person probabilities, ``[M]``.
        prompt: What the user points at.
    """
    probability = logits.float().sigmoid()
    masks = (probability > _SURE).float()
    area = masks.sum((1, 2)).clamp(min=1)
    sureness = (probability * masks).sum((1, 2)) / area
    fits = _holds(masks, prompt.points).all(1) & ~_holds(masks, prompt.avoided).any(1)
    known = F.interpolate(prompt.known[None], size=masks.shape[-2:], mode="area")[0]
    fits &= ~_is_known(masks, known, _SAME_PERSON_IOU if prompt.keeps_known else _SAME_MATTE_IOU)
    quality = sureness * (0.2 + 0.8 * score.float())
    if prompt.keeps_known and len(known):
        free = (masks * (1 - known.sum(0)).clamp(min=0)).sum((1, 2)) / area
        fits &= free >= _LEAST_FREE
        quality = quality * free
    if prompt.box is not None:
        quality = quality * _fill(masks, prompt.box)
    return quality * fits


def _holds(masks: Tensor, points: Tensor) -> Tensor:
    """Return whether each mask holds each point, bool ``[M, P]``."""
    height, width = masks.shape[-2:]
    x = (points[:, 0] / MASK_STRIDE).long().clamp(0, width - 1)
    y = (points[:, 1] / MASK_STRIDE).long().clamp(0, height - 1)
    return masks[:, y, x] > 0


def _is_known(masks: Tensor, known: Tensor, least_iou: float) -> Tensor:
    """Return whether each mask is one of the known people, bool ``[M]``."""
    if not len(known):
        return torch.zeros(len(masks), dtype=torch.bool, device=masks.device)
    a, b = masks.flatten(1), (known > _SURE).float().flatten(1)
    shared = a @ b.T
    union = a.sum(1)[:, None] + b.sum(1)[None] - shared
    return (shared > least_iou * union.clamp(min=1)).any(1)


def _fill(masks: Tensor, box: Tensor) -> Tensor:
    """Return the overlap (IoU) of each mask's bounds with a box, ``[M]``."""
    height, width = masks.shape[-2:]
    bounds = masks.new_zeros(len(masks), 4)
    for row, mask in enumerate(masks):
        rows, columns = mask.any(1).nonzero()[:, 0], mask.any(0).nonzero()[:, 0]
        if len(rows):
            ends = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
            bounds[row] = torch.stack(ends).to(bounds)
    inside = (box / MASK_STRIDE).clamp(min=0)
    inside = torch.minimum(inside, inside.new_tensor([width, height, width, height]))
    return box_overlap(bounds, inside[None])[:, 0]
