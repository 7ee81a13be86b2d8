import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from himapp.inference.weights import find_weights
from models import load_refiner
from models.refiner.network import AlphaRefiner
from models.refiner.weights import save_refiner
from training.__main__ import build_parser
from training.data.catalogue import read_catalogue
from training.refiner.config import (
    PatchConfig,
    RefinerOptimiserConfig,
    RefinerRunConfig,
    RefinerTrainingConfig,
    read_refiner_config,
)
from training.refiner.engine import WEIGHTS_NAME, RefinerTrainer, train_refiner
from training.refiner.losses import gradient_difference, refiner_losses
from training.refiner.patches import PatchSampler

SMALL = RefinerTrainingConfig(
    run=RefinerRunConfig(steps=2, log_steps=1),
    patches=PatchConfig(side=64, batch=2, kept_pictures=4),
)


def test_one_batch_is_overfitted(mini_data: Path) -> None:
    config = replace(SMALL, run=replace(SMALL.run, steps=10_000))
    config = replace(config, optimiser=RefinerOptimiserConfig(rate=3e-3, warmup_steps=1))
    sampler = PatchSampler(read_catalogue(mini_data), config.patches, 1)
    patches = [sampler.draw() for _ in range(2)]
    trainer = RefinerTrainer(AlphaRefiner(), config)
    first = trainer.take_step(patches).terms["total"]
    for _ in range(25):
        last = trainer.take_step(patches).terms["total"]
    assert last < 0.6 * first


def test_a_run_writes_its_weights_and_the_same_command_goes_on(
    mini_data: Path, tmp_path: Path
) -> None:
    train_refiner(SMALL, mini_data, tmp_path)
    curve = (tmp_path / "curve.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in curve] == [1, 2]
    load_refiner(tmp_path / "refiner.safetensors")
    train_refiner(replace(SMALL, run=replace(SMALL.run, steps=3)), mini_data, tmp_path)
    curve = (tmp_path / "curve.jsonl").read_text().splitlines()
    assert json.loads(curve[-1])["step"] == 3


def test_a_perfect_answer_has_next_to_no_loss() -> None:
    truth = torch.zeros(1, 1, 32, 32)
    truth[..., 8:24] = 1
    with torch.no_grad():
        logits = AlphaRefiner()(torch.rand(1, 3, 32, 32), truth)
    perfect = replace(logits, full=(truth * 2 - 1) * 20)
    weights = RefinerOptimiserConfig(depths=0)
    assert float(refiner_losses(perfect, truth, truth, weights).total) < 1e-4
    wrong = replace(logits, full=(1 - truth * 2) * 20)
    assert float(refiner_losses(wrong, truth, truth, weights).total) > 1


def test_a_step_has_a_gradient_and_a_plane_has_none() -> None:
    step = torch.zeros(1, 1, 8, 8)
    step[..., 4:] = 1
    gradient = gradient_difference(step)
    assert gradient.shape == step.shape
    np.testing.assert_allclose(gradient[0, 0, 4].tolist(), [0, 0, 0, 0.5, 0.5, 0, 0, 0])
    assert float(gradient_difference(torch.full((1, 1, 8, 8), 0.7)).abs().max()) < 1e-6


def test_the_shipped_recipe_can_be_read_and_errors_are_told(tmp_path: Path) -> None:
    import training

    folder = Path(training.__file__).parent / "configs"
    config = read_refiner_config(folder / "refiner.toml")
    assert config.patches.side % 16 == 0
    bad = tmp_path / "bad.toml"
    bad.write_text("[run]\nstep = 3\n")
    with pytest.raises(ValueError, match="unknown keys"):
        read_refiner_config(bad)
    bad.write_text("[walk]\nsteps = 3\n")
    with pytest.raises(ValueError, match="unknown sections"):
        read_refiner_config(bad)


def test_the_command_line_knows_it(mini_data: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text("[run]\nsteps = 1\n[patches]\nside = 64\nbatch = 2\nkept_pictures = 3\n")
    words = ["refiner", str(recipe), "--data", str(mini_data), "--out", str(tmp_path / "run")]
    options = build_parser().parse_args(words)
    assert options.run_command(options) == 0
    shipped = tmp_path / "shipped" / "refiner.safetensors"
    words = ["export-refiner", "--run", str(tmp_path / "run"), "--out", str(shipped)]
    options = build_parser().parse_args(words)
    assert options.run_command(options) == 0
    load_refiner(find_weights(shipped, shipped.with_name("manifest.json")))


def test_an_exported_refiner_may_be_the_mean_with_an_earlier_one(tmp_path: Path) -> None:
    torch.manual_seed(0)
    one, other = AlphaRefiner().state_dict(), AlphaRefiner().state_dict()
    (tmp_path / "run").mkdir()
    save_refiner(tmp_path / "run" / WEIGHTS_NAME, one)
    save_refiner(tmp_path / "earlier.safetensors", other)
    shipped = tmp_path / "mean.safetensors"
    words = ["export-refiner", "--run", str(tmp_path / "run"), "--out", str(shipped)]
    options = build_parser().parse_args(
        [*words, "--mean-with", str(tmp_path / "earlier.safetensors")]
    )
    assert options.run_command(options) == 0
    for name, value in load_refiner(shipped).state_dict().items():
        expected = (one[name].float() + other[name].float()) / 2
        torch.testing.assert_close(value.float(), expected, atol=2e-3, rtol=2e-3)
