"""Sizes of the lite network."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LiteConfig:
    """Architecture of ``e2e_him_lite``; the defaults are the shipped network.

    Attributes:
        pixel_channels: Channels of the top-down path at strides 32, 16 and 8.
        fine_channels: Channels of the pixel features at stride 4.
        query_channels: Width of the perception decoder.
        heads: Attention heads of the perception decoder.
        decoder_layers: Layers of the perception decoder; each is supervised.
        mask_features: Channels that the dynamic mask head reads.
        mask_hidden: Hidden channels of the dynamic mask head.
        guidance_channels: Channels of a person's semantics embedding.
        matting_channels: Channels of the matting network at strides 4 and 2.
        context_channels: Channels of the matting network at strides 8 and 16.
        quality_hidden: Hidden units of the head that scores finished mattes.
        max_queries: Upper bound on the queries of one image (crowds need many).
        proposal_floor: Proposals scoring below this never become queries.
        proposal_overlap: Box IoU above which the weaker of two proposals is dropped.
        backbones: Names of further backbones that look beside the detector.
    """

    pixel_channels: int = 96
    fine_channels: int = 64
    query_channels: int = 192
    heads: int = 6
    decoder_layers: int = 3
    mask_features: int = 24
    mask_hidden: int = 16
    guidance_channels: int = 32
    matting_channels: tuple[int, int] = (48, 24)
    context_channels: tuple[int, int] = (80, 96)
    quality_hidden: int = 48
    max_queries: int = 120
    proposal_floor: float = 0.01
    proposal_overlap: float = 0.7
    backbones: tuple[str, ...] = ()
