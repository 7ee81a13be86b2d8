"""General perception: shared pixel features, the query decoder, class and mask heads.

References: sections 1 and 2 of the specification; dynamic mask heads after Tian et al.,
"Conditional Convolutions for Instance Segmentation", arXiv 2003.05664.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.e2e_him.lite.config import LiteConfig
from models.e2e_him.lite.layers import (
    SeparableResidual,
    cell_centres,
    conv_block,
    resize_like,
    sine_encoding,
    start_at,
)
from models.e2e_him.lite.proposals import CONTENT_CHANNELS, Queries
from models.e2e_him.lite.trunk import TrunkOutput

_POSITION_CHANNELS = 16
_JOINED = (4, 8, 16, 32)  # the strides at which further backbones join
_BOX_MARGIN = 0.02  # keeps the position relative to a tiny box finite
_RELATIVE = 3
_CHUNK = 2


@dataclass(frozen=True, slots=True)
class PixelMaps:
    """Shared features: ``fine`` at stride 4; ``middle`` at 16 and ``coarse`` at 32."""

    fine: Tensor
    middle: Tensor
    coarse: Tensor


class PixelFeatures(nn.Module):
    """Top-down path over both looks: the half-side look joins at twice its own strides."""

    def __init__(
        self, config: LiteConfig, others: Mapping[str, Sequence[int]] | None = None
    ) -> None:
        super().__init__()
        width, fine = config.pixel_channels, config.fine_channels
        self.from_64 = nn.Conv2d(256, width, 1)
        self.from_32 = nn.ModuleList([nn.Conv2d(256, width, 1), nn.Conv2d(128, width, 1)])
        self.from_16 = nn.ModuleList([nn.Conv2d(128, width, 1), nn.Conv2d(64, width, 1)])
        self.from_8 = nn.Conv2d(128, width, 1)
        self.from_4 = nn.Conv2d(32, fine, 1)
        self.block_32 = conv_block(width, width)
        self.block_16 = conv_block(width, width)
        self.block_8 = nn.Sequential(SeparableResidual(width), SeparableResidual(width))
        self.to_fine = nn.Conv2d(width, fine, 1)
        self.block_4 = SeparableResidual(fine, 3)
        joins = (fine, width, width, width)
        self.from_others = nn.ModuleDict(
            {name: Joints(channels, joins) for name, channels in (others or {}).items()}
        )

    def forward(self, full: TrunkOutput, half: TrunkOutput) -> PixelMaps:
        """Fuse two looks at one batch; the second saw the pictures at half the side."""
        o4, o8, o16, o32 = self._others(full)
        x32 = o32 + self.from_32[0](full.p5) + _crop_like(self.from_32[1](half.p4), full.p5)
        x32 = self.block_32(x32 + _crop_like(_double(self.from_64(half.p5)), full.p5))
        x16 = o16 + self.from_16[0](full.p4) + _crop_like(self.from_16[1](half.p3), full.p4)
        x16 = self.block_16(x16 + resize_like(x32, full.p4))
        x8 = o8 + self.from_8(torch.cat([full.p3, full.c3], 1)) + resize_like(x16, full.p3)
        x8 = self.block_8(x8)
        x4 = o4 + self.from_4(full.c2) + resize_like(self.to_fine(x8), full.c2)
        return PixelMaps(fine=self.block_4(x4), middle=x16, coarse=x32)

    def _others(self, full: TrunkOutput) -> list[Tensor | float]:
        """Return what further backbones add at strides 4 to 32; nothing without any."""
        added: list[Tensor | float] = [0.0] * len(_JOINED)
        for name, joints in self.from_others.items():
            added = [a + b for a, b in zip(added, joints(full.others[name]), strict=True)]
        return added


class Joints(nn.ModuleList):
    """Bring a backbone's features to our widths; at first they add nothing."""

    def __init__(self, channels: Sequence[int], widths: Sequence[int]) -> None:
        super().__init__()
        for theirs, own in zip(channels, widths, strict=True):
            joint = nn.Conv2d(theirs, own, 1)
            start_at(joint)
            self.append(joint)

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Map each ``[B, C, h, w]`` to as many channels as it is added to."""
        return [joint(f) for joint, f in zip(self, features, strict=True)]


def _crop_like(x: Tensor, reference: Tensor) -> Tensor:
    """Cut what the half-side look was padded by."""
    return x[..., : reference.shape[-2], : reference.shape[-1]]


def _double(x: Tensor) -> Tensor:
    return nn.functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class DecoderLayer(nn.Module):
    """Pre-norm transformer decoder layer: self-attention, cross-attention, feed-forward."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.self_attention = nn.MultiheadAttention(channels, heads, batch_first=True)
        self.cross_attention = nn.MultiheadAttention(channels, heads, batch_first=True)
        hidden = 4 * channels
        self.feed_forward = nn.Sequential(
            nn.Linear(channels, hidden), nn.GELU(), nn.Linear(hidden, channels)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(3))

    def forward(
        self, query: Tensor, position: Tensor, memory: Tensor, memory_key: Tensor, padding: Tensor
    ) -> Tensor:
        """Update ``query`` ``[B, N, d]`` from ``memory`` ``[B, T, d]``; padding slots are True."""
        x = self.norms[0](query)
        located = x + position
        seen, _ = self.self_attention(
            located, located, x, key_padding_mask=padding, need_weights=False
        )
        query = query + seen
        x = self.norms[1](query) + position
        query = query + self.cross_attention(x, memory_key, memory, need_weights=False)[0]
        updated: Tensor = query + self.feed_forward(self.norms[2](query))
        return updated


@dataclass(frozen=True, slots=True)
class LayerPrediction:
    """One decoder layer's word: person logits ``[B, N]`` and latent codes ``[B, N, d]``."""

    class_logits: Tensor
    code: Tensor


class PerceptionDecoder(nn.Module):
    """Turn queries into latent codes that know about each other and the picture."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        d = config.query_channels
        self.memory = nn.ModuleList(nn.Linear(config.pixel_channels, d) for _ in range(2))
        self.memory_norm = nn.LayerNorm(d)
        self.memory_position = nn.Linear(2 * _POSITION_CHANNELS, d)
        self.query_content = nn.Sequential(
            nn.Linear(CONTENT_CHANNELS, 256), nn.GELU(), nn.Linear(256, d)
        )
        self.query_position = nn.Sequential(
            nn.Linear(4 * _POSITION_CHANNELS, d), nn.GELU(), nn.Linear(d, d)
        )
        self.layers = nn.ModuleList(
            DecoderLayer(d, config.heads) for _ in range(config.decoder_layers)
        )
        self.norm = nn.LayerNorm(d)
        self.person = nn.Linear(d, 1)
        nn.init.constant_(self.person.bias, -1.5)

    def forward(self, queries: Queries, maps: PixelMaps) -> list[LayerPrediction]:
        """Return one prediction per decoder layer, the last one last."""
        memory, key = self._remember(maps)
        query = self.query_content(queries.content)
        where = sine_encoding(queries.box.clamp(-0.5, 1.5), _POSITION_CHANNELS)
        position = self.query_position(where)
        predictions = []
        for layer in self.layers:
            query = layer(query, position, memory, key, ~queries.valid)
            code = self.norm(query)
            predictions.append(LayerPrediction(self.person(code)[..., 0], code))
        return predictions

    def _remember(self, maps: PixelMaps) -> tuple[Tensor, Tensor]:
        tokens, places = [], []
        for features, project in zip((maps.middle, maps.coarse), self.memory, strict=True):
            tokens.append(project(features.flatten(2).transpose(1, 2)))
            height, width = features.shape[-2:]
            grid = cell_centres(height, width, features.device)
            places.append(sine_encoding(grid.flatten(0, 1), _POSITION_CHANNELS))
        memory = self.memory_norm(torch.cat(tokens, 1))
        return memory, memory + self.memory_position(torch.cat(places))


class DynamicMaskHead(nn.Module):
    """A two-layer 1x1 head whose weights each query brings along."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.inputs = config.mask_features + _RELATIVE
        self.hidden = config.mask_hidden
        self.features = nn.Conv2d(config.fine_channels, config.mask_features, 1)
        d = config.query_channels
        last = nn.Linear(d, (self.inputs + 2) * self.hidden + 1)
        nn.init.normal_(last.weight, std=0.02)
        self.parameters_of = nn.Sequential(nn.Linear(d, d), nn.GELU(), last)

    def forward(self, fine: Tensor, code: Tensor, box: Tensor) -> Tensor:
        """Return mask logits ``[N, h, w]`` of the queries of one image.

        Args:
            fine: Mask features of that image ``[mask_features, h, w]`` (see ``features``).
            code: Latent codes ``[N, d]``.
            box: The queries' boxes ``[N, 4]``.
        """
        features = fine.float().contiguous()
        parameters = self.parameters_of(code).float()
        if not len(code):
            return features.new_zeros(0, *features.shape[-2:])
        # A few at a time: the hidden maps of all queries together do not fit into the cache, and
        # then memory sets the time (4.8 ms a query at 160x160 on one core, instead of .9).
        parts = zip(torch.split(parameters, _CHUNK), torch.split(box, _CHUNK), strict=True)
        return torch.cat([self._draw(features, values, where) for values, where in parts])

    def _draw(self, features: Tensor, parameters: Tensor, box: Tensor) -> Tensor:
        """Return the mask logits of a few queries, from their heads' parameters."""
        height, width = features.shape[-2:]
        first, bias, second, offset = self._unpack(parameters)
        by_feature = first[..., : features.shape[0]].flatten(0, 1)
        shared = torch.addmm(bias.flatten()[:, None], by_feature, features.flatten(1))
        hidden = shared.view(-1, self.hidden, height, width)
        # x and y part: a map of positions for each query would cost more than all the rest.
        x, y, squared = relative_positions(box, height, width)
        across, down, round_about = first[..., features.shape[0] :, None, None].unbind(2)
        hidden.add_(across * x[:, None, None, :]).add_(down * y[:, None, :, None])
        hidden.addcmul_(round_about, squared[:, None])
        logits = torch.bmm(second, hidden.relu_().flatten(2)) + offset
        return logits.view(-1, height, width)

    def _unpack(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        sizes = [self.inputs * self.hidden, self.hidden, self.hidden, 1]
        first, bias, second, offset = torch.split(values, sizes, -1)
        first = first.view(-1, self.hidden, self.inputs)
        return first, bias[..., None], second[:, None], offset[..., None]


@dataclass(frozen=True, slots=True)
class Perception:
    """What general perception knows about one batch.

    Attributes:
        maps: Shared pixel features.
        queries: The selected proposals.
        layers: One prediction per decoder layer, the best one last.
        mask_features: What the dynamic mask head reads, ``[B, mask_features, H / 4, W / 4]``.
        anybody_logits: Auxiliary map of "some person here", ``[B, H / 4, W / 4]``.
    """

    maps: PixelMaps
    queries: Queries
    layers: list[LayerPrediction]
    mask_features: Tensor
    anybody_logits: Tensor

    def select(self, images: list[int]) -> Perception:
        """Return what is known about some images of the batch, in the given order."""
        queries = self.queries
        return Perception(
            maps=PixelMaps(
                *(_take(m, images) for m in (self.maps.fine, self.maps.middle, self.maps.coarse))
            ),
            queries=Queries(queries.box[images], queries.content[images], queries.valid[images]),
            layers=[LayerPrediction(p.class_logits[images], p.code[images]) for p in self.layers],
            mask_features=_take(self.mask_features, images),
            anybody_logits=self.anybody_logits[images],
        )

    def person_probability(self, layer: int = -1) -> Tensor:
        """Return the queries' probabilities of being a person, ``[B, N]``; padding has 0."""
        return self.layers[layer].class_logits.float().sigmoid() * self.queries.valid


def _take(maps: Tensor, images: list[int]) -> Tensor:
    return maps[images].contiguous(memory_format=torch.channels_last)


class GeneralPerception(nn.Module):
    """The paper's general perception network, fed by a detector's looks and proposals.

    ``others`` are the channels of further backbones' features, by the backbone's name.
    """

    def __init__(
        self, config: LiteConfig, others: Mapping[str, Sequence[int]] | None = None
    ) -> None:
        super().__init__()
        self.pixels = PixelFeatures(config, others)
        self.decoder = PerceptionDecoder(config)
        self.mask_head = DynamicMaskHead(config)
        self.anybody = nn.Conv2d(config.fine_channels, 1, 1)

    def forward(self, full: TrunkOutput, half: TrunkOutput, queries: Queries) -> Perception:
        """Look at one batch (two looks) with its selected queries."""
        maps = self.pixels(full, half)
        return Perception(
            maps=maps,
            queries=queries,
            layers=self.decoder(queries, maps),
            mask_features=self.mask_head.features(maps.fine),
            anybody_logits=self.anybody(maps.fine)[:, 0],
        )

    def masks(self, perception: Perception, image: int, index: Tensor, layer: int = -1) -> Tensor:
        """Return mask logits at stride 4, ``[len(index), H / 4, W / 4]``.

        Args:
            perception: What ``forward`` returned.
            image: Which image of the batch.
            index: Slots of that image.
            layer: Which decoder layer's codes to use.
        """
        code = perception.layers[layer].code[image, index]
        box = perception.queries.box[image, index]
        logits: Tensor = self.mask_head(perception.mask_features[image], code, box)
        return logits


def relative_positions(box: Tensor, height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return where each cell lies relative to each box, in box sides from its centre.

    Returns:
        x ``[N, w]``, y ``[N, h]``, and the squared distance ``[N, h, w]``.
    """
    grid = cell_centres(height, width, box.device)
    size = box[:, 2:] + _BOX_MARGIN
    x = (grid[0, :, 0] - box[:, :1]) / size[:, :1]
    y = (grid[:, 0, 1] - box[:, 1:2]) / size[:, 1:]
    squared = (x.square()[:, None, :] + y.square()[:, :, None]).clamp_(max=6)
    return x.clamp(-3, 3), y.clamp(-3, 3), squared
