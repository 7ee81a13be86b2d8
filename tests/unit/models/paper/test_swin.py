from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from models.e2e_him.paper import PaperConfig
from models.e2e_him.paper.swin import PatchMerging, SwinBackbone, SwinBlock, _shift_mask


def touched_places(block: SwinBlock, shift_mask: Tensor | None, row: int, column: int) -> Tensor:
    """Where the output of a block on 6 x 6 tokens depends on one input token, bool [6, 6]."""
    tokens = torch.randn(1, 6, 6, 16)
    changed = tokens.clone()
    changed[0, row, column] += 1.0
    with torch.no_grad():
        difference = block(tokens, shift_mask) - block(changed, shift_mask)
    changes: Tensor = difference[0].abs().amax(-1)
    return changes > 0


def test_attention_stays_within_its_window() -> None:
    expected = torch.zeros(6, 6, dtype=torch.bool)
    expected[:3, 3:] = True
    assert torch.equal(touched_places(SwinBlock(16, 2, 3, 0.0), None, 1, 4), expected)


def test_shifted_windows_cross_borders_but_not_the_edge_of_the_map() -> None:
    block, mask = SwinBlock(16, 2, 3, 0.0), _shift_mask(6, 6, 3, torch.device("cpu"))
    crossing = torch.zeros(6, 6, dtype=torch.bool)
    crossing[1:4, 1:4] = True
    corner = torch.zeros(6, 6, dtype=torch.bool)
    corner[0, 0] = True
    assert torch.equal(touched_places(block, mask, 2, 2), crossing)
    assert torch.equal(touched_places(block, mask, 0, 0), corner)


def test_patch_merging_joins_corners_in_the_order_of_published_weights() -> None:
    merging = PatchMerging(1)
    merging.norm = torch.nn.Identity()  # type: ignore[assignment]
    merging.reduction = torch.nn.Identity()  # type: ignore[assignment]
    tokens = torch.arange(4.0).view(1, 2, 2, 1)
    assert merging(tokens).flatten().tolist() == [0.0, 2.0, 1.0, 3.0]


@pytest.mark.parametrize("size", [(8, 8), (16, 24), (40, 8)])
def test_features_halve_from_stage_to_stage(
    tiny_config: PaperConfig, size: tuple[int, int]
) -> None:
    backbone = SwinBackbone(replace(tiny_config, window_side=7)).eval()
    features = backbone(torch.randn(1, 16, *size))
    assert [tuple(feature.shape[1:]) for feature in features] == [
        (16 << stage, size[0] >> stage, size[1] >> stage) for stage in range(4)
    ]


def test_drop_path_skips_blocks_in_training_only() -> None:
    block, tokens = SwinBlock(16, 2, 3, 1.0 - 1e-7), torch.randn(2, 6, 6, 16)
    assert torch.equal(block.train()(tokens, None), tokens)
    assert not torch.equal(block.eval()(tokens, None), tokens)
