from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from models.e2e_him.lite.trunk import YoloxNanoTrunk
from training.starts import record

# float32 sums in another order than the published runtime took them; measured 1.7e-5 with values
# (log sides, offsets in cells, probabilities) up to 2.6.
SAME_OUTPUT = 2e-4


@pytest.fixture(scope="module")
def trunk() -> YoloxNanoTrunk:
    network = YoloxNanoTrunk().eval()
    network.load_state_dict(load_file(record.FOLDER / record.WEIGHTS_NAME))
    return network


def test_the_converted_trunk_answers_as_the_published_detector(trunk: YoloxNanoTrunk) -> None:
    with torch.inference_mode():
        own = record.published_layout(trunk(torch.from_numpy(record.record_picture())))
    published = np.load(record.FOLDER / record.RECORD_NAME)["outputs"]
    cells = sum((416 // stride) ** 2 for stride in (8, 16, 32))
    assert own.shape == (1, cells, 85)
    np.testing.assert_allclose(own[:, record.RECORDED_ROWS], published, atol=SAME_OUTPUT)


def test_the_converted_file_is_small() -> None:
    assert (record.FOLDER / record.WEIGHTS_NAME).stat().st_size <= 4e6


def test_the_converted_file_has_its_notice_beside_it() -> None:
    notice = (record.FOLDER / "NOTICE.txt").read_text(encoding="utf-8")
    assert record.WEIGHTS_NAME in notice
    assert "Megvii" in notice
    assert "Apache License, Version 2.0" in notice
