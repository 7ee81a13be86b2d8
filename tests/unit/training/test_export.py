from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import models
from himapp.inference.weights import find_weights
from models.e2e_him.lite.network import LATER_PARTS
from models.e2e_him.weights import WeightsInfo, read_info, save_weights
from training.__main__ import main
from training.engine import WEIGHTS_NAME
from training.export import Earlier, export_run, list_in_manifest, mean_weights


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that wrote nothing but its averaged weights."""
    folder = tmp_path_factory.mktemp("run")
    torch.manual_seed(0)
    weights = models.create_network("e2e_him_lite").state_dict()
    save_weights(folder / WEIGHTS_NAME, weights, WeightsInfo("e2e_him_lite", 0.5, 640))
    return folder


def test_an_export_holds_the_weights_and_what_was_chosen(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "weights" / "e2e_him_lite.safetensors"
    words = ["export", "--run", run, "--threshold", 0.35, "--side", 576, "--out", file]
    assert main([str(word) for word in words]) == 0
    assert read_info(file) == WeightsInfo("e2e_him_lite", 0.35, 576)
    own, other = models.load_network(run / WEIGHTS_NAME), models.load_network(file)
    for name, value in own.state_dict().items():
        assert torch.equal(other.state_dict()[name], value)


@pytest.mark.parametrize(("option", "share"), [([], 0.5), (["--mean-share", 0.25], 0.25)])
def test_an_export_may_be_the_mean_with_earlier_weights(
    run: Path, tmp_path: Path, option: list[str | float], share: float
) -> None:
    earlier, file = tmp_path / "earlier.safetensors", tmp_path / "e2e_him_lite.safetensors"
    torch.manual_seed(1)
    state = models.create_network("e2e_him_lite").state_dict()
    save_weights(earlier, state, WeightsInfo("e2e_him_lite", 0.5, 640))
    words = ["export", "--run", run, "--threshold", 0.4, "--side", 640, "--mean-with", earlier]
    assert main([str(word) for word in [*words, *option, "--out", file]]) == 0
    states = [models.load_network(p).state_dict() for p in (run / WEIGHTS_NAME, earlier, file)]
    for one, other, mean in zip(*(state.values() for state in states), strict=True):
        expected = (1 - share) * one + share * other
        torch.testing.assert_close(mean, expected, atol=2e-3, rtol=2e-3)


def test_a_mean_with_weights_that_lack_later_parts_halves_what_those_answer(
    run: Path, tmp_path: Path
) -> None:
    state = models.load_network(run / WEIGHTS_NAME).state_dict()
    state["matting.context.change.weight"] = torch.ones_like(state["matting.context.change.weight"])
    info = WeightsInfo("e2e_him_lite", 0.5, 640)
    (tmp_path / "run").mkdir()
    save_weights(tmp_path / "run" / WEIGHTS_NAME, state, info)
    old = {name: value for name, value in state.items() if not name.startswith(LATER_PARTS)}
    save_weights(tmp_path / "old.safetensors", old, info)
    file, earlier = tmp_path / "mean.safetensors", Earlier(tmp_path / "old.safetensors")
    export_run(tmp_path / "run", file, threshold=0.5, side=640, mean_with=earlier)
    mean = models.load_network(file).state_dict()
    change = "matting.context.change.weight"
    for name, value in (state | {change: state[change] / 2}).items():
        torch.testing.assert_close(mean[name], value, atol=2e-3, rtol=2e-3)


def test_weights_of_two_networks_have_no_mean() -> None:
    with pytest.raises(ValueError, match="different networks"):
        mean_weights({"a": torch.zeros(2)}, {"a": torch.zeros(3)})


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_mean_needs_a_share_of_both(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        mean_weights({"a": torch.zeros(2)}, {"a": torch.zeros(2)}, share)


def test_the_application_accepts_the_manifest(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "e2e_him_lite.safetensors"
    export_run(run, file, threshold=0.4, side=640)
    assert find_weights(file, tmp_path / "manifest.json") == file


def test_other_entries_of_the_manifest_stay(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).write_bytes(name.encode())
        list_in_manifest(tmp_path / name)
    entries = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert {name: entry["bytes"] for name, entry in entries.items()} == {"first": 5, "second": 6}


@pytest.mark.parametrize(("threshold", "side"), [(0.0, 640), (1.5, 640), (0.5, 600), (0.5, 0)])
def test_impossible_choices_are_refused(
    run: Path, tmp_path: Path, threshold: float, side: int
) -> None:
    with pytest.raises(ValueError, match="must be"):
        export_run(run, tmp_path / "file.safetensors", threshold=threshold, side=side)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(models.WeightsFormatError, match=WEIGHTS_NAME):
        export_run(tmp_path, tmp_path / "file.safetensors", threshold=0.5, side=640)
