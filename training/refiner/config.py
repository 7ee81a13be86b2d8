"""Configuration of a refiner's training: a TOML file read into frozen dataclasses."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from training.config import build_config


@dataclass(frozen=True, slots=True)
class PatchConfig:
    """What a patch is made of.

    Attributes:
        side: Pixels of a patch's side, divisible by 16.
        batch: Patches per step.
        ccp, interfaces, openpeople: Shares of the cut-outs' parts.
        rendered: Share of rendered portraits, whose strands are exact.
        groups: Share of rendered groups, one person each, exact too.
        hair: Share of whole people, seen by the network, that get a drawn head of hair.
        strands: Share of the other cut-outs that get drawn strands.
        behind: Share of patches with somebody behind the person.
        in_front: Share of patches with somebody in front.
        hard: Share of drawn guidance that lacks pieces or has too many; the rest has wrong edges.
        seen: Share of patches whose guidance is the network's own matte of a composed picture, once
            there is a network (``RefinerRunConfig.network``).
        kept_pictures: Decoded cut-outs held in memory.
        patches_of_each: Patches drawn before a held cut-out makes room for another.
    """

    side: int = 256
    batch: int = 12
    ccp: float = 0.30
    interfaces: float = 0.20
    openpeople: float = 0.15
    rendered: float = 0.30
    groups: float = 0.05
    hair: float = 0.0
    strands: float = 0.4
    behind: float = 0.2
    in_front: float = 0.1
    hard: float = 0.3
    seen: float = 0.4
    kept_pictures: int = 120
    patches_of_each: int = 6


@dataclass(frozen=True, slots=True)
class RefinerRunConfig:
    """Length and habits of a run.

    Attributes:
        steps: Most optimiser steps; the schedule follows whichever of steps and minutes is further.
        minutes: Most minutes by the clock over all resumptions; 0 sets no limit.
        network: Weights of the network whose mattes are refined, or "" for guidance drawn alone.
        start: Weights to start from, or "" for random ones.
        chained_every: Every so many steps the guidance is the refiner's own answer at half the
            size, as it is from the second level on; 0 never. Needs patches divisible by 32.
        seed: Seed of the run; a resumed run goes on with other patches.
        log_steps: Steps between two lines of the log.
        checkpoint_minutes: Minutes between two checkpoints.
        precision: "float32" or "bfloat16" (autocast).
        device: torch's name of the device.
        threads: torch threads of a CPU run.
    """

    steps: int = 20000
    minutes: float = 0.0
    network: str = ""
    start: str = ""
    chained_every: int = 4
    seed: int = 1
    log_steps: int = 50
    checkpoint_minutes: float = 4.0
    precision: str = "float32"
    device: str = "cpu"
    threads: int = 1


@dataclass(frozen=True, slots=True)
class RefinerOptimiserConfig:
    """AdamW with warm-up and cosine, and the weights of the losses.

    Attributes:
        rate: Peak learning rate.
        weight_decay: Decoupled weight decay.
        warmup_steps: Steps of linear warm-up.
        clip_norm: Greatest gradient norm.
        ema_decay: Decay of the averaged weights, which are what is shipped.
        whole, band, entropy, laplacian, gradient, depths: Weights of the loss's terms.
    """

    rate: float = 1e-3
    weight_decay: float = 0.01
    warmup_steps: int = 100
    clip_norm: float = 1.0
    ema_decay: float = 0.998
    whole: float = 1.0
    band: float = 1.0
    entropy: float = 0.5
    laplacian: float = 1.0
    gradient: float = 1.0
    depths: float = 0.3


@dataclass(frozen=True, slots=True)
class RefinerTrainingConfig:
    """Everything a run needs besides the data's place and the output folder."""

    run: RefinerRunConfig = field(default_factory=RefinerRunConfig)
    patches: PatchConfig = field(default_factory=PatchConfig)
    optimiser: RefinerOptimiserConfig = field(default_factory=RefinerOptimiserConfig)


def read_refiner_config(path: Path) -> RefinerTrainingConfig:
    """Read a TOML file with the sections run, patches and optimiser.

    Raises:
        ValueError: If a section or key is unknown.
    """
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    return build_config(RefinerTrainingConfig, values)
