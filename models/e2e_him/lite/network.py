"""E2E-HIM lite: every person of a picture found and matted in one pass."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.e2e_him.lite.backbones import BACKBONES
from models.e2e_him.lite.config import LiteConfig
from models.e2e_him.lite.guidance import Slots, UnitedGuidance
from models.e2e_him.lite.layers import resize_like
from models.e2e_him.lite.matting import InstanceMatting, union_logits
from models.e2e_him.lite.perception import GeneralPerception, Perception
from models.e2e_him.lite.prompts import NetworkPrompt, add_prompt_queries, rank_masks
from models.e2e_him.lite.proposals import Proposals, collect_proposals, select_queries
from models.e2e_him.lite.quality import Drawn, QualityHead, collect_evidence
from models.e2e_him.lite.trunk import TrunkOutput, YoloxNanoTrunk
from models.e2e_him.output import InstancePrediction

SIDE_MULTIPLE = 32
LATER_PARTS = ("quality.", "matting.context.", "matting.polish.")
"""How the names of parts begin that older weights lack; without weights they change nothing."""

PAD_VALUE = 114 / 255  # the grey that the detector was trained with
_SLOT_FLOOR = 0.3  # queries less likely a person than this are not worth their mask
_JUDGED_FLOOR = 0.2  # the matte of a query less likely than this has not saved it
_PROMPT_FLOOR = 0.05  # where somebody pointed, a less likely query may be meant
_DUPLICATE_SHARE = 0.6
_VISIBLE_SHARE = 1e-3
# Chosen on the validation photographs (docs/experiments.md): unlikely rivals and the "nobody" slot
# otherwise take arms between two people.
_RIVAL_SHARPNESS = 3.0
_NOBODY_SHIFT = -3.0
_SOLID = 0.5


class E2EHimLite(nn.Module):
    """The shipped network.

    Attributes:
        score_threshold: Score from which a person is kept; chosen on validation.
        input_side: Longer side in pixels at which the threshold was chosen.
    """

    def __init__(self, config: LiteConfig | None = None) -> None:
        super().__init__()
        self.config = config or LiteConfig()
        self.score_threshold = 0.5
        self.input_side = 640
        self.trunk = YoloxNanoTrunk()
        backbones = {name: BACKBONES[name]() for name in self.config.backbones}
        self.backbones = nn.ModuleDict(backbones)
        channels = {name: backbone.channels for name, backbone in backbones.items()}
        self.perception = GeneralPerception(self.config, channels)
        self.guidance = UnitedGuidance(self.config)
        self.matting = InstanceMatting(self.config)
        self.quality = QualityHead(self.config.decoder_layers, self.config.quality_hidden)

    def look(self, images: Tensor) -> list[TrunkOutput]:
        """Run the shared trunk on the pictures at full and at half side."""
        half = F.avg_pool2d(images, 2)
        bottom, right = (-side % SIDE_MULTIPLE for side in half.shape[-2:])
        half = F.pad(half, (0, right, 0, bottom), value=PAD_VALUE)
        full: TrunkOutput = self.trunk(images)
        others = {name: backbone(images) for name, backbone in self.backbones.items()}
        return [replace(full, others=others), self.trunk(half)]

    def propose(self, looks: list[TrunkOutput], images: Tensor) -> Proposals:
        """Collect the person proposals of both looks."""
        height, width = images.shape[-2:]
        return collect_proposals(looks, [(height, width), (height // 2, width // 2)])

    def forward(
        self, images: Tensor, looks: list[TrunkOutput] | None = None, max_queries: int | None = None
    ) -> Perception:
        """Find the people of a batch.

        Args:
            images: float32 RGB in 0..1, ``[B, 3, H, W]``; H and W divisible by 32.
            looks: The trunk's outputs where they are known already.
            max_queries: Fewer queries than the configuration allows, for training.

        Raises:
            ValueError: If a side is not divisible by 32.
        """
        if any(side % SIDE_MULTIPLE for side in images.shape[-2:]):
            raise ValueError(f"sides must be divisible by {SIDE_MULTIPLE}: {tuple(images.shape)}")
        looks = self.look(images) if looks is None else looks
        queries = select_queries(
            self.propose(looks, images),
            limit=max_queries or self.config.max_queries,
            floor=self.config.proposal_floor,
            max_overlap=self.config.proposal_overlap,
        )
        perception: Perception = self.perception(looks[0], looks[1], queries)
        return perception

    def matte(self, images: Tensor, perception: Perception, kept: list[Tensor]) -> list[Tensor]:
        """Return the alphas of the kept slots of each image, ``[K, H, W]`` float32.

        The other candidates compete for the pixels as they do in ``predict``; the kept ones are
        taken for people whatever their probability.

        Args:
            images: The batch that ``forward`` saw.
            perception: What it returned.
            kept: Slot indices per image.
        """
        candidates = [self.candidates(perception, i, also=index) for i, index in enumerate(kept)]
        detail, everybody = self.matte_everybody(images, perception, candidates)
        rows = zip(detail, everybody, candidates, kept, strict=True)
        mattes = []
        for features, alpha, candidate, index in rows:
            slots = candidate.among_rivals(candidate.find(index), _RIVAL_SHARPNESS)
            shares = self.matting.shares(features, slots, nobody_shift=_NOBODY_SHIFT)
            mattes.append(_enlarge(shares[: len(index)], alpha) * alpha)
        return mattes

    def candidates(
        self,
        perception: Perception,
        image: int,
        *,
        floor: float = _SLOT_FLOOR,
        also: Tensor | None = None,
    ) -> Candidates:
        """Compute the masks of the slots of one image that are worth it; at least the best one's.

        Args:
            perception: What ``forward`` returned.
            image: Which image of the batch.
            floor: Person probability from which a slot is worth it.
            also: Slots that are wanted whatever their probability.
        """
        score = perception.person_probability()[image]
        wanted = score > min(floor, _SLOT_FLOOR)
        wanted[score.argmax()] = True
        if also is not None:
            wanted[also] = True
        index = wanted.nonzero()[:, 0]
        logits = self.perception.masks(perception, image, index)
        return Candidates(index, logits, score[index], perception.layers[-1].code[image, index])

    def matte_everybody(
        self, images: Tensor, perception: Perception, candidates: list[Candidates]
    ) -> tuple[Tensor, Tensor]:
        """Return detail features at stride 2 and the soft alpha A of all people ``[B, H, W]``."""
        slots = [candidate.weighted() for candidate in candidates]
        maps = zip(perception.maps.fine, slots, strict=True)
        guidance = torch.stack([self.guidance(fine, people) for fine, people in maps])
        unions = torch.stack([union_logits(people.logits) for people in slots])
        detail = self.matting.details(images, perception.maps.fine, guidance)
        return detail, self.matting.everybody(detail, unions)

    @torch.inference_mode()
    def predict(self, images: Tensor, score_floor: float | None = None) -> list[InstancePrediction]:
        """Find and matte everybody in each image.

        All candidates compete for the pixels, each as strong as it is likely to be a person; only
        then are those left out whose mattes score below the floor. Their pixels do not go to their
        neighbours.

        Args:
            images: As for ``forward``.
            score_floor: Score to keep a person at; the network's own threshold by default.
        """
        floor = self.score_threshold if score_floor is None else score_floor
        predictions = []
        for examined in self.examine(images):
            score = self.quality(examined.evidence).sigmoid()
            order = score.argsort(descending=True, stable=True)
            kept = order[score[order] >= floor]
            predictions.append(_assemble(examined.shares[kept], examined.everybody, score[kept]))
        return predictions

    @torch.inference_mode()
    def examine(self, images: Tensor) -> list[Examined]:
        """Return each image's distinct candidates with what they hold, not yet judged.

        Args:
            images: As for ``forward``.
        """
        perception = self(images)
        candidates = [
            self.candidates(perception, i, floor=_JUDGED_FLOOR) for i in range(len(images))
        ]
        detail, everybody = self.matte_everybody(images, perception, candidates)
        return [
            self._examine(perception, i, candidates[i], detail[i], everybody[i])
            for i in range(len(images))
        ]

    def _examine(
        self,
        perception: Perception,
        image: int,
        candidates: Candidates,
        detail: Tensor,
        everybody: Tensor,
    ) -> Examined:
        rivals = candidates.distinct()
        slots = candidates.weighted(rivals, _RIVAL_SHARPNESS)
        shares = self.matting.shares(detail, slots, nobody_shift=_NOBODY_SHIFT)
        union = F.avg_pool2d(everybody[None], 2)
        layers = [
            layer.class_logits[image, candidates.index[rivals]] for layer in perception.layers
        ]
        drawn = Drawn(
            logits=torch.stack(layers, 1),
            masks=candidates.logits[rivals],
            alpha=F.avg_pool2d((shares * union)[None], 2)[0],
            anybody=perception.anybody_logits[image].float().sigmoid(),
        )
        return Examined(shares, everybody, collect_evidence(drawn))

    @torch.inference_mode()
    def answer_prompt(self, images: Tensor, prompt: NetworkPrompt) -> InstancePrediction:
        """Matte whom the user points at: one person, or nobody where no mask fits.

        Args:
            images: One image, as for ``forward``.
            prompt: What the user points at.

        Returns:
            At most one person; the score says how well they answer the prompt, 0..1.
        """
        looks = self.look(images)
        proposals = self.propose(looks, images)
        queries = select_queries(
            proposals,
            limit=self.config.max_queries,
            floor=self.config.proposal_floor,
            max_overlap=self.config.proposal_overlap,
        )
        selected = queries.valid.shape[1]
        queries = add_prompt_queries(queries, proposals, prompt, (images.shape[2], images.shape[3]))
        perception: Perception = self.perception(looks[0], looks[1], queries)
        added = torch.arange(selected, queries.valid.shape[1], device=images.device)
        candidates = self.candidates(perception, 0, floor=_PROMPT_FLOOR, also=added)
        quality = rank_masks(candidates.logits, candidates.score, prompt)
        best = quality.argmax()[None]
        sure = replace(candidates, score=candidates.score.index_fill(0, best, 1.0))
        detail, everybody = self.matte_everybody(images, perception, [sure])
        slots = sure.among_rivals(best, _RIVAL_SHARPNESS)
        share = self.matting.shares(detail[0], slots, nobody_shift=_NOBODY_SHIFT)[:1]
        found = (quality[best] > 0).nonzero()[:, 0]
        return _assemble(share[found], everybody[0], quality[best][found])


@dataclass(frozen=True, slots=True)
class Examined:
    """The distinct candidates of one image, likeliest first, after they competed for the pixels.

    Attributes:
        shares: Share of each pixel, ``[R, H / 2, W / 2]``.
        everybody: The soft alpha of all, ``[H, W]``.
        evidence: What ``QualityHead`` judges them by, ``[R, inputs]``.
    """

    shares: Tensor
    everybody: Tensor
    evidence: Tensor


@dataclass(frozen=True, slots=True)
class Candidates:
    """The slots of one image whose masks were computed.

    Attributes:
        index: Their numbers among the image's slots, ascending, int64 ``[M]``.
        logits: Mask logits, ``[M, H / 4, W / 4]``.
        score: Person probabilities, ``[M]``.
        code: Latent codes, ``[M, d]``.
    """

    index: Tensor
    logits: Tensor
    score: Tensor
    code: Tensor

    def find(self, slots: Tensor) -> Tensor:
        """Return the positions of slots given by number; all must be among the candidates."""
        return torch.searchsorted(self.index, slots)

    def among_rivals(self, positions: Tensor, sharpness: float) -> Slots:
        """Return some candidates as people, and behind them the others, as strong as likely.

        Others that one of the former mostly covers, or a likelier other, are left out.
        """
        score = self.score.detach().index_fill(0, positions, 1.0)
        other = torch.ones_like(score, dtype=torch.bool).index_fill(0, positions, False)
        others = other.nonzero()[:, 0]
        others = others[score[others].argsort(descending=True, stable=True)]
        order = torch.cat([positions, others])
        order = order[_distinct((self.logits[order] > 0).flatten(1), given=len(positions))]
        sure = replace(self, score=score)
        return sure.weighted(order, sharpness)

    def weighted(self, positions: Tensor | None = None, sharpness: float = 1.0) -> Slots:
        """Return candidates (all by default), as strong as their probability to this power."""
        chosen = slice(None) if positions is None else positions
        weight = sharpness * self.score[chosen].clamp(min=1e-6).log()[:, None, None]
        return Slots(self.logits[chosen] + weight, self.code[chosen])

    def distinct(self) -> Tensor:
        """Return the positions of all but near-duplicates, best first."""
        order = self.score.argsort(descending=True, stable=True)
        return order[_distinct((self.logits[order] > 0).flatten(1))]


def _distinct(masks: Tensor, given: int = 0) -> Tensor:
    """Return the rows of bool masks ``[N, P]`` that no earlier kept row mostly covers.

    The first ``given`` rows are kept whatever covers them.
    """
    area = masks.float()
    covered = (area @ area.T) > _DUPLICATE_SHARE * area.sum(1).clamp(min=1)[:, None]
    table = covered.cpu().numpy()
    kept: list[int] = []
    for row in range(len(table)):
        if row < given or not table[row, kept].any():
            kept.append(row)
    return torch.tensor(kept, device=masks.device, dtype=torch.long)


def _enlarge(shares: Tensor, like: Tensor) -> Tensor:
    """Bring shares at stride 2 to the size of ``like``."""
    if not len(shares):
        return shares.new_zeros(0, *like.shape)
    return resize_like(shares[None], like)[0]


def _assemble(shares: Tensor, everybody: Tensor, score: Tensor) -> InstancePrediction:
    """Multiply shares with the soft alpha of all; drop people who hold no pixel, bound the others.

    Each person is enlarged only where there is anything, so that ten people in a picture cost
    hardly more than one.
    """
    shares = torch.where(shares > _VISIBLE_SHARE, shares, 0)
    alpha = everybody.new_zeros(len(shares), *everybody.shape)
    box = everybody.new_zeros(len(shares), 4)
    for row, (share, window) in enumerate(zip(shares, _windows(shares), strict=True)):
        large = tuple(slice(2 * part.start, 2 * part.stop) for part in window)
        part = alpha[row][large]
        part += _enlarge(share[window][None], part)[0] * everybody[large]
        offset = box.new_tensor([large[1].start, large[0].start] * 2)
        box[row] = _bounds(part[None] > _SOLID)[0] + offset
    held = box[:, 2] > box[:, 0]
    return InstancePrediction(score=score[held].float(), box=box[held], alpha=alpha[held])


def _windows(shares: Tensor) -> list[tuple[slice, slice]]:
    """Return rows and columns that hold everything above 0, with a margin of one pixel."""
    height, width = shares.shape[-2:]
    return [
        (
            slice(max(0, top - 1), min(height, bottom + 1)),
            slice(max(0, left - 1), min(width, right + 1)),
        )
        for left, top, right, bottom in _bounds(shares > 0).int().tolist()
    ]


def _bounds(solid: Tensor) -> Tensor:
    """Return x0, y0, x1, y1 of bool masks ``[K, H, W]``; an empty mask has no width."""
    spans = []
    for occupied in (solid.any(1), solid.any(2)):
        length = occupied.shape[-1]
        first = occupied.int().argmax(-1)
        last = length - occupied.flip(-1).int().argmax(-1)
        spans.append((first, torch.where(occupied.any(-1), last, first)))
    (x0, x1), (y0, y1) = spans
    return torch.stack([x0, y0, x1, y1], -1).float()
