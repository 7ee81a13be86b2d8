"""Configuration of a training run: a TOML file read into frozen dataclasses."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from training.licences import LICENCES, Licences

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Config = TypeVar("Config", bound="DataclassInstance")


@dataclass(frozen=True, slots=True)
class DataConfig:
    """What a batch is made of.

    Attributes:
        sides: Sides in pixels to draw each batch's square canvas from, divisible by 32.
        batch: Images per step and process.
        workers: Processes that compose samples; 0 composes in the training process.
        scene_share: Share of real scenes among the samples.
        close_up_share: Share of close-ups (people that fill or exceed the frame).
        rendered_share: Share of rendered groups with exact per-person coverage.
        pasted_share: Share of the real scenes that get extra people pasted in.
        hair_share: Share of the tall people that get a drawn head of hair, exact in alpha.
        strands_share: Share of the other tall cut-outs that get drawn strands.
        degraded_share: Share of the pictures that lose quality (noise, blur, compression).
        zoom: How small and how large scenes and groups are shown, 1 filling the canvas; half of
            them are smaller than that, half larger and cropped.
        labels: Folder of maps that ``self-train`` wrote, for more scenes; "" for none.
        licences: "all", or "commercial" for items whose licence allows commercial use only.
    """

    sides: tuple[int, ...] = (448,)
    batch: int = 12
    workers: int = 1
    scene_share: float = 0.6
    close_up_share: float = 0.1
    rendered_share: float = 0.04
    pasted_share: float = 0.3
    hair_share: float = 0.0
    strands_share: float = 0.0
    degraded_share: float = 1.0
    zoom: tuple[float, float] = (0.75, 2.2)
    labels: str = ""
    licences: Licences = "all"

    def __post_init__(self) -> None:
        """Refuse licences that are no choice.

        Raises:
            ValueError: ``licences`` is neither "all" nor "commercial".
        """
        if self.licences not in LICENCES:
            raise ValueError(f"licences must be one of {LICENCES}, not {self.licences!r}")


@dataclass(frozen=True, slots=True)
class LossConfig:
    """Weights of the loss terms; 0 leaves a term out and saves its time.

    Attributes:
        alpha_images: Most images of a batch and process whose alphas are compared, since that costs
            as much as all the rest; 0 for all.
    """

    person: float = 2.0
    mask: float = 8.0
    dice: float = 2.0
    anybody: float = 0.5
    proposal: float = 0.0
    alpha: float = 0.0
    alpha_images: int = 0

    @property
    def trains_perception(self) -> bool:
        """Whether any term of the perception part counts."""
        return any((self.person, self.mask, self.dice, self.anybody))


@dataclass(frozen=True, slots=True)
class OptimiserConfig:
    """AdamW with warm-up and cosine.

    Attributes:
        rate: Peak learning rate of what is trained.
        trunk_rate: Peak learning rate of the trunk; 0 keeps it frozen.
        backbone_rate: The same of further backbones.
        frozen_stages: How many of a backbone's first stages stay as they are when it is trained;
            the stem stays with them.
        perception: Whether the perception part is trained (False: matting only).
        weight_decay: Decoupled weight decay.
        warmup_steps: Steps of linear warm-up.
        clip_norm: Greatest gradient norm.
        ema_decay: Decay of the averaged weights, which are what is evaluated and shipped.
    """

    rate: float = 6e-4
    trunk_rate: float = 0.0
    backbone_rate: float = 0.0
    frozen_stages: int = 0
    perception: bool = True
    weight_decay: float = 0.02
    warmup_steps: int = 150
    clip_norm: float = 1.0
    ema_decay: float = 0.998


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Length and habits of a run.

    Attributes:
        network: Name in ``models.registry``.
        start: Weights to start from (safetensors), or "" for the converted detector trunk. Those of
            a network with fewer backbones will do as well.
        backbone_starts: Weights of backbones (safetensors), each named after its backbone.
        steps: Most optimiser steps.
        minutes: Most minutes spent in steps, over all resumptions (waiting for data is not
            counted); 0 sets no limit. The schedule follows whichever of steps and minutes is
            further on.
        max_queries: Queries of an image while training.
        seed: Seed of the run; process and worker numbers are added.
        log_steps: Steps between two lines of the log.
        checkpoint_minutes: Minutes between two checkpoints.
        precision: "float32" or "bfloat16" (autocast).
        threads: torch threads of a CPU process; 0 leaves torch's choice.
    """

    network: str = "e2e_him_lite"
    start: str = ""
    backbone_starts: tuple[str, ...] = ()
    steps: int = 4000
    minutes: float = 0.0
    max_queries: int = 30
    seed: int = 1
    log_steps: int = 50
    checkpoint_minutes: float = 4.0
    precision: str = "float32"
    threads: int = 1


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Everything a run needs besides the data's place and the output folder."""

    run: RunConfig = field(default_factory=RunConfig)
    data: DataConfig = field(default_factory=DataConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    loss: LossConfig = field(default_factory=LossConfig)


def read_config(path: Path) -> TrainingConfig:
    """Read a TOML file with the sections run, data, optimiser and loss.

    Raises:
        ValueError: If a section or key is unknown.
    """
    return config_from_mapping(tomllib.loads(path.read_text(encoding="utf-8")))


def config_from_mapping(values: dict[str, dict[str, Any]]) -> TrainingConfig:
    """Build a configuration from nested mappings (see ``read_config``)."""
    return build_config(TrainingConfig, values)


def build_config(kind: type[Config], values: Mapping[str, dict[str, Any]]) -> Config:
    """Build a dataclass of sections from nested mappings; what is not given keeps its default.

    Args:
        kind: A dataclass whose fields are dataclasses that can be made without arguments.
        values: Keys and values by section.

    Raises:
        ValueError: If a section or key is unknown.
    """
    sections = {field.name: getattr(kind(), field.name) for field in dataclasses.fields(kind)}
    if unknown := set(values) - set(sections):
        raise ValueError(f"unknown sections: {sorted(unknown)}")
    parts = {name: _section(type(part), values.get(name, {})) for name, part in sections.items()}
    return kind(**parts)


def _section(kind: type[Any], values: dict[str, Any]) -> Any:
    known = {f.name for f in dataclasses.fields(kind)}
    if set(values) - known:
        raise ValueError(f"unknown keys: {sorted(set(values) - known)}")
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
