from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import save_file

from models.e2e_him.lite.backbones import BACKBONES
from training import backbones
from training.backbones import DEFAULT, compare_backbones, contestant, result_lines
from training.config import DataConfig, OptimiserConfig, RunConfig, TrainingConfig

SHORT = TrainingConfig(
    run=RunConfig(steps=1, checkpoint_minutes=100),
    data=DataConfig(sides=(64,), batch=1, workers=0),
    optimiser=OptimiserConfig(warmup_steps=1),
)


def test_a_backbone_with_a_start_is_frozen_and_one_without_is_trained(tmp_path: Path) -> None:
    (tmp_path / "mobilenet_v2.safetensors").touch()
    assert contestant(SHORT, DEFAULT, tmp_path) == SHORT
    frozen = contestant(SHORT, "mobilenet_v2", tmp_path)
    assert frozen.run.network == "e2e_him_lite_mobilenet_v2"
    assert [Path(p).name for p in frozen.run.backbone_starts] == ["mobilenet_v2.safetensors"]
    assert frozen.optimiser.backbone_rate == 0
    trained = contestant(SHORT, "swin_t", tmp_path)
    assert trained.run.backbone_starts == ()
    assert trained.optimiser.backbone_rate == SHORT.optimiser.rate


def test_contestants_are_trained_and_measured_once(
    mini_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backbones, "_PASSES", 1)
    monkeypatch.setattr(backbones, "_PASS_SIDE_PX", 64)
    start = {k: v.contiguous() for k, v in BACKBONES["mobilenet_v2"]().state_dict().items()}
    save_file(start, tmp_path / "mobilenet_v2.safetensors")
    names = (DEFAULT, "mobilenet_v2")
    first = compare_backbones(SHORT, mini_data, tmp_path / "out", tmp_path, names, 64)
    assert [row.start for row in first.values()] == ["–", "pretrained, frozen"]
    default, second = first.values()
    assert second.million_parameters - default.million_parameters > 1.7
    assert all(row.seconds > 0 and row.peak_mib > 50 for row in first.values())
    lines = result_lines(first)
    assert lines[-1].startswith("| mobilenet_v2 | pretrained, frozen | ")
    monkeypatch.setattr(backbones, "train", None)
    longer = replace(SHORT, run=replace(SHORT.run, steps=2))
    again = compare_backbones(longer, mini_data, tmp_path / "out", tmp_path, names, 64)
    assert again == first
