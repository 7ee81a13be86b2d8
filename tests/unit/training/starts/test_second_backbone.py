from __future__ import annotations

import numpy as np
import torch
from safetensors.torch import load_file

from models.e2e_him.lite.backbones import BACKBONES
from training.starts import record

NAME = "mobilenet_v2"


def test_the_converted_backbone_answers_as_the_published_one() -> None:
    backbone = BACKBONES[NAME]().eval()
    weights = load_file(record.FOLDER / f"{NAME}.safetensors")
    backbone.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    picture = torch.from_numpy(record.record_picture()[:, :, :128, :128])
    with torch.inference_mode():
        features = backbone(picture)
    published = np.load(record.FOLDER / f"{NAME}_outputs.npz")
    for stride, own in zip((4, 8, 16, 32), features, strict=True):
        recorded = published[f"stride{stride}"]
        # The published weights are float32, ours are stored as float16.
        error = np.abs(own[:, ::5].numpy() - recorded).mean()
        assert error < 0.01 * np.abs(recorded).mean()


def test_the_backbone_has_its_notice_beside_it() -> None:
    notice = (record.FOLDER / "NOTICE.txt").read_text(encoding="utf-8")
    assert f"{NAME}.safetensors" in notice
    assert "Zhanghan Ke" in notice
