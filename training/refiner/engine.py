"""The refiner's training loop."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.e2e_him.weights import load_weights
from models.refiner.network import AlphaRefiner
from models.refiner.weights import save_refiner
from models.registry import load_network
from training.checkpoint import load_checkpoint, save_checkpoint
from training.data.catalogue import read_catalogue
from training.ema import WeightAverage
from training.refiner.config import RefinerTrainingConfig, read_refiner_config
from training.refiner.losses import RefinerLosses, refiner_losses
from training.refiner.patches import Patch, PatchSampler
from training.schedule import rate_factor

CHECKPOINT_NAME = "checkpoint.pt"
WEIGHTS_NAME = "refiner.safetensors"
CURVE_NAME = "curve.jsonl"


class RefinerTrainer:
    """The refiner, its optimiser and its averaged weights; knows how to take one step."""

    def __init__(self, network: AlphaRefiner, config: RefinerTrainingConfig) -> None:
        self.config = config
        self.device = torch.device(config.run.device)
        self.network = network.train().to(self.device)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = WeightAverage(self.network, config.optimiser.ema_decay)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), weight_decay=config.optimiser.weight_decay
        )
        self.step = 0
        self.seconds = 0.0

    @property
    def progress(self) -> float:
        """Share of the run that is over, 0..1."""
        run = self.config.run
        by_time = self.seconds / 60 / run.minutes if run.minutes else 0.0
        return min(1.0, max(self.step / run.steps, by_time))

    def take_step(self, patches: list[Patch]) -> RefinerLosses:
        """Forward, backward and update on one batch; returns its losses."""
        settings = self.config.optimiser
        for group in self.optimiser.param_groups:
            group["lr"] = settings.rate * rate_factor(
                self.step, settings.warmup_steps, self.progress
            )
        pictures, coarse, truth = stack_patches(patches, self.device)
        every = self.config.run.chained_every
        if every and self.step % every == every - 1:
            coarse = self._look_smaller(pictures, coarse)
        enabled = self.config.run.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=enabled):
            logits = self.network(pictures, coarse)
        losses = refiner_losses(logits, truth, coarse, settings)
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(losses.total)
        nn.utils.clip_grad_norm_(self.network.parameters(), settings.clip_norm)
        self.optimiser.step()
        self.average.update(self.network, self.step)
        self.step += 1
        return losses

    @torch.no_grad()
    def _look_smaller(self, pictures: Tensor, coarse: Tensor) -> Tensor:
        """Return the refiner's own answer at half the size: the guidance of the level above."""
        self.network.eval()
        half = self.network(F.avg_pool2d(pictures, 2), F.avg_pool2d(coarse, 2)).full
        self.network.train()
        size = coarse.shape[2:]
        alpha = half.float().sigmoid()
        return F.interpolate(alpha, size=size, mode="bilinear", align_corners=False)

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint holds."""
        return {
            "step": self.step,
            "seconds": self.seconds,
            "network": self.network.state_dict(),
            "average": self.average.weights,
            "optimiser": self.optimiser.state_dict(),
            "config": dataclasses.asdict(self.config),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.step, self.seconds = int(state["step"]), float(state["seconds"])
        self.network.load_state_dict(state["network"])
        self.average.load(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])


def stack_patches(patches: list[Patch], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Return pictures ``[B, 3, S, S]``, guidance and truth ``[B, 1, S, S]``, all in 0..1."""
    pictures = torch.from_numpy(np.stack([patch.picture for patch in patches])).to(device)
    coarse = torch.from_numpy(np.stack([patch.coarse for patch in patches])).to(device)
    truth = torch.from_numpy(np.stack([patch.alpha for patch in patches])).to(device)
    return pictures.permute(0, 3, 1, 2).float() / 255, coarse[:, None], truth[:, None]


def train_refiner(config: RefinerTrainingConfig, data: Path, out: Path) -> None:
    """Run a configuration to its end, going on from ``out``'s checkpoint if there is one.

    Writes checkpoint, averaged weights (float16) and curve into ``out``.
    """
    if config.run.threads and config.run.device == "cpu":
        torch.set_num_threads(config.run.threads)
    torch.manual_seed(config.run.seed)
    network = AlphaRefiner()
    if config.run.start:
        load_weights(network, Path(config.run.start))
    trainer = RefinerTrainer(network, config)
    out.mkdir(parents=True, exist_ok=True)
    if (out / CHECKPOINT_NAME).exists():
        trainer.restore(load_checkpoint(out / CHECKPOINT_NAME))
    seed = config.run.seed * 1_000_003 + trainer.step
    perception = load_network(Path(config.run.network)) if config.run.network else None
    sampler = PatchSampler(read_catalogue(data), config.patches, seed, perception)
    _run_steps(trainer, sampler, out)


def _run_steps(trainer: RefinerTrainer, sampler: PatchSampler, out: Path) -> None:
    before, started = trainer.seconds, time.monotonic()
    saved, rows = started, list[dict[str, float]]()
    while trainer.progress < 1:
        patches = [sampler.draw() for _ in range(trainer.config.patches.batch)]
        rows.append(trainer.take_step(patches).terms)
        trainer.seconds = before + time.monotonic() - started
        if len(rows) == trainer.config.run.log_steps:
            _log(trainer, rows, out)
            rows = []
        if time.monotonic() - saved >= 60 * trainer.config.run.checkpoint_minutes:
            _save(trainer, out)
            saved = time.monotonic()
    _save(trainer, out)


def _save(trainer: RefinerTrainer, out: Path) -> None:
    save_checkpoint(out / CHECKPOINT_NAME, trainer.state())
    save_refiner(out / WEIGHTS_NAME, trainer.average.weights)


def _log(trainer: RefinerTrainer, rows: list[dict[str, float]], out: Path) -> None:
    row = {"step": trainer.step, "minutes": round(trainer.seconds / 60, 1)}
    row |= {name: round(float(np.mean([r[name] for r in rows])), 4) for name in rows[0]}
    with (out / CURVE_NAME).open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    sys.stdout.write(f"{json.dumps(row)}\n")
    sys.stdout.flush()


def add_refiner_arguments(parser: ArgumentParser) -> None:
    """Add the options of `refiner`."""
    parser.add_argument("config", type=Path, help="a TOML file, see training/configs/refiner.toml")
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run's results")


def run_refiner(args: Namespace) -> int:
    """Train the refiner, or go on."""
    train_refiner(read_refiner_config(args.config), args.data, args.out)
    return 0
