"""The training objective of the lite network."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

import torch
import torch.nn.functional as F
from torch import Tensor

from models.e2e_him.lite.network import E2EHimLite
from models.e2e_him.lite.perception import Perception
from models.e2e_him.lite.proposals import Proposals, box_corners, box_overlap
from training.config import LossConfig
from training.data.targets import Target
from training.losses import (
    alpha_loss,
    dice_loss,
    focal_loss,
    mask_entropy,
    soft_band,
    zero_loss,
)
from training.matcher import MIN_BOX_OVERLAP, Match, match_people

_PROPOSALS_TRAINED = 300
_OUTLINE_BAND_PX = 8  # drawn outlines are this far off at most
_EDGE_STEP = 0.02  # less than the least that a hard outline changes a mean of 3 x 3, 1/9


@dataclass(frozen=True, slots=True)
class Losses:
    """The weighted sum to minimise, and each unweighted term for the log."""

    total: Tensor
    terms: dict[str, float]


class Criterion:
    """Matches queries to people, once per image, and adds up the loss terms."""

    def __init__(self, weights: LossConfig) -> None:
        self.weights = weights

    def __call__(
        self,
        network: E2EHimLite,
        images: Tensor,
        perception: Perception,
        targets: tuple[Target, ...],
        proposals: Proposals | None = None,
    ) -> Losses:
        """Return the losses of one batch.

        Args:
            network: The network that made ``perception``.
            images: The batch, ``[B, 3, S, S]``.
            perception: What the network found.
            targets: The truth about each image.
            proposals: The dense proposals, where their scores are trained.
        """
        people = max(1, sum(len(t.masks) for t in targets))
        with torch.no_grad():
            matches = [
                match_image(network, perception, image, t) for image, t in enumerate(targets)
            ]
        terms: dict[str, Tensor] = {}
        if self.weights.trains_perception:
            terms = self._perception_terms(network, perception, targets, matches, people)
        if self.weights.proposal and proposals is not None:
            terms["proposal"] = proposal_loss(proposals, targets)
        if self.weights.alpha:
            limit = self.weights.alpha_images
            terms["alpha"] = matting_loss(network, images, perception, targets, matches, limit)
        total = torch.stack([getattr(self.weights, k) * v for k, v in terms.items()]).sum()
        recall = sum(len(m.queries) for m in matches) / people
        return Losses(total, {k: float(v.detach()) for k, v in terms.items()} | {"met": recall})

    def _perception_terms(
        self,
        network: E2EHimLite,
        perception: Perception,
        targets: tuple[Target, ...],
        matches: list[Match],
        people: int,
    ) -> dict[str, Tensor]:
        zero = zero_loss(perception.anybody_logits)
        terms = dict.fromkeys(("person", "mask", "dice", "anybody"), zero)
        for image, (target, match) in enumerate(zip(targets, matches, strict=True)):
            terms["anybody"] = terms["anybody"] + _anybody_loss(perception, image, target)
            weight = _query_weight(perception, image, target, match)
            layers = len(perception.layers)
            for layer in range(layers):
                logits = perception.layers[layer].class_logits[image].float()
                wanted = torch.zeros_like(logits).index_fill(0, match.queries, 1.0)
                terms["person"] = terms["person"] + focal_loss(logits, wanted, weight) / layers
                if not len(match.queries):
                    continue
                masks = network.perception.masks(perception, image, match.queries, layer)
                truth = target.masks[match.people]
                entropy = mask_entropy(masks, truth, target.known).sum()
                terms["mask"] = terms["mask"] + entropy / layers
                terms["dice"] = terms["dice"] + dice_loss(masks, truth, target.known).sum() / layers
        terms["anybody"] = terms["anybody"] / len(targets) * people
        return {name: value / people for name, value in terms.items()}


def match_image(network: E2EHimLite, perception: Perception, image: int, target: Target) -> Match:
    """Assign the queries of one image to its people by the last layer's word."""
    queries = perception.queries
    none = torch.zeros(0, dtype=torch.long, device=target.masks.device)
    overlap = box_overlap(box_corners(queries.box[image]), target.boxes)
    overlap = overlap * queries.valid[image][:, None]
    if not len(target.masks):
        return Match(none, none)
    candidates = (overlap.amax(1) >= MIN_BOX_OVERLAP).nonzero()[:, 0]
    if not len(candidates):
        return Match(none, none)
    logits = network.perception.masks(perception, image, candidates)
    soft = F.avg_pool2d((logits.sigmoid() * target.known)[None], 2)[0].flatten(1)
    truth = F.avg_pool2d((target.masks * target.known)[None], 2)[0].flatten(1)
    person = perception.person_probability()[image, candidates]
    match = match_people(overlap[candidates], soft, person, truth)
    return Match(candidates[match.queries], match.people)


def proposal_loss(proposals: Proposals, targets: tuple[Target, ...]) -> Tensor:
    """Hold the trunk's proposal scores to the overlap of their boxes with people.

    Keeps a fine-tuned trunk from forgetting where people are. Proposals that overlap somebody
    by .3 to .5, or lie where nothing is known, are left alone. Normalised by the sum of the wanted
    scores, since many proposals overlap each person.

    Reference: Zhang et al., "VarifocalNet", arXiv 2008.13367.
    """
    total = positive = zero_loss(proposals.score)
    for box, score, target in zip(proposals.box, proposals.score, targets, strict=True):
        index = score.argsort(descending=True)[:_PROPOSALS_TRAINED]
        box, score = box[index], score[index].clamp(1e-6, 1 - 1e-6)
        overlap = score.new_zeros(len(score))
        if len(target.boxes):
            overlap = box_overlap(box_corners(box.detach()), target.boxes).amax(1)
        sure = ((overlap > 0.5) | (overlap < 0.3)) & _is_known(box, target)
        wanted = torch.where(overlap > 0.5, overlap, torch.zeros_like(overlap))
        # Written out: F.binary_cross_entropy refuses to run under autocast on a GPU.
        entropy = -(wanted * score.log() + (1 - wanted) * (1 - score).log())
        focus = (wanted - score.detach()).abs().square()
        total = total + (entropy * focus * sure).sum()
        positive = positive + (wanted * sure).sum()
    return total / positive.clamp(min=1)


def matting_loss(
    network: E2EHimLite,
    images: Tensor,
    perception: Perception,
    targets: tuple[Target, ...],
    matches: list[Match],
    limit: int = 0,
) -> Tensor:
    """Return the alpha loss of the matched people, averaged over people.

    Args:
        network: The network that made ``perception``.
        images: The batch, ``[B, 3, S, S]``.
        perception: What the network found.
        targets: The truth about each image.
        matches: Which query is which person, per image.
        limit: Most images to matte, exact ones and scenes in turn; 0 for all.
    """
    chosen = _images_to_matte(targets, matches, limit)
    total, people = zero_loss(perception.anybody_logits), 0
    if not chosen:
        return total
    kept = [matches[image].queries for image in chosen]
    alphas = network.matte(images[chosen], perception.select(chosen), kept)
    for alpha, image in zip(alphas, chosen, strict=True):
        truth = targets[image].alphas[matches[image].people].float() / 255
        total = total + alpha_loss(alpha, truth, alpha_weight(targets[image], truth)).sum()
        people += len(truth)
    return total / people


def _images_to_matte(targets: tuple[Target, ...], matches: list[Match], limit: int) -> list[int]:
    """Return the images with somebody to matte: exact ones and scenes in turn.

    Scenes teach who holds a pixel where real people overlap, composites what an edge is. The
    batch's first image decides which kind begins, so that one image a batch sees both kinds.
    """
    usable = [
        image
        for image, (target, match) in enumerate(zip(targets, matches, strict=True))
        if len(match.queries) and len(target.alphas)
    ]
    exact = [image for image in usable if targets[image].is_exact]
    scenes = [image for image in usable if not targets[image].is_exact]
    kinds = sorted((exact, scenes), key=lambda images: images[:1] != usable[:1])
    turns = [image for pair in zip_longest(*kinds) for image in pair if image is not None]
    return turns[:limit] if limit else turns


def alpha_weight(target: Target, truth: Tensor) -> Tensor:
    """Leave out what is unknown, and the surroundings of outlines drawn by hand.

    Outlines are those of every person, so that the line between two who touch is left out, too.
    """
    known = F.interpolate(target.known[None, None], size=truth.shape[-2:])[0]
    if target.is_exact:
        return known
    mean = F.avg_pool2d(truth, 3, 1, 1, count_include_pad=False)
    edges = ((truth - mean).abs() > _EDGE_STEP).any(0, keepdim=True)
    near = soft_band(torch.where(edges, 0.5, 0.0), _OUTLINE_BAND_PX)
    return known * (1 - near)


def _anybody_loss(perception: Perception, image: int, target: Target) -> Tensor:
    union = target.masks.sum(0).clamp(max=1)
    logits = perception.anybody_logits[image].float()
    entropy = F.binary_cross_entropy_with_logits(logits, union, reduction="none")
    return (entropy * target.known).mean()


def _query_weight(perception: Perception, image: int, target: Target, match: Match) -> Tensor:
    """Leave padding and unmatched queries in unknown places out of the class loss."""
    known = _is_known(perception.queries.box[image], target)
    weight = (perception.queries.valid[image] & known).float()
    return weight.index_fill(0, match.queries, 1.0)


def _is_known(box: Tensor, target: Target) -> Tensor:
    cells = target.known.shape[-1]
    x, y = (box[:, :2].detach() * cells).long().clamp(0, cells - 1).unbind(-1)
    return target.known[y, x] > 0
