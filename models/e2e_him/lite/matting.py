"""Instance matting: one soft alpha of everybody, parted among the people.

``alpha_i = A * o_i``: A is the soft alpha of all people at input resolution, o_i person i's
share in a softmax over people and a "nobody" slot. The alphas of a pixel therefore sum to at most
1, and hair is learned once for everybody. No convolution runs at full resolution: the picture
enters by space-to-depth and alpha leaves by depth-to-space.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.e2e_him.lite.config import LiteConfig
from models.e2e_him.lite.guidance import Slots
from models.e2e_him.lite.layers import (
    SeparableResidual,
    conv_block,
    resize_like,
    separable_block,
    start_at,
)

_DETAIL_STRIDE = 2
_NOBODY_LOGIT = -6.0


class InstanceMatting(nn.Module):
    """From pixel features, guidance and the picture to one alpha per person."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        wide, narrow = config.matting_channels
        guided = config.fine_channels + config.guidance_channels + 1
        self.fuse_4 = nn.Sequential(separable_block(guided, wide), SeparableResidual(wide))
        self.reduce = nn.Conv2d(wide, narrow, 1)
        self.picture_2 = conv_block(3 * _DETAIL_STRIDE**2, narrow)
        self.fuse_2 = SeparableResidual(narrow)
        self.alpha = nn.Conv2d(narrow, _DETAIL_STRIDE**2, 3, padding=1)
        self.nobody = nn.Conv2d(narrow, 1, 1)
        self.person_kernel = nn.Linear(config.query_channels, narrow)
        start_at(self.alpha)
        start_at(self.nobody, bias=_NOBODY_LOGIT)
        start_at(self.person_kernel)
        self.context = MattingContext(wide, config.context_channels)
        self.polish = _silent_residual(narrow)

    def details(self, images: Tensor, fine: Tensor, guidance: Tensor) -> Tensor:
        """Return detail features at stride 2, ``[B, narrow, H / 2, W / 2]``."""
        x = self.fuse_4(torch.cat([fine, resize_like(guidance, fine)], 1))
        x = self.reduce(self.context(x))
        picture = F.pixel_unshuffle(images * 2 - 1, _DETAIL_STRIDE)
        picture = self.picture_2(picture.contiguous(memory_format=torch.channels_last))
        detail: Tensor = self.polish(picture + self.fuse_2(resize_like(x, picture) + picture))
        return detail

    def everybody(self, detail: Tensor, union_logits: Tensor) -> Tensor:
        """Return A, the soft alpha of all people, ``[B, H, W]``.

        Args:
            detail: From ``details``.
            union_logits: Coarse logits of "somebody holds this pixel", ``[B, H / 4, W / 4]``.
        """
        correction = F.pixel_shuffle(self.alpha(detail), _DETAIL_STRIDE)
        coarse = resize_like(union_logits[:, None], correction)
        return (coarse + correction).float().sigmoid()[:, 0]

    def shares(self, detail: Tensor, kept: Slots, *, nobody_shift: float = 0.0) -> Tensor:
        """Return each kept person's share o_i of the pixels of one image, ``[K, H / 2, W / 2]``.

        Args:
            detail: Detail features of the image, ``[narrow, H / 2, W / 2]``.
            kept: The people to part the pixels among; there may be none.
            nobody_shift: Added to the logits of the "nobody" slot.
        """
        if not len(kept.code):
            return detail.new_zeros(0, *detail.shape[-2:], dtype=torch.float32)
        kernel = self.person_kernel(kept.code)
        own = torch.einsum("nc,chw->nhw", kernel, detail)
        logits = resize_like(kept.logits[None], detail)[0] + own
        nobody = self.nobody(detail[None])[0] + nobody_shift
        return torch.cat([logits, nobody]).float().softmax(0)[:-1]


class MattingContext(nn.Module):
    """Mend the features at stride 4 by what lies around them, seen at strides 8 and 16.

    How far a cloud of hair reaches shows in its surroundings, not at the pixel. Until it has
    learned, it changes nothing: weights without it make the network that they made before.
    """

    def __init__(self, wide: int, channels: tuple[int, int]) -> None:
        super().__init__()
        middle, deep = channels
        self.down_8 = nn.Sequential(separable_block(wide, middle), SeparableResidual(middle))
        self.down_16 = nn.Sequential(separable_block(middle, deep), SeparableResidual(deep, 3))
        self.narrow = conv_block(deep, middle, 1)
        self.up_8 = SeparableResidual(middle)
        self.change = nn.Conv2d(middle, wide, 1)
        self.mix = _silent_residual(wide)
        start_at(self.change)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[B, wide, H / 4, W / 4]`` to the same shape."""
        middle = self.down_8(F.avg_pool2d(x, 2))
        deep = self.narrow(self.down_16(F.avg_pool2d(middle, 2)))
        middle = self.up_8(middle + resize_like(deep, middle))
        mixed: Tensor = self.mix(x + resize_like(self.change(middle), x))
        return mixed


def _silent_residual(channels: int) -> SeparableResidual:
    """Return blocks with a shortcut that add nothing until they have learned to."""
    residual = SeparableResidual(channels)
    last = [part for part in residual.modules() if isinstance(part, nn.GroupNorm)][-1]
    nn.init.zeros_(last.weight)
    return residual


def union_logits(logits: Tensor) -> Tensor:
    """Return the logit of "anybody" ``[h, w]`` from slot logits ``[N, h, w]``.

    In a softmax against a background logit of 0, the people's joint odds are the sum of theirs.
    """
    return logits.logsumexp(0)
