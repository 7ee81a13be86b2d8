"""Query selection: the trunk's dense person proposals become the decoder's queries.

Reference: the two-stage queries of Zhu et al., "Deformable DETR", arXiv 2010.04159.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from models.e2e_him.lite.layers import cell_centres
from models.e2e_him.lite.trunk import PERSON, STRIDES, LevelOutput, TrunkOutput

LOOKS = 2
CONTENT_CHANNELS = 64 + 64 + 3 + len(STRIDES) * LOOKS
_MAX_LOG_SIDE = 8.0
_CANDIDATES = 600


@dataclass(frozen=True, slots=True)
class Proposals:
    """Dense proposals of one batch.

    Attributes:
        box: Centre x, y, width, height as shares of the frame, ``[B, M, 4]``.
        score: Objectness times person probability, ``[B, M]``.
        content: What a query would start from, ``[B, M, CONTENT_CHANNELS]``.
    """

    box: Tensor
    score: Tensor
    content: Tensor


@dataclass(frozen=True, slots=True)
class Queries:
    """Selected proposals, padded to the fullest image of the batch.

    Attributes:
        box: Centre x, y, width, height as shares of the frame, ``[B, N, 4]``.
        content: ``[B, N, CONTENT_CHANNELS]``.
        valid: False where a slot is padding, bool ``[B, N]``.
    """

    box: Tensor
    content: Tensor
    valid: Tensor


def collect_proposals(looks: list[TrunkOutput], frames: list[tuple[int, int]]) -> Proposals:
    """Flatten the head maps of all looks at one batch of pictures.

    Args:
        looks: The trunk's output for each scale of the picture.
        frames: Height and width in pixels that the *picture* has at each scale; a look may be
            padded beyond it.
    """
    boxes, scores, contents = [], [], []
    for look_index, (look, frame) in enumerate(zip(looks, frames, strict=True)):
        for level_index, (level, stride) in enumerate(zip(look.levels, STRIDES, strict=True)):
            kind = look_index * len(STRIDES) + level_index
            boxes.append(_decode_boxes(level.box_offsets, stride, frame))
            scores.append(_person_score(level))
            contents.append(_content(level, kind))
    return Proposals(torch.cat(boxes, 1), torch.cat(scores, 1), torch.cat(contents, 1))


def select_queries(
    proposals: Proposals, *, limit: int, floor: float, max_overlap: float
) -> Queries:
    """Keep the best proposals of each image after non-maximum suppression.

    The best proposal of an image is kept whatever its score, so that no image is without a query.
    """
    chosen = [
        _suppress(box, score, limit, floor, max_overlap)
        for box, score in zip(proposals.box.detach(), proposals.score.detach(), strict=True)
    ]
    slots = max(len(indices) for indices in chosen)
    index = proposals.score.new_zeros(len(chosen), slots, dtype=torch.long)
    valid = torch.zeros_like(index, dtype=torch.bool)
    for row, indices in enumerate(chosen):
        index[row, : len(indices)] = indices
        valid[row, : len(indices)] = True
    return Queries(_gather(proposals.box, index), _gather(proposals.content, index), valid)


def box_corners(box: Tensor) -> Tensor:
    """Turn centre, width, height into x0, y0, x1, y1 (``[..., 4]``)."""
    centre, size = box[..., :2], box[..., 2:]
    return torch.cat([centre - size / 2, centre + size / 2], -1)


def box_overlap(a: Tensor, b: Tensor) -> Tensor:
    """Return the IoU of boxes given by corners, ``[n, 4]`` and ``[m, 4]`` to ``[n, m]``."""
    low = torch.maximum(a[:, None, :2], b[None, :, :2])
    high = torch.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    areas = (a[:, 2:] - a[:, :2]).prod(-1)[:, None] + (b[:, 2:] - b[:, :2]).prod(-1)[None]
    return shared / (areas - shared).clamp(min=1e-9)


def _decode_boxes(offsets: Tensor, stride: int, frame: tuple[int, int]) -> Tensor:
    rows, columns = offsets.shape[-2:]
    cells = cell_centres(rows, columns, offsets.device) * offsets.new_tensor([columns, rows]) - 0.5
    offsets = offsets.float().permute(0, 2, 3, 1)
    centre = (offsets[..., :2] + cells) * stride
    size = offsets[..., 2:].clamp(max=_MAX_LOG_SIDE).exp() * stride
    height, width = frame
    share = offsets.new_tensor([width, height, width, height])
    return (torch.cat([centre, size], -1) / share).flatten(1, 2)


def _person_score(level: LevelOutput) -> Tensor:
    person = level.class_logits[:, PERSON].float().sigmoid()
    return (person * level.objectness[:, 0].float().sigmoid()).flatten(1)


def _content(level: LevelOutput, kind: int) -> Tensor:
    person, objectness = level.class_logits[:, PERSON : PERSON + 1], level.objectness
    log_score = _person_score(level).clamp(min=1e-6).log().view_as(person) / 4
    kinds = person.new_zeros(len(STRIDES) * LOOKS, *person.shape[2:])
    kinds[kind] = 1
    kinds = kinds.expand(len(person), -1, -1, -1)
    maps = (
        level.class_features,
        level.box_features,
        objectness.sigmoid(),
        person.sigmoid(),
        log_score,
        kinds,
    )
    return torch.cat([m.float() for m in maps], 1).flatten(2).transpose(1, 2)


def _suppress(box: Tensor, score: Tensor, limit: int, floor: float, max_overlap: float) -> Tensor:
    """Return the indices of the proposals that stay, best first."""
    order = score.argsort(descending=True)[:_CANDIDATES]
    count = max(1, int((score[order] > floor).sum()))
    order = order[:count]
    corners = box_corners(box[order])
    clash = (box_overlap(corners, corners) > max_overlap).cpu().numpy()
    kept: list[int] = []
    for candidate in range(count):
        if len(kept) == limit:
            break
        if not clash[candidate, kept].any():
            kept.append(candidate)
    return order[torch.tensor(kept, device=order.device)]


def _gather(values: Tensor, index: Tensor) -> Tensor:
    return values.gather(1, index[..., None].expand(-1, -1, values.shape[-1]))
