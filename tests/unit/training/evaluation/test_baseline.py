"""The two-stage baseline, over networks small enough to be worked by hand."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from training.evaluation.baseline import (
    HEAD_MAPS,
    Box,
    BoxDetector,
    BoxMatting,
    decode_head_map,
    load_baseline,
    suppress_duplicates,
)


def save_model(path: Path, graph: onnx.GraphProto) -> Path:
    """Save a graph as a model that the pinned onnxruntime reads."""
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path
    )
    return path


@pytest.fixture(scope="module")
def matting_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a matting network that returns the mean of the channels."""
    shape = ["b", 3, "h", "w"]
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["input"], ["output"], axes=[1], keepdims=1)],
        "matting",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["b", 1, "h", "w"])],
    )
    return save_model(tmp_path_factory.mktemp("matting") / "matting.onnx", graph)


@pytest.fixture(scope="module")
def detector_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a detector of fixed size whose objectness is the red of a cell of 32 px.

    Every box is two cells wide and high, round the middle of its cell. The levels of stride 8 and
    16 find nothing.
    """
    nodes, constants = [], []
    for stride, name in HEAD_MAPS.items():
        weight, bias = np.zeros((85, 3, 1, 1), np.float32), np.zeros(85, np.float32)
        bias[:4] = (0.5, 0.5, np.log(2), np.log(2))
        if stride == 32:
            weight[4, 2] = 1 / 255  # BGR in 0..255: red is the third channel
            bias[5] = 1
        constants += [
            numpy_helper.from_array(weight, f"w{stride}"),
            numpy_helper.from_array(bias, f"b{stride}"),
        ]
        size = [stride, stride]
        nodes += [
            helper.make_node(
                "AveragePool", ["images"], [f"p{stride}"], kernel_shape=size, strides=size
            ),
            helper.make_node("Conv", [f"p{stride}", f"w{stride}", f"b{stride}"], [name]),
        ]
    nodes.append(helper.make_node("Identity", [HEAD_MAPS[32]], ["output"]))
    graph = helper.make_graph(
        nodes,
        "detector",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 416, 416])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 85, 13, 13])],
        constants,
        value_info=[
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 85, 416 // s, 416 // s])
            for s, name in HEAD_MAPS.items()
        ],
    )
    return save_model(tmp_path_factory.mktemp("detector") / "detector.onnx", graph)


def test_head_cells_become_boxes():
    # Cell (row 1, column 2) at stride 8: centre (2 + .5, 1 + .25) x 8 = (20, 10); size
    # 2 x 8 = 16 and 1 x 8 = 8; score .5 x .8.
    head = np.zeros((85, 2, 3), np.float32)
    head[:6, 1, 2] = (0.5, 0.25, np.log(2), 0, 0.5, 0.8)
    found = decode_head_map(head, 8)
    assert found.shape == (6, 5)
    np.testing.assert_allclose(found[5], (12, 6, 28, 14, 0.4), rtol=1e-6)


def test_the_better_of_two_overlapping_boxes_stays():
    boxes = np.array([(0, 0, 10, 10, 0.5), (0, 0, 10, 9, 0.9), (0, 6, 10, 16, 0.3)], np.float32)
    kept = suppress_duplicates(boxes)
    assert kept[:, 4].tolist() == pytest.approx([0.9, 0.3])
    assert len(suppress_duplicates(boxes, most=1)) == 1
    assert suppress_duplicates(boxes[:0]).shape == (0, 5)


def test_detector_runs_at_another_size_and_returns_photo_pixels(detector_path: Path):
    # The photo of 160 x 320 is doubled to the side of 640. Its red square of 32 px covers 64 px
    # there, four cells whose boxes overlap; each is 64 px, 32 px of the photo.
    photo = np.zeros((160, 320, 3), np.uint8)
    photo[64:96, 128:160, 0] = 255
    boxes = BoxDetector(detector_path).find_boxes(photo, 0.5)
    assert boxes
    # Enlarging blends the outer pixels with black.
    assert boxes[0].score == pytest.approx(1, abs=0.05)
    for box in boxes:
        assert box.x1 - box.x0 == pytest.approx(32)
        assert 128 < (box.x0 + box.x1) / 2 < 160
        assert 64 < (box.y0 + box.y1) / 2 < 96


def test_boxes_end_at_the_photo(detector_path: Path):
    photo = np.zeros((160, 320, 3), np.uint8)
    photo[:16, :16, 0] = 255
    (box,) = BoxDetector(detector_path).find_boxes(photo, 0.5)
    assert (box.x0, box.y0) == (0, 0)


def test_matte_fills_the_box_with_its_margin_only(matting_path: Path):
    # White gives 1: the box of 20 x 40 with a margin of a tenth on each side, 24 x 48.
    photo = np.full((100, 100, 3), 255, np.uint8)
    matte = BoxMatting(matting_path).matte_box(photo, Box(30, 20, 50, 60, 0.9))
    assert matte[16:64, 28:52].min() == pytest.approx(1)
    assert matte.sum() == pytest.approx(24 * 48)


def test_boxes_too_small_to_matte_give_an_empty_matte(matting_path: Path):
    photo = np.full((100, 100, 3), 255, np.uint8)
    assert not BoxMatting(matting_path).matte_box(photo, Box(30, 20, 33, 60, 0.9)).any()


def test_both_stages_together_leave_low_people_out(detector_path: Path, matting_path: Path):
    photo = np.zeros((160, 320, 3), np.uint8)
    photo[64:96, 128:160, 0] = 255
    baseline = load_baseline(detector_path, matting_path)
    people = baseline(photo)
    assert people
    assert all(alpha.shape == (160, 320) and score >= 0.1 for alpha, score in people)
    # The boxes are 32 of 320 rows of a photo twice as high.
    assert baseline(np.vstack([photo, np.zeros_like(photo)])) == []


def test_missing_networks_are_named(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=r"yolox\.onnx"):
        load_baseline(tmp_path / "yolox.onnx", tmp_path / "modnet.onnx")
