from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from training.config import DataConfig
from training.data import loader
from training.data.catalogue import Scene, read_catalogue
from training.data.loader import Batch, BatchStream

CONFIG = DataConfig(sides=(64, 96), batch=2, workers=0)


def take(data: Path, config: DataConfig, count: int, seed: int = 1) -> list[Batch]:
    stream = BatchStream(read_catalogue(data), config, seed, with_alphas=True)
    try:
        return list(islice(stream, count))
    finally:
        stream.close()


def test_the_pictures_of_a_batch_share_a_side(mini_data: Path) -> None:
    batches = take(mini_data, CONFIG, 6)
    sides = {batch.pictures.shape[1] for batch in batches}
    assert sides == {64, 96}
    for batch in batches:
        assert batch.pictures.dtype == torch.uint8
        assert len(batch.targets) == len(batch.pictures) == 2


def test_a_network_gets_rgb_in_0_to_1() -> None:
    pictures = torch.tensor([[[[0, 51, 255]]]], dtype=torch.uint8)
    images = Batch(pictures, ()).images(torch.device("cpu"))
    torch.testing.assert_close(images, torch.tensor([0.0, 0.2, 1.0]).view(1, 3, 1, 1))


def test_a_worker_composes_what_the_process_itself_would(mini_data: Path) -> None:
    own = take(mini_data, CONFIG, 2)
    of_worker = take(mini_data, replace(CONFIG, workers=1), 2)
    for one, other in zip(own, of_worker, strict=True):
        assert np.array_equal(one.pictures.numpy(), other.pictures.numpy())


def test_a_dead_worker_is_not_waited_for(
    mini_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(loader, "_PATIENCE_S", 0.2)
    lost = Scene(tmp_path / "lost.jpg", tmp_path / "lost.png")
    catalogue = replace(read_catalogue(mini_data), scenes=(lost,))
    config = replace(CONFIG, workers=1, scene_share=1.0)
    stream = BatchStream(catalogue, config, 1, with_alphas=False)
    with pytest.raises(RuntimeError, match="has died"):
        next(iter(stream))
    stream.close()
    assert "cannot read" in capfd.readouterr().err
