"""E2E-HIM lite: every person of a picture found and matted in one pass."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.e2e_him.lite.config import LiteConfig
from models.e2e_him.lite.guidance import Slots, UnitedGuidance
from models.e2e_him.lite.layers import resize_like
from models.e2e_him.lite.matting import InstanceMatting, union_logits
from models.e2e_him.lite.perception import GeneralPerception, Perception
from models.e2e_him.lite.proposals import Proposals, collect_proposals, select_queries
from models.e2e_him.lite.trunk import TrunkOutput, YoloxNanoTrunk
from models.e2e_him.output import InstancePrediction

SIDE_MULTIPLE = 32
PAD_VALUE = 114 / 255  # the grey that the detector was trained with
_SLOT_FLOOR = 0.05  # queries less likely a person than this stay out of the guidance
_DUPLICATE_SHARE = 0.6


class E2EHimLite(nn.Module):
    """The shipped network.

    Attributes:
        score_threshold: Person probability from which a query is kept; chosen on validation.
        input_side: Longer side in pixels at which the threshold was chosen.
    """

    def __init__(self, config: LiteConfig | None = None) -> None:
        super().__init__()
        self.config = config or LiteConfig()
        self.score_threshold = 0.5
        self.input_side = 640
        self.trunk = YoloxNanoTrunk()
        self.perception = GeneralPerception(self.config)
        self.guidance = UnitedGuidance(self.config)
        self.matting = InstanceMatting(self.config)

    def look(self, images: Tensor) -> list[TrunkOutput]:
        """Run the shared trunk on the pictures at full and at half side."""
        half = F.avg_pool2d(images, 2)
        bottom, right = (-side % SIDE_MULTIPLE for side in half.shape[-2:])
        half = F.pad(half, (0, right, 0, bottom), value=PAD_VALUE)
        return [self.trunk(images), self.trunk(half)]

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

        Args:
            images: The batch that ``forward`` saw.
            perception: What it returned.
            kept: Slot indices per image.
        """
        detail, everybody = self.matte_everybody(images, perception)
        mattes = []
        for image, index in enumerate(kept):
            slots = self._slots(perception, image, index, weighted=False)
            shares = self.matting.shares(detail[image], slots)
            mattes.append(_enlarge(shares, images.shape[-2:]) * everybody[image])
        return mattes

    def matte_everybody(self, images: Tensor, perception: Perception) -> tuple[Tensor, Tensor]:
        """Return detail features at stride 2 and the soft alpha A of all people ``[B, H, W]``."""
        guidances, unions = [], []
        for image, fine in enumerate(perception.maps.fine):
            slots = self._slots(perception, image, self._likely(perception, image), weighted=True)
            guidances.append(self.guidance(fine, slots))
            unions.append(union_logits(slots.logits))
        detail = self.matting.details(images, perception.maps.fine, torch.stack(guidances))
        return detail, self.matting.everybody(detail, torch.stack(unions))

    @torch.inference_mode()
    def predict(self, images: Tensor, score_floor: float | None = None) -> list[InstancePrediction]:
        """Find and matte everybody in each image.

        Args:
            images: As for ``forward``.
            score_floor: Person probability to keep a query at; the network's own by default.
        """
        floor = self.score_threshold if score_floor is None else score_floor
        perception = self(images)
        kept = [self._keep(perception, image, floor) for image in range(len(images))]
        alphas = self.matte(images, perception, kept)
        scores = perception.person_probability()
        rows = zip(alphas, scores, kept, strict=True)
        return [_predict_one(alpha, score[index]) for alpha, score, index in rows]

    def _likely(self, perception: Perception, image: int) -> Tensor:
        """Return the slots worth computing; at least the best one."""
        score = perception.person_probability()[image]
        likely = (score > _SLOT_FLOOR).nonzero()[:, 0]
        return likely if len(likely) else score.argmax()[None]

    def _slots(self, perception: Perception, image: int, index: Tensor, *, weighted: bool) -> Slots:
        logits = self.perception.masks(perception, image, index)
        if weighted:
            score = perception.person_probability()[image, index].clamp(min=1e-6)
            logits = logits + score.log()[:, None, None]
        return Slots(logits, perception.layers[-1].code[image, index])

    def _keep(self, perception: Perception, image: int, floor: float) -> Tensor:
        """Return the slots above the floor, best first, without near-duplicates."""
        score = perception.person_probability()[image]
        index = score.argsort(descending=True)
        index = index[score[index] >= floor]
        if not len(index):
            return index
        masks = self.perception.masks(perception, image, index) > 0
        return index[_distinct(masks.flatten(1))]


def _distinct(masks: Tensor) -> Tensor:
    """Return the rows of bool masks ``[N, P]`` that no earlier kept row mostly covers."""
    area = masks.float()
    covered = (area @ area.T) > _DUPLICATE_SHARE * area.sum(1).clamp(min=1)[:, None]
    table = covered.cpu().numpy()
    kept: list[int] = []
    for row in range(len(table)):
        if not table[row, kept].any():
            kept.append(row)
    return torch.tensor(kept, device=masks.device, dtype=torch.long)


def _enlarge(shares: Tensor, size: torch.Size) -> Tensor:
    if not len(shares):
        return shares.new_zeros(0, *size)
    return resize_like(shares[None], shares.new_empty(0, *size))[0]


def _predict_one(alpha: Tensor, score: Tensor) -> InstancePrediction:
    """Drop people who hold no pixel; bound the others."""
    solid = alpha > 0.5
    held = solid.flatten(1).any(1)
    alpha, score, solid = alpha[held], score[held], solid[held]
    return InstancePrediction(score=score.float(), box=_bounds(solid), alpha=alpha.float())


def _bounds(solid: Tensor) -> Tensor:
    """Return x0, y0, x1, y1 of non-empty bool masks ``[K, H, W]``."""
    spans = []
    for occupied in (solid.any(1), solid.any(2)):
        length = occupied.shape[-1]
        first = occupied.float().argmax(-1)
        last = length - occupied.flip(-1).float().argmax(-1)
        spans.append((first, last))
    (x0, x1), (y0, y1) = spans
    return torch.stack([x0, y0, x1, y1], -1).float()
