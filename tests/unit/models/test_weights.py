from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from models.e2e_him.weights import (
    WeightsFormatError,
    WeightsInfo,
    load_weights,
    read_info,
    save_weights,
)

INFO = WeightsInfo("e2e_him_lite", 0.35, 576)
HALF_STEP = 2.0**-11  # float16 keeps 11 significant bits


@pytest.fixture
def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.Conv2d(3, 4, 3))


@pytest.fixture
def saved(network: torch.nn.Module, tmp_path: Path) -> Path:
    save_weights(tmp_path / "net.safetensors", network.state_dict(), INFO)
    return tmp_path / "net.safetensors"


def test_what_a_file_says_of_its_network_comes_back(saved: Path) -> None:
    assert read_info(saved) == INFO


def test_saved_equals_loaded_but_for_the_rounding_to_half(
    network: torch.nn.Module, saved: Path
) -> None:
    wanted = {name: value.clone() for name, value in network.state_dict().items()}
    for parameter in network.parameters():
        torch.nn.init.zeros_(parameter)
    load_weights(network, saved)
    for name, value in network.state_dict().items():
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, wanted[name], rtol=HALF_STEP, atol=1e-7)


def test_full_precision_is_kept_on_demand(network: torch.nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "full.safetensors"
    save_weights(path, network.state_dict(), INFO, half=False)
    for name, value in load_file(path).items():
        assert torch.equal(value, network.state_dict()[name])


def test_saving_leaves_one_file(saved: Path) -> None:
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_a_missing_file_is_refused(network: torch.nn.Module, tmp_path: Path) -> None:
    with pytest.raises(WeightsFormatError, match=r"none\.safetensors is not a weights file"):
        read_info(tmp_path / "none.safetensors")
    with pytest.raises(WeightsFormatError, match=r"none\.safetensors does not fit"):
        load_weights(network, tmp_path / "none.safetensors")


@pytest.mark.parametrize("keep", [0, 4, 60, -1])
def test_a_truncated_file_is_refused(network: torch.nn.Module, saved: Path, keep: int) -> None:
    saved.write_bytes(saved.read_bytes()[:keep])
    with pytest.raises(WeightsFormatError):
        read_info(saved)
    with pytest.raises(WeightsFormatError):
        load_weights(network, saved)


def test_a_file_of_something_else_is_refused(network: torch.nn.Module, saved: Path) -> None:
    saved.write_bytes(b"\x89PNG\r\n\x1a\n" * 100)
    with pytest.raises(WeightsFormatError):
        read_info(saved)
    with pytest.raises(WeightsFormatError):
        load_weights(network, saved)


def test_tensors_without_our_metadata_are_refused(tmp_path: Path) -> None:
    save_file({"0.weight": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    with pytest.raises(WeightsFormatError, match=r"foreign\.safetensors"):
        read_info(tmp_path / "foreign.safetensors")


@pytest.mark.parametrize("change", ["missing", "additional", "reshaped"])
def test_weights_of_another_network_are_refused(
    network: torch.nn.Module, tmp_path: Path, change: str
) -> None:
    tensors = dict(network.state_dict())
    if change == "missing":
        del tensors["0.bias"]
    else:
        tensors["2.bias" if change == "additional" else "0.bias"] = torch.zeros(3)
    save_weights(tmp_path / "other.safetensors", tensors, INFO)
    with pytest.raises(WeightsFormatError, match="does not fit"):
        load_weights(network, tmp_path / "other.safetensors")
