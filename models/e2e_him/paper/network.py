"""The paper's network as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.e2e_him.output import InstancePrediction
from models.e2e_him.paper.assembly import assemble_people
from models.e2e_him.paper.config import PaperConfig
from models.e2e_him.paper.guidance import Guidance, UnitedGuidance
from models.e2e_him.paper.matting import InstanceMatting, MattingFeatures
from models.e2e_him.paper.perception import GeneralPerception, Perception

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
STRIDE = 32


@dataclass(frozen=True, slots=True)
class LayerOutput:
    """What one earlier decoder layer would have answered, for deep supervision.

    Attributes:
        class_logits: [B, N, 2], index 1 is a person.
        mask_logits: [B, N, H/8, W/8].
    """

    class_logits: Tensor
    mask_logits: Tensor


@dataclass(frozen=True, slots=True)
class PaperOutput:
    """All that training needs of a batch of H x W images with N slots.

    Attributes:
        class_logits: [B, N, 2], index 1 is a person.
        mask_logits: [B, N, H/8, W/8], one mask per slot.
        slot_logits: [B, 2, N + 1, H/8, W/8]: two heads of competing slots, the last is background.
        alpha_unclamped: [B, N, H, W]; a loss on it keeps its gradient outside 0..1.
        trimap_logits: [B, N, 3, H, W]: background, unknown, foreground.
        auxiliary: The earlier decoder layers in order; empty without deep supervision and in
            evaluation mode.
    """

    class_logits: Tensor
    mask_logits: Tensor
    slot_logits: Tensor
    alpha_unclamped: Tensor
    trimap_logits: Tensor
    auxiliary: tuple[LayerOutput, ...]

    @property
    def alpha(self) -> Tensor:
        """Alpha in the unknown band, [B, N, H, W], 0..1."""
        return self.alpha_unclamped.clamp(0.0, 1.0)


class PaperE2EHim(nn.Module):
    """End-to-end human instance matting as published, mended where the configuration says so.

    Any batch and any height and width divisible by 32; a batch gives what its images give alone.

    Attributes:
        score_threshold: `predict` keeps slots of at least this score. At .5 the person logit wins,
            which is the paper's rule.
        input_side: The side in pixels at which the network is meant to look at a photo.

    Reference: Liu et al., End-to-End Human Instance Matting, IEEE TCSVT 2023; specification
    section 1.
    """

    image_mean: Tensor
    image_std: Tensor

    def __init__(self, config: PaperConfig | None = None) -> None:
        """Build the network with fresh weights; None means the mended `PaperConfig()`."""
        super().__init__()
        self.config = config or PaperConfig()
        self.score_threshold = 0.5
        self.input_side = 640
        self.general_perception = GeneralPerception(self.config)
        self.united_guidance = UnitedGuidance(self.config)
        self.instance_matting = InstanceMatting(self.config)
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
        self.register_buffer("image_mean", mean, persistent=False)
        self.register_buffer("image_std", std, persistent=False)

    def forward(self, images: Tensor) -> PaperOutput:
        """Answer for every slot.

        Args:
            images: float32 RGB 0..1 [B, 3, H, W], H and W divisible by 32.

        Raises:
            ValueError: When the shape is another.
        """
        normalised = self._normalise(images)
        seen, guidance = self._perceive(normalised)
        features = self.instance_matting(normalised, seen, guidance.features)
        alpha, trimap_logits = self.instance_matting.draw(seen.codes[-1], features)
        return PaperOutput(
            seen.class_logits[-1],
            guidance.mask_logits,
            guidance.slot_logits,
            alpha,
            trimap_logits,
            self._supervise_layers(seen),
        )

    def predict(self, images: Tensor, score_floor: float | None = None) -> list[InstancePrediction]:
        """Find and matte the people; alpha and trimap are drawn for kept slots only.

        Args:
            images: float32 RGB 0..1 [B, 3, H, W], H and W divisible by 32.
            score_floor: Keep slots of at least this person probability; None means
                `score_threshold`.

        Returns:
            One prediction per image, best person first. At each pixel the alphas of an image sum to
            at most 1 (to float rounding), see `assemble_people`.

        Raises:
            ValueError: When the shape of `images` is another.
        """
        floor = self.score_threshold if score_floor is None else score_floor
        with torch.no_grad():
            normalised = self._normalise(images)
            seen, guidance = self._perceive(normalised)
            scores = seen.class_logits[-1].float().softmax(-1)[..., 1]
            ranked = [_rank_people(row, floor) for row in scores]
            if not any(len(kept) for kept in ranked):
                return [_predict_nobody(normalised) for _ in ranked]
            features = self.instance_matting(normalised, seen, guidance.features)
            images_seen = zip(ranked, scores, seen.codes[-1], features.split(), strict=True)
            return [self._draw_people(*image) for image in images_seen]

    def _normalise(self, images: Tensor) -> Tensor:
        if images.dim() != 4 or images.shape[1] != 3:
            raise ValueError(f"images must be [B, 3, H, W], not {list(images.shape)}")
        if images.shape[2] % STRIDE or images.shape[3] % STRIDE:
            raise ValueError(f"{list(images.shape)}: H and W must be divisible by {STRIDE}")
        return (images - self.image_mean) / self.image_std

    def _perceive(self, normalised: Tensor) -> tuple[Perception, Guidance]:
        seen: Perception = self.general_perception(normalised)
        return seen, self.united_guidance(seen.codes[-1], seen.p8)

    def _supervise_layers(self, seen: Perception) -> tuple[LayerOutput, ...]:
        if not (self.training and self.config.deep_supervision):
            return ()
        masks = self.united_guidance.predict_masks(seen.codes[:-1], seen.p8)
        return tuple(
            LayerOutput(*layer) for layer in zip(seen.class_logits[:-1], masks, strict=True)
        )

    def _draw_people(
        self, kept: Tensor, scores: Tensor, codes: Tensor, features: MattingFeatures
    ) -> InstancePrediction:
        """Draw the slots `kept` [K] of one image from its scores [N] and codes [N, 258]."""
        if not len(kept):
            return _predict_nobody(features.alpha)
        alpha, trimap_logits = self.instance_matting.draw(codes[kept][None], features)
        return assemble_people(
            scores[kept], alpha[0], trimap_logits[0], self.config.smallest_matte_px
        )


def _rank_people(scores: Tensor, floor: float) -> Tensor:
    """Return the slots that score at least `floor`, best first, from scores [N]."""
    order = scores.argsort(descending=True, stable=True)
    return order[scores[order] >= floor]


def _predict_nobody(like: Tensor) -> InstancePrediction:
    """Return a prediction of no people at the size and on the device of `like` [B, C, H, W]."""
    score, box, alpha = (
        torch.zeros(0, *shape, device=like.device) for shape in ((), (4,), tuple(like.shape[2:]))
    )
    return InstancePrediction(score, box, alpha)
