from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from models import WeightsFormatError, load_refiner
from models.refiner.network import AlphaRefiner, RefinerConfig
from models.refiner.weights import save_refiner

TINY = RefinerConfig(channels=(4, 6, 8, 8))


def _inputs(height: int = 32, width: int = 48) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    return torch.rand(2, 3, height, width, generator=random), torch.rand(
        2, 1, height, width, generator=random
    )


def test_logits_have_the_patchs_size_and_gradients_reach_everything() -> None:
    network = AlphaRefiner(TINY)
    torch.nn.init.normal_(network.full.weight)
    logits = network(*_inputs())
    assert logits.full.shape == (2, 1, 32, 48)
    assert logits.quarter.shape == (2, 1, 8, 12)
    assert logits.eighth.shape == (2, 1, 4, 6)
    (logits.full.sum() + logits.quarter.sum() + logits.eighth.sum()).backward()
    assert all(p.grad is not None and p.grad.any() for p in network.parameters())


def test_it_is_small_enough_to_ship() -> None:
    assert sum(p.numel() for p in AlphaRefiner().parameters()) <= 1_500_000


def test_fused_norms_change_nothing() -> None:
    network = AlphaRefiner(TINY)
    for _ in range(3):
        network(*_inputs())
    network.eval()
    before = network.refine(*_inputs())
    torch.testing.assert_close(network.fuse().refine(*_inputs()), before, atol=1e-5, rtol=1e-4)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in network.modules())


def test_a_batch_is_what_each_is_alone() -> None:
    network = AlphaRefiner(TINY).eval()
    images, coarse = _inputs()
    together = network.refine(images, coarse)
    alone = network.refine(images[1:], coarse[1:])
    torch.testing.assert_close(together[1:], alone, atol=1e-5, rtol=1e-4)


def test_saved_weights_come_back(tmp_path: Path) -> None:
    network = AlphaRefiner().eval()
    save_refiner(tmp_path / "r.safetensors", network.state_dict(), half=False)
    again = load_refiner(tmp_path / "r.safetensors")
    torch.testing.assert_close(again.refine(*_inputs()), network.refine(*_inputs()))
    assert not again.training


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.safetensors"
    with pytest.raises(WeightsFormatError, match="not a weights file"):
        load_refiner(path)
    path.write_bytes(b"oops")
    with pytest.raises(WeightsFormatError, match="not a weights file"):
        load_refiner(path)
    save_file({"a": torch.zeros(1)}, path, {"network": "e2e_him_lite"})
    with pytest.raises(WeightsFormatError, match="another network"):
        load_refiner(path)
    save_refiner(path, {"a": torch.zeros(1)})
    with pytest.raises(WeightsFormatError, match="does not fit"):
        load_refiner(path)


def test_what_it_has_not_learned_it_leaves_as_it_is() -> None:
    images, coarse = _inputs()
    refined = AlphaRefiner(TINY).eval().refine(images, coarse)
    torch.testing.assert_close(refined, coarse.clamp(0.03, 0.97))
