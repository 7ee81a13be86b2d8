from dataclasses import dataclass

import numpy as np
import pytest
import torch

from himapp.inference import devices
from himapp.inference.devices import (
    ComputeDevice,
    NetworkRunner,
    choose_device,
    cpu_device,
    is_bf16_faster,
)

# torch's own device without memory or arithmetic stands for a GPU.
FAKE_GPU = ComputeDevice("meta", "Fake GPU")
CPU = ComputeDevice("cpu", "CPU (fake)")
IMAGE = np.full((3, 32, 64), 0.5, np.float32)


@dataclass
class Found:
    score: torch.Tensor
    box: torch.Tensor
    alpha: torch.Tensor


class FakeNetwork:
    """Finds one person everywhere; everywhere but on the CPU it raises ``error``."""

    score_threshold = 0.4
    input_side = 64

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.places: list[str] = []
        self.floors: list[float | None] = []
        self.had_autocast: list[bool] = []

    def to(self, device: str) -> "FakeNetwork":
        self.places.append(device)
        return self

    def predict(self, images: torch.Tensor, score_floor: float | None = None) -> list[Found]:
        self.floors.append(score_floor)
        self.had_autocast.append(torch.is_autocast_enabled("cpu"))
        if self.error and images.device.type != "cpu":
            raise self.error
        height, width = images.shape[2:]
        alpha = torch.ones(1, height, width, dtype=torch.bfloat16)
        return [Found(torch.tensor([0.9]), torch.tensor([[0.0, 0.0, width, height]]), alpha)]


def test_a_prediction_comes_back_as_float32_arrays() -> None:
    network = FakeNetwork()
    prediction = NetworkRunner(network, CPU).predict(IMAGE)
    assert prediction.alpha.dtype == np.float32
    assert prediction.alpha.shape == (1, 32, 64)
    assert prediction.score == pytest.approx([0.9])
    assert network.floors == [0.4]


def test_the_network_is_moved_once() -> None:
    network = FakeNetwork()
    runner = NetworkRunner(network, CPU)
    runner.predict(IMAGE)
    runner.predict(IMAGE)
    assert network.places == ["cpu"]


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("MPS backend out of memory (MPS allocated: 1.0 GB)"),
    ],
)
def test_a_gpu_out_of_memory_hands_over_to_the_cpu_with_a_note(error: Exception) -> None:
    network = FakeNetwork(error)
    runner = NetworkRunner(network, FAKE_GPU, fallback=lambda: CPU)
    prediction = runner.predict(IMAGE)
    assert prediction.alpha.shape == (1, 32, 64)
    assert network.places == ["meta", "cpu"]
    assert runner.device == CPU
    assert runner.notes == ("Fake GPU ran out of memory, so the CPU did the work.",)


def test_after_a_hand_over_the_cpu_stays_at_work_and_the_note_is_not_repeated() -> None:
    network = FakeNetwork(torch.OutOfMemoryError("CUDA out of memory"))
    runner = NetworkRunner(network, FAKE_GPU, fallback=lambda: CPU)
    runner.predict(IMAGE)
    runner.predict(IMAGE)
    assert network.places == ["meta", "cpu"]
    assert len(runner.notes) == 1


def test_another_error_is_not_taken_for_a_lack_of_memory() -> None:
    runner = NetworkRunner(FakeNetwork(RuntimeError("shapes differ")), FAKE_GPU)
    with pytest.raises(RuntimeError, match="shapes differ"):
        runner.predict(IMAGE)


@pytest.mark.parametrize("uses_bf16", [True, False])
def test_bfloat16_is_used_where_the_device_says_so(uses_bf16: bool) -> None:  # noqa: FBT001
    network = FakeNetwork()
    NetworkRunner(network, ComputeDevice("cpu", "CPU", uses_bf16)).predict(IMAGE)
    assert network.had_autocast == [uses_bf16]


def test_the_cpu_tells_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "is_bf16_faster", lambda _: False)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    assert cpu_device().name == "CPU (2 threads)"
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert cpu_device().name == "CPU (1 thread)"


def test_a_gpu_that_is_not_there_is_replaced_with_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "is_bf16_faster", lambda _: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    device, notes = choose_device("cuda")
    assert device.is_cpu
    assert notes == ("No CUDA device was found, so the CPU did the work.",)


def test_a_gpu_is_taken_unless_the_cpu_is_wished_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "is_bf16_faster", lambda _: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Some GPU")
    assert choose_device("auto") == (ComputeDevice("cuda", "CUDA (Some GPU)", True), ())
    assert choose_device("cpu")[0].address == "cpu"


@pytest.mark.parametrize(("bf16_seconds", "expected"), [(0.5, True), (0.95, False), (10, False)])
def test_bfloat16_must_be_clearly_faster(
    monkeypatch: pytest.MonkeyPatch,
    bf16_seconds: float,
    expected: bool,  # noqa: FBT001
) -> None:
    seconds = {torch.float32: 1.0, torch.bfloat16: bf16_seconds}
    monkeypatch.setattr(devices, "_time_convolution", lambda _, dtype: seconds[dtype])
    is_bf16_faster.cache_clear()
    assert is_bf16_faster("cpu") is expected
    is_bf16_faster.cache_clear()


def test_a_gpu_too_full_for_the_probe_is_still_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_no_memory(address: str, dtype: torch.dtype) -> float:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(devices, "_time_convolution", find_no_memory)
    is_bf16_faster.cache_clear()
    assert not is_bf16_faster("cuda")
    is_bf16_faster.cache_clear()


def test_the_probe_really_runs_both_precisions() -> None:
    assert devices._time_convolution("cpu", torch.float32) > 0
    assert devices._time_convolution("cpu", torch.bfloat16) > 0
