"""The session of the shipped network."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from himapp.errors import WeightsError
from himapp.imaging.photo import PixelArray
from himapp.inference.both_ways import predict_both_ways
from himapp.inference.crowd import CrowdLook, is_crowd, is_panorama
from himapp.inference.devices import InstanceNetwork, NetworkRunner, choose_device
from himapp.inference.postprocess import FoundPerson, bring_to_photo, select_people
from himapp.inference.preprocess import ModelInput, prepare_input
from himapp.inference.prompting import PromptAnswering
from himapp.inference.prompts import Point, Prompt
from himapp.inference.session import (
    CancelToken,
    DeviceWish,
    InstanceMatte,
    MattingResult,
    ProgressCallback,
    Quality,
    Stage,
    ignore_progress,
)
from himapp.inference.tiles import TileRefiner
from himapp.inference.weights import find_weights
from himapp.paths import weights_path
from models import AlphaRefiner, WeightsFormatError, load_network, load_refiner

_REFINER_NAME = "refiner"
# Chosen on the validation photographs (docs/experiments.md): 576 of 704 pixels.
_DRAFT_SHARE = 0.82
_MULTIPLE = 32


def load_shipped_network() -> InstanceNetwork:
    """Load the network from its checked weights file.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    path = find_weights()
    try:
        return load_network(path)
    except WeightsFormatError as error:
        raise WeightsError(f"The network's weights {path} do not fit this version.") from error


def load_shipped_refiner() -> AlphaRefiner | None:
    """Load the refiner from its checked weights file; None where it was not shipped.

    Raises:
        WeightsError: the file is damaged.
    """
    path = weights_path(_REFINER_NAME)
    if not path.is_file():
        return None
    try:
        return load_refiner(find_weights(path))
    except WeightsFormatError as error:
        raise WeightsError(f"The refiner's weights {path} do not fit this version.") from error


class E2EHimSession:
    """Finds people with E2E-HIM; the network is loaded when the first photo comes.

    Reference: Liu et al., End-to-End Human Instance Matting, IEEE TCSVT 2023.
    """

    def __init__(
        self,
        device: DeviceWish = "auto",
        *,
        quality: Quality = "normal",
        load: Callable[[], InstanceNetwork] = load_shipped_network,
        load_edges: Callable[[], AlphaRefiner | None] = load_shipped_refiner,
    ) -> None:
        """Choose the device; nothing is loaded yet.

        Args:
            device: where the network should run.
            quality: how much work edges are worth.
            load: gives the network, in eval mode and float32.
            load_edges: gives the refiner likewise; without one guided up-sampling draws edges.
        """
        self._load = load
        self._load_edges = load_edges
        self._quality: Quality = quality
        self._refiner: TileRefiner | None = None
        self._device, self._notes = choose_device(device)
        self._runner: NetworkRunner | None = None

    @property
    def device(self) -> str:
        """Where the network runs, for people to read."""
        return (self._runner.device if self._runner else self._device).name

    def find_people(
        self,
        pixels: PixelArray,
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> MattingResult:
        """Find every person and their matte at photo size; see ``MattingSession``."""
        watch = _StageWatch(progress or ignore_progress, cancel or CancelToken())
        runner = self._runner or self._load_runner(watch)
        with watch.stage("find"):
            people, model_input = self._find(runner, pixels, watch)
        with watch.stage("edges", of=len(people)):
            report = partial(watch.progress, "edges")
            mattes = bring_to_photo(
                people,
                model_input,
                pixels,
                progress=report,
                cancel=watch.cancel,
                refiner=self._refiner,
            )
        return MattingResult(mattes, watch.seconds, runner.device.name, runner.notes)

    def _find(
        self, runner: NetworkRunner, pixels: PixelArray, watch: "_StageWatch"
    ) -> tuple[Sequence[FoundPerson], ModelInput]:
        """Return the people on the grid of the last look.

        A crowd or a panorama is looked at again, in tiles.
        """
        network = runner.network
        side = _input_side(network, self._quality)
        is_best = self._quality == "best"
        predict = partial(predict_both_ways, runner) if is_best else runner.predict
        model_input = prepare_input(pixels, side)
        prediction = predict(model_input.image)
        people = select_people(prediction, model_input.placement, network.score_threshold)
        if not is_crowd(people, pixels) and not is_panorama(pixels):
            return people, model_input
        again = CrowdLook(pixels, side, network.score_threshold, predict)
        report = partial(watch.progress, "find")
        return again.find(people, progress=report, cancel=watch.cancel), again.model_input

    def add_person(
        self,
        pixels: PixelArray,
        prompt: Prompt,
        others: Sequence[InstanceMatte],
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> InstanceMatte | None:
        """Find the person a prompt points at; see ``MattingSession``."""
        return self._answering(pixels, progress, cancel).add_person(prompt, others)

    def exclude_place(
        self,
        pixels: PixelArray,
        place: Point,
        matte: InstanceMatte,
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> InstanceMatte | None:
        """Take from a person what is at a place; see ``MattingSession``."""
        return self._answering(pixels, progress, cancel).exclude_place(place, matte)

    def _answering(
        self, pixels: PixelArray, progress: ProgressCallback | None, cancel: CancelToken | None
    ) -> PromptAnswering:
        watch = _StageWatch(progress or ignore_progress, cancel or CancelToken())
        runner = self._runner or self._load_runner(watch)
        return PromptAnswering(runner, pixels, watch.progress, watch.cancel, self._refiner)

    def _load_runner(self, watch: "_StageWatch") -> NetworkRunner:
        with watch.stage("load"):
            refiner = self._load_edges() if self._quality != "draft" else None
            if refiner is not None:
                self._refiner = TileRefiner(refiner, self._device)
            self._runner = NetworkRunner(self._load(), self._device, notes=self._notes)
        return self._runner


def _input_side(network: InstanceNetwork, quality: Quality) -> int:
    """Return the longer side of a look: a draft's is shorter, divisible by 32."""
    if quality != "draft":
        return network.input_side
    return max(_MULTIPLE, round(_DRAFT_SHARE * network.input_side / _MULTIPLE) * _MULTIPLE)


class _StageWatch:
    """Tells and times the stages of one photo, and stops between them on wish."""

    def __init__(self, progress: ProgressCallback, cancel: CancelToken) -> None:
        self.progress = progress
        self.cancel = cancel
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, stage: Stage, of: int = 1) -> Iterator[None]:
        self.cancel.raise_if_cancelled()
        self.progress(stage, 0, of)
        start = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - start
