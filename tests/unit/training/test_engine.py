from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import models
from models.e2e_him.lite.backbones import BACKBONES
from training.checkpoint import load_checkpoint, save_checkpoint
from training.config import DataConfig, LossConfig, OptimiserConfig, RunConfig, TrainingConfig
from training.data.catalogue import read_catalogue
from training.data.compose import Canvas
from training.data.loader import Batch, compose_batch
from training.data.sampling import Sampler
from training.data.targets import target_of
from training.distributed import Processes
from training.engine import CHECKPOINT_NAME, CURVE_NAME, WEIGHTS_NAME, Trainer, start_network, train

ALONE = Processes(rank=0, count=1, device=torch.device("cpu"))
CONFIG = TrainingConfig(
    run=RunConfig(steps=3, log_steps=1, max_queries=6),
    data=DataConfig(sides=(64,), batch=2, workers=0),
    optimiser=OptimiserConfig(warmup_steps=1),
)
MATTING_ONLY = replace(
    CONFIG,
    optimiser=replace(CONFIG.optimiser, perception=False),
    loss=LossConfig(person=0.0, mask=0.0, dice=0.0, anybody=0.0, alpha=1.0),
)


def with_run(config: TrainingConfig, **changes: float | str | tuple[str, ...]) -> TrainingConfig:
    return replace(config, run=replace(config.run, **changes))


def trainer_of(config: TrainingConfig) -> Trainer:
    return Trainer(start_network(config), config, ALONE)


def batch_of(data: Path, config: TrainingConfig) -> Batch:
    sampler = Sampler(read_catalogue(data), config.data, seed=3)
    return compose_batch(sampler, with_alphas=config.loss.alpha > 0)


def curve_of(out: Path) -> list[dict[str, float]]:
    lines = (out / CURVE_NAME).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def stopped_run(mini_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was stopped after three steps and then went on to five."""
    out = tmp_path_factory.mktemp("run")
    torch.set_num_threads(1)
    train(CONFIG, mini_data, out, ALONE)
    assert load_checkpoint(out / CHECKPOINT_NAME)["step"] == 3
    train(with_run(CONFIG, steps=5), mini_data, out, ALONE)
    return out


def test_a_stopped_run_goes_on_from_its_checkpoint(stopped_run: Path) -> None:
    assert [row["step"] for row in curve_of(stopped_run)] == [1, 2, 3, 4, 5]
    assert load_checkpoint(stopped_run / CHECKPOINT_NAME)["step"] == 5


def test_the_curve_holds_every_term(stopped_run: Path) -> None:
    for row in curve_of(stopped_run):
        assert set(row) == {"step", "images_per_s", "person", "mask", "dice", "anybody", "met"}


def test_a_runs_weights_can_be_loaded(stopped_run: Path) -> None:
    network = models.load_network(stopped_run / WEIGHTS_NAME)
    average = load_checkpoint(stopped_run / CHECKPOINT_NAME)["average"]
    for name, value in network.state_dict().items():
        # float16 keeps 11 bits.
        torch.testing.assert_close(value, average[name].contiguous(), rtol=2**-11, atol=1e-7)


def test_a_run_says_what_it_was(stopped_run: Path) -> None:
    record = json.loads((stopped_run / "run.json").read_text(encoding="utf-8"))
    assert record["config"]["data"]["sides"] == [64]
    assert set(record) == {"revision", "config"}


def test_a_run_starts_from_an_earlier_stages_weights(stopped_run: Path) -> None:
    config = with_run(CONFIG, start=str(stopped_run / WEIGHTS_NAME))
    started = start_network(config).state_dict()
    for name, value in models.load_network(stopped_run / WEIGHTS_NAME).state_dict().items():
        assert torch.equal(started[name], value)


def test_a_network_without_a_recipe_is_refused() -> None:
    recipe = pytest.raises(ValueError, match="no training recipe for e2e_him_swin_t")
    with torch.device("meta"), recipe:
        start_network(with_run(CONFIG, network="e2e_him_swin_t"))


def test_a_restored_trainer_takes_the_same_step(mini_data: Path, tmp_path: Path) -> None:
    batch, trainer = batch_of(mini_data, CONFIG), trainer_of(CONFIG)
    trainer.take_step(batch)
    save_checkpoint(tmp_path / "checkpoint.pt", trainer.state())
    other = trainer_of(CONFIG)
    other.restore(load_checkpoint(tmp_path / "checkpoint.pt"))
    wanted, found = trainer.take_step(batch), other.take_step(batch)
    assert found.terms == pytest.approx(wanted.terms, rel=1e-4)
    for one, two in zip(trainer.network.parameters(), other.network.parameters(), strict=True):
        torch.testing.assert_close(one, two)


def test_a_frozen_trunk_stays_as_it_was(mini_data: Path) -> None:
    trainer = trainer_of(CONFIG)
    before = {k: v.clone() for k, v in trainer.network.state_dict().items()}
    trainer.take_step(batch_of(mini_data, CONFIG))
    changed = {
        name.partition(".")[0]
        for name, value in trainer.network.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert changed == {"perception"}


def test_a_trunk_is_tuned_at_its_own_rate() -> None:
    config = replace(CONFIG, optimiser=replace(CONFIG.optimiser, trunk_rate=1e-5))
    rates = [group["peak_rate"] for group in trainer_of(config).optimiser.param_groups]
    assert rates == [config.optimiser.rate, 1e-5]


def test_late_stages_of_a_backbone_are_tuned_and_early_ones_stay(mini_data: Path) -> None:
    rates = replace(CONFIG.optimiser, backbone_rate=1e-2, frozen_stages=5)
    config = with_run(replace(CONFIG, optimiser=rates), network="e2e_him_lite_mobilenet_v2")
    trainer = trainer_of(config)
    for joint in trainer.network.perception.pixels.from_others["mobilenet_v2"]:
        torch.nn.init.normal_(joint.weight)  # at zero, nothing behind them is trained
    before = {k: v.clone() for k, v in trainer.network.backbones.state_dict().items()}
    trainer.take_step(batch_of(mini_data, config))
    after = trainer.network.backbones.state_dict()
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert {name.rpartition(".")[0].split(".")[2] for name in changed} == {"5", "6"}
    rates_used = [group["peak_rate"] for group in trainer.optimiser.param_groups]
    assert rates_used == [config.optimiser.rate, 1e-2]


def test_a_backbone_starts_from_the_file_named_after_it(tmp_path: Path) -> None:
    given = BACKBONES["efficientnet_lite2"]().state_dict()
    start = tmp_path / "efficientnet_lite2.safetensors"
    save_file(given, start)
    network = "e2e_him_lite_mobilenet_v2_efficientnet_lite2"
    started = start_network(with_run(CONFIG, network=network, backbone_starts=(str(start),)))
    for name, value in started.backbones["efficientnet_lite2"].state_dict().items():
        assert torch.equal(value, given[name])


def test_a_start_of_a_backbone_that_the_network_lacks_is_refused() -> None:
    config = with_run(CONFIG, backbone_starts=("starts/mobilenet_v2.safetensors",))
    with pytest.raises(ValueError, match="e2e_him_lite has no backbone mobilenet_v2"):
        start_network(config)


def test_matting_alone_leaves_perception(mini_data: Path) -> None:
    trainer = trainer_of(MATTING_ONLY)
    before = {k: v.clone() for k, v in trainer.network.state_dict().items()}
    trainer.take_step(matting_batch(canvas_of_somebody()))
    changed = {
        name.partition(".")[0]
        for name, value in trainer.network.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert changed <= {"guidance", "matting"}


def test_matting_alone_passes_over_a_batch_without_people() -> None:
    trainer = trainer_of(MATTING_ONLY)
    losses = trainer.take_step(matting_batch(Canvas.over(canvas_of_somebody().picture)))
    assert losses.terms == {"alpha": 0.0, "met": 0.0}
    assert trainer.step == 1


def canvas_of_somebody() -> Canvas:
    picture = torch.full((64, 64, 3), 200, dtype=torch.uint8).numpy()
    canvas = Canvas.over(picture)
    alpha = torch.zeros(64, 64, dtype=torch.uint8).numpy()
    alpha[8:60, 16:48] = 255
    canvas.picture[alpha > 0] = 50
    canvas.add_person(alpha)
    return canvas


def matting_batch(canvas: Canvas) -> Batch:
    pictures = torch.from_numpy(canvas.picture)[None]
    return Batch(pictures, (target_of(canvas, with_alphas=True),))


def test_progress_follows_whichever_of_steps_and_minutes_is_further_on() -> None:
    trainer = trainer_of(with_run(CONFIG, steps=100, minutes=2.0))
    assert trainer.progress == 0
    trainer.step = 30
    assert trainer.progress == pytest.approx(0.3)
    trainer.seconds = 60.0
    assert trainer.progress == pytest.approx(0.5)
    trainer.seconds = 600.0
    assert trainer.progress == 1.0


def test_without_minutes_only_steps_count() -> None:
    trainer = trainer_of(CONFIG)
    trainer.seconds = 1e6
    assert trainer.progress == 0


def test_bfloat16_steps_are_finite(mini_data: Path) -> None:
    config = with_run(CONFIG, precision="bfloat16")
    config = replace(config, loss=LossConfig(proposal=1.0, alpha=1.0))
    losses = trainer_of(config).take_step(batch_of(mini_data, config))
    assert torch.isfinite(losses.total)


def test_an_interrupted_checkpoint_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run" / "checkpoint.pt"
    save_checkpoint(path, {"step": 1})

    def interrupt(state: object, file: Path) -> None:
        file.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, {"step": 2})
    assert load_checkpoint(path) == {"step": 1}
