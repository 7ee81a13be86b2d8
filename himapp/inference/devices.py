"""Where the network runs: choose a device, name it, and fall back to the CPU in plain sight."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from himapp.inference.session import DeviceWish

_PROBE_CHANNELS, _PROBE_SIDE, _PROBE_REPEATS = 64, 40, 3
# bfloat16 costs precision at soft edges: it must be clearly faster, not just by the probe's noise.
_BF16_WORTHWHILE = 0.8


@dataclass(frozen=True, slots=True)
class ComputeDevice:
    """A place where the network runs.

    Attributes:
        address: torch's name for it: ``"cpu"``, ``"cuda"``, ``"mps"``.
        name: for people to read, e.g. ``"CPU (2 threads)"``.
        uses_bf16: whether the forward pass runs in bfloat16 where torch thinks that safe.
    """

    address: str
    name: str
    uses_bf16: bool = False

    @property
    def is_cpu(self) -> bool:
        """Whether there is nothing left to fall back to."""
        return self.address == "cpu"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network says about one picture, off the device.

    Attributes:
        score: float32 ``[K]`` in 0..1, best first.
        box: float32 ``[K, 4]``, x0, y0, x1, y1 in input pixels.
        alpha: float32 ``[K, h, w]`` in 0..1 at input size.
    """

    score: npt.NDArray[np.float32]
    box: npt.NDArray[np.float32]
    alpha: npt.NDArray[np.float32]


class InstanceNetwork(Protocol):
    """What is asked of a network (``models.e2e_him`` keeps it)."""

    score_threshold: float
    input_side: int

    def to(self, device: str) -> Any:
        """Move the parameters to a device."""
        ...

    def predict(self, images: torch.Tensor, score_floor: float | None = None) -> list[Any]:
        """Return score ``[K]``, box ``[K, 4]``, alpha ``[K, H, W]`` of each image ``[3, H, W]``."""
        ...


Ask = Callable[[Any, torch.Tensor], Any]
"""A question to a network about one picture."""


def choose_device(wish: DeviceWish = "auto") -> tuple[ComputeDevice, tuple[str, ...]]:
    """Return the device to run on, and what the user should know about the choice.

    A wished-for GPU that is not there is no reason to refuse work: the CPU does it, with a note.
    """
    if wish != "cpu" and torch.cuda.is_available():
        name = f"CUDA ({torch.cuda.get_device_name()})"
        return ComputeDevice("cuda", name, is_bf16_faster("cuda")), ()
    if wish == "cuda":
        return cpu_device(), ("No CUDA device was found, so the CPU did the work.",)
    if wish == "auto" and torch.backends.mps.is_available():
        return ComputeDevice("mps", "GPU (Apple Metal)"), ()
    return cpu_device(), ()


def cpu_device() -> ComputeDevice:
    """Return the CPU with the number of threads torch uses on it."""
    threads = torch.get_num_threads()
    name = f"CPU ({threads} {'thread' if threads == 1 else 'threads'})"
    return ComputeDevice("cpu", name, is_bf16_faster("cpu"))


@lru_cache
def is_bf16_faster(address: str) -> bool:
    """Tell whether a convolution is clearly faster in bfloat16 than in float32 on a device.

    Measured once per process, in some 10 ms: on CPUs without bfloat16 arithmetic it is ten times
    slower, on others twice as fast, and no flag tells both reliably. A GPU without memory for the
    probe keeps float32: its first pass will say so, and the CPU take over.
    """
    try:
        seconds = {
            dtype: _time_convolution(address, dtype) for dtype in (torch.float32, torch.bfloat16)
        }
    except RuntimeError as error:
        if is_out_of_memory(error):
            return False
        raise
    return seconds[torch.bfloat16] < _BF16_WORTHWHILE * seconds[torch.float32]


@torch.inference_mode()
def _time_convolution(address: str, dtype: torch.dtype) -> float:
    """Return the best of a few times of one 3x3 convolution, after a warm-up."""
    image = torch.zeros(1, _PROBE_CHANNELS, _PROBE_SIDE, _PROBE_SIDE, dtype=dtype, device=address)
    kernel = torch.zeros(_PROBE_CHANNELS, _PROBE_CHANNELS, 3, 3, dtype=dtype, device=address)
    times = []
    for _ in range(_PROBE_REPEATS + 1):
        start = time.perf_counter()
        # Reading one value back waits for a GPU to finish.
        torch.nn.functional.conv2d(image, kernel)[0, 0, 0, 0].item()
        times.append(time.perf_counter() - start)
    return min(times[1:])


class NetworkRunner:
    """Runs a network on a device; when a GPU runs out of memory, on the CPU from then on.

    Attributes:
        network: the network, on ``device`` after the first pass.
        device: where the last pass ran or the next one will.
        notes: what the user should know about the device.
    """

    def __init__(
        self,
        network: InstanceNetwork,
        device: ComputeDevice,
        *,
        notes: tuple[str, ...] = (),
        fallback: Callable[[], ComputeDevice] = cpu_device,
    ) -> None:
        self.device = device
        self.notes = notes
        self.network = network
        self._fallback = fallback
        self._is_placed = False

    def predict(self, image: npt.NDArray[np.float32]) -> Prediction:
        """Run the network on one picture.

        Args:
            image: float32 ``[3, h, w]`` RGB in 0..1, both sides divisible by 32.
        """

        def find_everybody(network: Any, images: torch.Tensor) -> Any:
            return network.predict(images, network.score_threshold)[0]

        return self.run(find_everybody, image)

    def run(self, ask: Ask, image: npt.NDArray[np.float32]) -> Prediction:
        """Ask the network about one picture.

        Args:
            ask: called as ``ask(network, images)`` with the picture ``[1, 3, h, w]`` on the
                device; returns score, box and alpha.
            image: as for ``predict``.
        """
        try:
            return self._run(ask, image)
        except RuntimeError as error:
            if self.device.is_cpu or not is_out_of_memory(error):
                raise
        # Outside the except block, so that the traceback no longer holds the GPU's tensors.
        self._fall_back()
        return self._run(ask, image)

    @torch.inference_mode()
    def _run(self, ask: Ask, image: npt.NDArray[np.float32]) -> Prediction:
        if not self._is_placed:
            self.network.to(self.device.address)
            self._is_placed = True
        images = torch.from_numpy(image)[None].to(self.device.address)
        with self._precision():
            found = ask(self.network, images)
        return Prediction(_to_numpy(found.score), _to_numpy(found.box), _to_numpy(found.alpha))

    def _precision(self) -> AbstractContextManager[Any]:
        if not self.device.uses_bf16:
            return nullcontext()
        return torch.autocast(self.device.address, torch.bfloat16)

    def _fall_back(self) -> None:
        self.notes += (f"{self.device.name} ran out of memory, so the CPU did the work.",)
        self.device = self._fallback()
        self._is_placed = False
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def is_out_of_memory(error: RuntimeError) -> bool:
    """Tell whether an error says that a GPU's memory is used up; Metal has no type of its own."""
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error).lower()


def _to_numpy(values: torch.Tensor) -> npt.NDArray[np.float32]:
    return values.detach().float().cpu().numpy()
