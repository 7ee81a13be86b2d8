import hashlib
import json
from pathlib import Path

import pytest

from himapp.errors import WeightsError
from himapp.inference.weights import find_weights


@pytest.fixture
def shipped(tmp_path: Path) -> tuple[Path, Path]:
    """Weights and a manifest that fits them."""
    weights, manifest = tmp_path / "net.safetensors", tmp_path / "manifest.json"
    weights.write_bytes(b"weights")
    entry = {"sha256": hashlib.sha256(b"weights").hexdigest(), "bytes": 7}
    manifest.write_text(json.dumps({"net.safetensors": entry}))
    return weights, manifest


def test_weights_that_fit_the_manifest_are_found(shipped: tuple[Path, Path]) -> None:
    weights, manifest = shipped
    assert find_weights(weights, manifest) == weights


def test_missing_weights_are_said_to_be_missing(shipped: tuple[Path, Path]) -> None:
    weights, manifest = shipped
    weights.unlink()
    with pytest.raises(WeightsError, match=r"net\.safetensors are missing; please install"):
        find_weights(weights, manifest)


@pytest.mark.parametrize("content", [b"", b"weight", b"weighty", b"weights and more"])
def test_changed_weights_are_said_to_be_damaged(shipped: tuple[Path, Path], content: bytes) -> None:
    weights, manifest = shipped
    weights.write_bytes(content)
    with pytest.raises(WeightsError, match="damaged"):
        find_weights(weights, manifest)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"net.safetensors": {"bytes": 7}}'])
def test_a_manifest_without_the_file_is_refused(shipped: tuple[Path, Path], content: str) -> None:
    weights, manifest = shipped
    manifest.write_text(content)
    with pytest.raises(WeightsError, match="list of weights"):
        find_weights(weights, manifest)


def test_a_missing_manifest_is_refused(shipped: tuple[Path, Path]) -> None:
    weights, manifest = shipped
    manifest.unlink()
    with pytest.raises(WeightsError, match="list of weights"):
        find_weights(weights, manifest)
