from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import training.__main__ as command_line
from models.e2e_him.lite.quality import QualityHead
from models.e2e_him.weights import WeightsInfo, read_info, save_weights
from models.registry import create_network, load_network
from training.quality import Examples, fit_head, judge, measure_loss


def _mask(top: int, bottom: int, left: int, right: int) -> NDArray[np.bool_]:
    plane = np.zeros((40, 40), bool)
    plane[top:bottom, left:right] = True
    return plane


def test_the_best_candidate_of_a_person_is_good_and_no_other() -> None:
    ids = np.zeros((80, 80), np.uint8)
    ids[20:60, 10:30] = 1
    ids[20:60, 50:70] = 255
    masks = np.array(
        [
            _mask(10, 26, 5, 15),  # most of the person
            _mask(10, 30, 5, 15),  # all of them
            _mask(10, 20, 0, 40),  # across everything
            _mask(12, 28, 26, 34),  # where nobody knows
        ]
    )
    good, counts = judge(masks, ids)
    assert good.tolist() == [False, True, False, False]
    assert counts.tolist() == [True, True, True, False]


def test_on_a_background_nobody_is_good() -> None:
    good, counts = judge(np.array([_mask(5, 30, 5, 30)]), np.zeros((40, 40), np.uint8))
    assert good.tolist() == [False]
    assert counts.tolist() == [True]


def test_without_candidates_there_is_nothing_to_judge() -> None:
    good, counts = judge(np.zeros((0, 40, 40), bool), np.ones((40, 40), np.uint8))
    assert good.shape == counts.shape == (0,)


def test_the_head_learns_what_the_probability_does_not_say() -> None:
    evidence = torch.randn(600, 12)
    examples = Examples(evidence, (evidence[:, 7] > 0).float(), torch.arange(600))
    head = QualityHead(layers=3, hidden=8).eval()
    before = measure_loss(head, examples)
    fit_head(head, examples)
    assert measure_loss(head, examples) < 0.6 * before
    assert not head.training


def _ask(data: Path, weights: Path, out: Path) -> int:
    words = ["quality", "--data", str(data), "--weights", str(weights), "--side", "64"]
    return command_line.main([*words, "--threads", "1", "--out", str(out)])


def _write_older_weights(path: Path, likelihood: float) -> None:
    """Write weights from before there was a head; each query is as likely to hold everything."""
    network = create_network("e2e_him_lite")
    state = {k: v for k, v in network.state_dict().items() if not k.startswith("quality.")}
    state["perception.decoder.person.bias"].fill_(likelihood)
    state["perception.mask_head.parameters_of.2.bias"][-1] = 9.0
    save_weights(path, state, WeightsInfo("e2e_him_lite", 0.4, 640))


def test_the_command_writes_weights_with_a_head(
    mini_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "source.safetensors", tmp_path / "run" / "weights.safetensors"
    _write_older_weights(source, 3.0)
    assert _ask(mini_data, source, out) == 0
    assert "cross-entropy" in capsys.readouterr().out
    assert read_info(out) == WeightsInfo("e2e_him_lite", 0.4, 64)
    assert load_network(out).state_dict()["quality.change.weight"].abs().sum() > 0
    assert load_network(source).state_dict()["quality.change.weight"].abs().sum() == 0


def test_weights_that_find_nobody_are_refused(mini_data: Path, tmp_path: Path) -> None:
    source = tmp_path / "source.safetensors"
    _write_older_weights(source, -9.0)
    with pytest.raises(ValueError, match="too few"):
        _ask(mini_data, source, tmp_path / "out.safetensors")
