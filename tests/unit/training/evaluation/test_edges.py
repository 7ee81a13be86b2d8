import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from training.evaluation.edges import edge_lines, measure_edges
from training.evaluation.exact import EXACT_KINDS, ExactKind, compose_exact
from training.evaluation.predictors import Person

# The fixture of this package holds cut-outs; rendered people come from the other miniature.


@pytest.fixture
def exact_data(mini_data: Path) -> Path:
    return mini_data


@pytest.mark.parametrize("kind", EXACT_KINDS)
def test_scenes_are_the_same_in_every_run(exact_data: Path, kind: ExactKind) -> None:
    scenes, again = (list(compose_exact(exact_data, kind)) for _ in range(2))
    assert scenes
    for scene, other in zip(scenes, again, strict=True):
        np.testing.assert_array_equal(scene.photo, other.photo)
        assert scene.photo.shape[:2] == scene.alphas.shape[1:] == scene.band.shape
        assert scene.alphas.sum(0).max() <= 1 + 1e-5
        assert scene.is_whole == (kind != "strands")


def test_groups_have_an_alpha_for_everybody(exact_data: Path) -> None:
    (scene,) = compose_exact(exact_data, "groups")
    assert len(scene.alphas) == 2


def test_strands_are_measured_where_they_alone_decide(exact_data: Path) -> None:
    scene = next(compose_exact(exact_data, "strands"))
    soft = (scene.alphas[0] > 0.05) & (scene.alphas[0] < 0.95)
    assert (scene.band & soft).sum() > 5
    assert scene.band.mean() < 0.7


def test_the_truth_has_no_error_and_a_blurred_one_some(exact_data: Path) -> None:
    truths = {s.photo.tobytes(): s.alphas for s in compose_exact(exact_data, "portraits")}

    def know(photo: NDArray[np.uint8]) -> list[Person]:
        return [(alpha, 1.0) for alpha in truths[photo.tobytes()]]

    def blur(photo: NDArray[np.uint8]) -> list[Person]:
        return [(cv2.GaussianBlur(alpha, (0, 0), 2), score) for alpha, score in know(photo)]

    def find_nobody(_: NDArray[np.uint8]) -> list[Person]:
        return []

    contestants = {"truth": know, "blurred": blur, "nobody": find_nobody}
    errors = measure_edges(contestants, exact_data, "portraits", wholes=("nobody",))
    truth, blurred, nobody = (errors[name] for name in contestants)
    assert (truth.band_mae, truth.band_gradient, truth.mad, truth.emad) == (0, 0, 0, 0)
    assert 0 < blurred.band_mae < nobody.band_mae
    assert blurred.band_gradient > 0
    assert blurred.emad is not None
    assert blurred.emad > 0
    assert nobody.emad is None
    lines = edge_lines("portraits", errors)
    assert lines[0].startswith("| portraits, 1 pictures |")
    assert len(lines) == 5


def test_the_command_compares_and_writes(
    exact_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from models.e2e_him.weights import WeightsInfo, save_weights
    from models.refiner.network import AlphaRefiner
    from models.refiner.weights import save_refiner
    from models.registry import create_network
    from training.evaluation.edges import add_edges_arguments, run_edges

    weights, refiner = tmp_path / "n.safetensors", tmp_path / "r.safetensors"
    save_weights(
        weights, create_network("e2e_him_lite").state_dict(), WeightsInfo("e2e_him_lite", 0.5, 64)
    )
    save_refiner(refiner, AlphaRefiner().state_dict())
    parser = argparse.ArgumentParser()
    add_edges_arguments(parser)
    words = ["--data", str(exact_data), "--weights", str(weights), "--refiner", str(refiner)]
    out = tmp_path / "edges.json"
    options = parser.parse_args([*words, "--kind", "portraits", "--limit", "1", "--out", str(out)])
    assert run_edges(options) == 0
    assert "| best |" in capsys.readouterr().out
    report = json.loads(out.read_text())
    assert set(report["portraits"]) == {
        "network, interpolated",
        "draft",
        "normal",
        "best",
    }
