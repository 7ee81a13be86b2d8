"""The training loop: one file to read from top to bottom."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from models.e2e_him.lite.network import LATER_PARTS, E2EHimLite
from models.e2e_him.weights import WeightsInfo, load_weights, save_weights
from models.registry import create_network
from training.checkpoint import load_checkpoint, save_checkpoint
from training.config import TrainingConfig
from training.criterion import Criterion, Losses
from training.data.catalogue import read_catalogue
from training.data.loader import Batch, BatchStream
from training.distributed import Processes, agree_on_most, average_gradients
from training.ema import WeightAverage
from training.schedule import rate_factor
from training.starts.record import FOLDER as STARTS
from training.starts.record import WEIGHTS_NAME as TRUNK_NAME

CHECKPOINT_NAME = "checkpoint.pt"
WEIGHTS_NAME = "weights.safetensors"
CURVE_NAME = "curve.jsonl"
_ADDED = ("backbones.", "perception.pixels.from_others.", *LATER_PARTS)
"""What further backbones add to the network, and what older weights lack."""


class Trainer:
    """A network, its optimiser and its averaged weights; knows how to take one step."""

    def __init__(self, network: E2EHimLite, config: TrainingConfig, processes: Processes) -> None:
        self.config = config
        self.processes = processes
        self.network = network.to(processes.device)
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.criterion = Criterion(config.loss)
        self.average = WeightAverage(self.network, config.optimiser.ema_decay)
        self.step = 0
        self.seconds = 0.0
        self._choose_trained_parts()
        self.optimiser = torch.optim.AdamW(
            self._parameter_groups(), weight_decay=config.optimiser.weight_decay
        )

    def take_step(self, batch: Batch) -> Losses:
        """Forward, backward and update on one batch; returns its losses."""
        started = time.monotonic()
        self._set_rates()
        device = self.processes.device
        images = batch.images(device)
        targets = tuple(target.to(device) for target in batch.targets)
        with self._autocast():
            losses = self._losses(images, targets)
        self.optimiser.zero_grad(set_to_none=True)
        if losses.total.requires_grad:  # matting alone learns nothing where nobody was met
            torch.autograd.backward(losses.total)
        average_gradients(self.network.parameters(), self.processes)
        nn.utils.clip_grad_norm_(self._trained(), self.config.optimiser.clip_norm)
        self.optimiser.step()
        self.average.update(self.network, self.step)
        self.step += 1
        seconds = self.seconds + time.monotonic() - started
        self.seconds = agree_on_most(seconds, self.processes)
        return losses

    @property
    def progress(self) -> float:
        """Share of the run that is over, 0..1."""
        run = self.config.run
        by_time = self.seconds / 60 / run.minutes if run.minutes else 0.0
        return min(1.0, max(self.step / run.steps, by_time))

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
        self.step = int(state["step"])
        self.seconds = float(state["seconds"])
        self.network.load_state_dict(state["network"])
        self.average.load(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])

    def _losses(self, images: Tensor, targets: Any) -> Losses:
        rates = self.config.optimiser
        with torch.set_grad_enabled(max(rates.trunk_rate, rates.backbone_rate) > 0):
            looks = self.network.look(images)
        proposals = None
        if self.config.loss.proposal:
            proposals = self.network.propose(looks, images)
        with torch.set_grad_enabled(self.config.optimiser.perception):
            perception = self.network(images, looks, self.config.run.max_queries)
        return self.criterion(self.network, images, perception, targets, proposals)

    def _autocast(self) -> torch.autocast:
        enabled = self.config.run.precision == "bfloat16"
        return torch.autocast(self.processes.device.type, torch.bfloat16, enabled=enabled)

    def _choose_trained_parts(self) -> None:
        optimiser, loss = self.config.optimiser, self.config.loss
        self.network.trunk.requires_grad_(optimiser.trunk_rate > 0)
        for backbone in self.network.backbones.values():
            backbone.requires_grad_(optimiser.backbone_rate > 0)
            if optimiser.frozen_stages:
                _early(backbone, optimiser.frozen_stages).requires_grad_(False)
        self.network.perception.requires_grad_(optimiser.perception)
        self.network.quality.requires_grad_(False)  # see training.quality
        self.network.guidance.requires_grad_(loss.alpha > 0)
        self.network.matting.requires_grad_(loss.alpha > 0)

    def _parameter_groups(self) -> list[dict[str, Any]]:
        rates = self.config.optimiser
        slow = [
            (self.network.trunk, rates.trunk_rate),
            (self.network.backbones, rates.backbone_rate),
        ]
        trained = [([p for p in part.parameters() if p.requires_grad], rate) for part, rate in slow]
        apart = [(parameters, rate) for parameters, rate in trained if parameters]
        own = {id(p) for parameters, _ in apart for p in parameters}
        rest = [p for p in self._trained() if id(p) not in own]
        groups = [(rest, rates.rate), *apart]
        return [{"params": parameters, "peak_rate": rate} for parameters, rate in groups]

    def _trained(self) -> list[nn.Parameter]:
        return [p for p in self.network.parameters() if p.requires_grad]

    def _set_rates(self) -> None:
        warmup = self.config.optimiser.warmup_steps
        factor = rate_factor(self.step, warmup, self.progress)
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak_rate"] * factor


def _early(backbone: Any, stages: int) -> nn.Module:
    early: nn.Module = backbone.early(stages)
    return early


def train(config: TrainingConfig, data: Path, out: Path, processes: Processes) -> None:
    """Run a configuration to its end, going on from ``out``'s checkpoint if there is one.

    Writes checkpoint, averaged weights, curve and a record of the run into ``out``.
    """
    if config.run.threads and processes.device.type == "cpu":
        torch.set_num_threads(config.run.threads)
    torch.manual_seed(config.run.seed)
    trainer = Trainer(start_network(config), config, processes)
    if (out / CHECKPOINT_NAME).exists():
        trainer.restore(load_checkpoint(out / CHECKPOINT_NAME))
    elif processes.is_first:
        _write_record(config, out)
    seed = config.run.seed * 1000 + processes.rank * 100 + trainer.step
    wanted = config.loss.alpha > 0
    labels = Path(config.data.labels) if config.data.labels else None
    catalogue = read_catalogue(data, labels, config.data.licences)
    stream = BatchStream(catalogue, config.data, seed, with_alphas=wanted)
    try:
        _run_steps(trainer, stream, out)
    finally:
        stream.close()


def start_network(config: TrainingConfig) -> E2EHimLite:
    """Create the configured network with the weights it starts from.

    Raises:
        ValueError: If there is no recipe for the network, or it has no backbone of a start's name.
    """
    network = create_network(config.run.network)
    if not isinstance(network, E2EHimLite):
        raise ValueError(f"no training recipe for {config.run.network}")
    if config.run.start:
        load_weights(network, Path(config.run.start), may_lack=_ADDED)
    else:
        network.trunk.load_state_dict(load_file(STARTS / TRUNK_NAME))
    for start in map(Path, config.run.backbone_starts):
        if start.stem not in network.backbones:
            raise ValueError(f"{config.run.network} has no backbone {start.stem}")
        load_weights(network.backbones[start.stem], start)
    return network.train()


def _run_steps(trainer: Trainer, stream: BatchStream, out: Path) -> None:
    journal = Journal(out, trainer)
    for batch in stream:
        if trainer.progress >= 1:
            break
        journal.note(trainer.take_step(batch))
    journal.save()


class Journal:
    """Logs the mean of the losses and saves checkpoints now and then (first process only)."""

    def __init__(self, out: Path, trainer: Trainer) -> None:
        self.out = out
        self.trainer = trainer
        self._sums: dict[str, float] = {}
        self._since = self._saved = time.monotonic()
        self._steps = 0

    def note(self, losses: Losses) -> None:
        """Add one step's losses; log and save where it is time."""
        if not self.trainer.processes.is_first:
            return
        for name, value in losses.terms.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._steps += 1
        if self._steps == self.trainer.config.run.log_steps:
            self._log()
        minutes = (time.monotonic() - self._saved) / 60
        if minutes >= self.trainer.config.run.checkpoint_minutes:
            self.save()

    def save(self) -> None:
        """Write checkpoint and averaged weights."""
        if not self.trainer.processes.is_first:
            return
        save_checkpoint(self.out / CHECKPOINT_NAME, self.trainer.state())
        network = self.trainer.network
        info = WeightsInfo(
            self.trainer.config.run.network, network.score_threshold, network.input_side
        )
        save_weights(self.out / WEIGHTS_NAME, self.trainer.average.weights, info)
        self._saved = time.monotonic()

    def _log(self) -> None:
        config, now = self.trainer.config, time.monotonic()
        images = self._steps * config.data.batch * self.trainer.processes.count
        row = {"step": self.trainer.step, "images_per_s": round(images / (now - self._since), 2)}
        row |= {name: round(total / self._steps, 4) for name, total in self._sums.items()}
        with (self.out / CURVE_NAME).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        sys.stdout.write(f"{json.dumps(row)}\n")
        sys.stdout.flush()
        self._sums, self._steps, self._since = {}, 0, now


def _write_record(config: TrainingConfig, out: Path) -> None:
    """Write the configuration and the source revision beside the results."""
    out.mkdir(parents=True, exist_ok=True)
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    revision = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    record = {"revision": revision, "config": dataclasses.asdict(config)}
    (out / "run.json").write_text(json.dumps(record, indent=2), encoding="utf-8")
