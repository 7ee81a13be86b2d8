"""The sizes and switches of the paper's network."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class PaperConfig:
    """Describe one build of the paper's network; the defaults are `e2e_him_swin_t`, mended.

    Widths are channels, `depths` and `heads` are per stage of the backbone. The five booleans at
    the end mend what the specification's section 1 lists as quirks of the published network;
    `PaperConfig.published()` turns all of them off. Two quirks are never repeated and have no
    switch: the published network holds for batch 1 and for 640 x 640 only.

    Attributes:
        stem_channels: Widths at stride 2 (first and second convolution) and at stride 4.
        query_count: Slots, hence the most people of a photo.
        wide_channels: Width of the guided features and of the matting trunk at strides 16 and 8.
        smallest_matte_px: `predict` drops a person whose alpha sums to no more than this many
            input pixels. The paper's limit is 1000 pixels of the photo; 0 drops only empty mattes.
        mend_linear_tail: Give the two full-resolution convolutions a real LeakyReLU; published
            with slope 1, which leaves them linear.
        order_free_masks: Hand the masks to the guidance as their maximum and sum over the slots,
            not as one channel per slot in slot order.
        position_encoding: Add sine positions to the keys of the perception decoder's memory.
        deep_supervision: Return class and mask logits of every decoder layer in training mode.
        learned_targets: Start the decoder from learned contents. From zeros, the self-attention of
            its first layer sees equal values everywhere and has nothing to learn.
    """

    stem_channels: tuple[int, int, int] = (32, 64, 128)
    embed_channels: int = 96
    depths: tuple[int, int, int, int] = (2, 2, 6, 2)
    heads: tuple[int, int, int, int] = (3, 6, 12, 24)
    window_side: int = 7
    drop_path: float = 0.2

    query_count: int = 20
    token_channels: int = 256
    decoder_layers: int = 6
    decoder_heads: int = 8
    decoder_hidden: int = 2048
    class_hidden: int = 128
    dropout: float = 0.1

    pixel_channels: int = 256
    embedding_channels: int = 128
    wide_channels: int = 512
    down_channels: int = 768
    deep_channels: int = 1024
    trimap_channels: int = 256
    alpha_channels: tuple[int, int, int, int] = (256, 128, 96, 64)
    smallest_matte_px: float = 0.0

    mend_linear_tail: bool = True
    order_free_masks: bool = True
    position_encoding: bool = True
    deep_supervision: bool = True
    learned_targets: bool = True

    def __post_init__(self) -> None:
        """Reject sizes that cannot be built.

        Raises:
            ValueError: When heads do not divide widths or there is no query.
        """
        if self.query_count < 1 or self.decoder_layers < 1:
            raise ValueError(f"at least one query and one decoder layer: {self}")
        if self.token_channels % self.decoder_heads or self.token_channels % 4:
            raise ValueError(f"token_channels {self.token_channels} must suit heads and positions")
        for channels, heads in zip(self.stage_channels, self.heads, strict=True):
            if channels % heads:
                raise ValueError(f"{heads} heads do not divide {channels} backbone channels")

    @classmethod
    def published(cls) -> PaperConfig:
        """Describe the published network with all its quirks (70.45 M parameters)."""
        return cls(smallest_matte_px=1000.0).with_published_quirks()

    def with_published_quirks(self) -> PaperConfig:
        """Return this configuration with every mend turned off."""
        return replace(
            self,
            mend_linear_tail=False,
            order_free_masks=False,
            position_encoding=False,
            deep_supervision=False,
            learned_targets=False,
        )

    @property
    def stage_channels(self) -> tuple[int, int, int, int]:
        """Widths of the backbone's features F4, F8, F16 and F32."""
        width = self.embed_channels
        return (width, 2 * width, 4 * width, 8 * width)

    @property
    def code_channels(self) -> int:
        """Width of a latent code: the decoder's token and its two class probabilities."""
        return self.token_channels + 2
