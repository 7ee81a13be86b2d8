from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import models
from models.e2e_him.lite.network import LATER_PARTS, E2EHimLite
from models.e2e_him.weights import WeightsInfo, save_weights

INFO = WeightsInfo("e2e_him_lite", 0.35, 576)


@pytest.fixture
def lite() -> E2EHimLite:
    torch.manual_seed(0)
    network = models.create_network("e2e_him_lite")
    assert isinstance(network, E2EHimLite)
    return network


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        ValueError,
        match="'e2e_him_big'; known: e2e_him_lite, e2e_him_swin_t, e2e_him_lite_mobilenet_v2",
    ):
        models.create_network("e2e_him_big")


def test_the_paper_network_has_its_name() -> None:
    with torch.device("meta"):
        network = models.create_network("e2e_him_swin_t")
    assert type(network).__name__ == "PaperE2EHim"


def test_a_loaded_network_predicts_what_the_saved_one_did(lite: E2EHimLite, tmp_path: Path) -> None:
    save_weights(tmp_path / "net.safetensors", lite.state_dict(), INFO, half=False)
    loaded = models.load_network(tmp_path / "net.safetensors")
    assert not loaded.training
    assert (loaded.score_threshold, loaded.input_side) == (0.35, 576)
    images = torch.rand(1, 3, 64, 64)
    before, after = lite.eval().predict(images, 0.0)[0], loaded.predict(images, 0.0)[0]
    assert torch.equal(before.score, after.score)
    assert torch.equal(before.alpha, after.alpha)


def test_weights_for_an_unknown_network_are_refused(lite: E2EHimLite, tmp_path: Path) -> None:
    info = replace(INFO, network="e2e_him_big")
    save_weights(tmp_path / "net.safetensors", lite.state_dict(), info)
    with pytest.raises(models.WeightsFormatError, match="unknown network 'e2e_him_big'"):
        models.load_network(tmp_path / "net.safetensors")


def test_weights_that_name_the_wrong_network_are_refused(tmp_path: Path) -> None:
    save_weights(tmp_path / "net.safetensors", {"weight": torch.zeros(3)}, INFO)
    with pytest.raises(models.WeightsFormatError, match="does not fit"):
        models.load_network(tmp_path / "net.safetensors")


def test_weights_from_before_the_later_parts_make_the_network_they_made(
    lite: E2EHimLite, tmp_path: Path
) -> None:
    old = {k: v for k, v in lite.state_dict().items() if not k.startswith(LATER_PARTS)}
    save_weights(tmp_path / "net.safetensors", old, INFO, half=False)
    images = torch.rand(1, 3, 64, 64)
    before = lite.eval().predict(images, 0.0)[0]
    after = models.load_network(tmp_path / "net.safetensors").predict(images, 0.0)[0]
    assert torch.equal(before.alpha, after.alpha)
