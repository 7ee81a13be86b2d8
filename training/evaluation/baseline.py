"""Run the two-stage baseline: a person detector, then a matting network on every box.

YOLOX-nano (Ge et al. 2021, Apache-2.0) finds the boxes and MODNet (Ke et al., AAAI 2022,
Apache-2.0) mattes each of them by itself. Its time grows with the people and neighbours in a box
join the matte: that is what the end-to-end network is compared with. Both run in onnxruntime.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.evaluation.predictors import Person
from training.metrics.arrays import Matte
from training.metrics.panoptic import MIN_HEIGHT

HEAD_MAPS = {8: "onnx::Shape_1066", 16: "onnx::Shape_1108", 32: "output.1"}
"""The detector's outputs before they are flattened, by stride: box, objectness, 80 classes."""

OBJECTNESS, PERSON = 4, 5
"""Channels of the head maps; person is the first of COCO's classes."""

DETECTOR_SIDE = 640
DETECTOR_NMS_IOU = 0.5
DETECTOR_SCORE_FLOOR = 0.1
MOST_BOXES = 40
PADDING_GREY = 114

BOX_MARGIN = 0.10
"""Share of the box added on each side before matting."""

MATTING_SHORT_SIDE = 512
MATTING_LONGEST_SIDE = 1280
LEAST_CROP_PX = 8


@dataclass(frozen=True, slots=True)
class Box:
    """Hold a person's box in the photo's pixels and its score in 0..1."""

    x0: float
    y0: float
    x1: float
    y1: float
    score: float


class BoxDetector:
    """Find people's boxes with YOLOX-nano at any size."""

    def __init__(self, weights: Path, side: int = DETECTOR_SIDE, threads: int = 1) -> None:
        self._side = side
        self._session = _start_session(_open_head_maps(weights), threads)

    def find_boxes(
        self, photo: NDArray[np.uint8], score_floor: float = DETECTOR_SCORE_FLOOR
    ) -> list[Box]:
        """Find the boxes of a photo, uint8 [H, W, 3] RGB, best first, inside the photo."""
        height, width = photo.shape[:2]
        scale = self._side / max(height, width)
        maps = self._session.run(None, {"images": self._letterbox(photo, scale)})
        found = np.concatenate(
            [decode_head_map(head[0], stride) for head, stride in zip(maps, HEAD_MAPS, strict=True)]
        )
        found = found[found[:, 4] >= score_floor]
        found[:, :4] = found[:, :4] / scale
        found[:, :4] = found[:, :4].clip(0, (width, height, width, height))
        return [Box(*map(float, row)) for row in suppress_duplicates(found)]

    def _letterbox(self, photo: NDArray[np.uint8], scale: float) -> NDArray[np.float32]:
        height, width = (round(length * scale) for length in photo.shape[:2])
        canvas = np.full((self._side, self._side, 3), PADDING_GREY, np.uint8)
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        canvas[:height, :width] = cv2.resize(photo, (width, height), interpolation=interpolation)
        # The detector takes BGR in 0..255.
        return np.ascontiguousarray(canvas[..., ::-1].transpose(2, 0, 1)[None], np.float32)


class BoxMatting:
    """Matte the main person of a crop with MODNet, its short side scaled to `short_side`."""

    def __init__(
        self, weights: Path, threads: int = 1, *, short_side: int = MATTING_SHORT_SIDE
    ) -> None:
        self._short_side = short_side
        self._session = _start_session(weights.read_bytes(), threads)
        self._input = self._session.get_inputs()[0].name

    def matte_box(self, photo: NDArray[np.uint8], box: Box) -> Matte:
        """Matte what is in a box of a photo, uint8 [H, W, 3] RGB.

        Returns:
            float32 [H, W] in 0..1, zero outside the box and its margin; all zero for a tiny box.
        """
        matte = np.zeros(photo.shape[:2], np.float32)
        x0, y0, x1, y1 = _add_margin(box, photo.shape[0], photo.shape[1])
        crop = photo[y0:y1, x0:x1]
        if min(crop.shape[:2]) < LEAST_CROP_PX:
            return matte
        alpha = self._session.run(None, {self._input: self._prepare(crop)})[0][0, 0]
        matte[y0:y1, x0:x1] = cv2.resize(alpha, (x1 - x0, y1 - y0)).clip(0, 1)
        return matte

    def _prepare(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Scale a crop to the short side, sides in multiples of 32; RGB in -1..1."""
        longest = self._short_side * MATTING_LONGEST_SIDE / MATTING_SHORT_SIDE
        scale = min(self._short_side / min(crop.shape[:2]), longest / max(crop.shape[:2]))
        height, width = (max(32, round(length * scale / 32) * 32) for length in crop.shape[:2])
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        small = cv2.resize(crop, (width, height), interpolation=interpolation)
        pixels = small.transpose(2, 0, 1)[None] / np.float32(127.5) - 1
        return np.ascontiguousarray(pixels, np.float32)


@dataclass(frozen=True, slots=True)
class TwoStageBaseline:
    """Join the two stages; call it with a photo to get its people.

    Attributes:
        detector: the first stage.
        matting: the second stage, run once for every box.
        min_height: boxes lower than this share of the photo are left out: they count neither
            way in the scores and would only take time.
    """

    detector: BoxDetector
    matting: BoxMatting
    min_height: float = MIN_HEIGHT

    def __call__(self, photo: NDArray[np.uint8]) -> list[Person]:
        """Find the people of a photo, uint8 [H, W, 3] RGB, best first."""
        lowest = self.min_height * photo.shape[0]
        boxes = [box for box in self.detector.find_boxes(photo) if box.y1 - box.y0 >= lowest]
        return self.matte_boxes(photo, boxes)

    def matte_boxes(self, photo: NDArray[np.uint8], boxes: list[Box]) -> list[Person]:
        """Run the second stage alone on given boxes."""
        return [(self.matting.matte_box(photo, box), box.score) for box in boxes]


def load_baseline(yolox: Path, modnet: Path, threads: int = 1) -> TwoStageBaseline:
    """Load both stages from their ONNX files.

    Args:
        yolox: YOLOX-nano, as published, with a fixed input size.
        modnet: MODNet with a free input size.
        threads: how many threads each stage may use.

    Raises:
        FileNotFoundError: a file is missing.
    """
    for path in (yolox, modnet):
        if not path.is_file():
            raise FileNotFoundError(f"no network at {path}")
    return TwoStageBaseline(BoxDetector(yolox, threads=threads), BoxMatting(modnet, threads))


def decode_head_map(head: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """Decode one level of the detector's head.

    Args:
        head: [85, h, w]: centre offsets, log sizes, objectness and class scores in 0..1.
        stride: pixels of the input for each cell.

    Returns:
        [h·w, 5]: x0, y0, x1, y1 in input pixels, and objectness times person score.

    Reference:
        Ge et al., "YOLOX: Exceeding YOLO Series in 2021", section 2 (anchor-free head).
    """
    rows, columns = np.mgrid[: head.shape[1], : head.shape[2]]
    center_x, center_y = (head[0] + columns) * stride, (head[1] + rows) * stride
    half_width, half_height = (np.exp(np.minimum(head[2:4], 8)) * (stride / 2)).astype(np.float32)
    score = head[OBJECTNESS] * head[PERSON]
    corners = (
        center_x - half_width,
        center_y - half_height,
        center_x + half_width,
        center_y + half_height,
    )
    return np.stack([*corners, score], -1).reshape(-1, 5).astype(np.float32)


def suppress_duplicates(
    boxes: NDArray[np.float32], most: int = MOST_BOXES, iou_limit: float = DETECTOR_NMS_IOU
) -> NDArray[np.float32]:
    """Keep the best of overlapping boxes [K, 5] (corners, score), best first, greedily."""
    rest = boxes[np.argsort(-boxes[:, 4], kind="stable")]
    kept: list[NDArray[np.float32]] = []
    while len(rest) and len(kept) < most:
        kept.append(rest[0])
        rest = rest[1:][_box_iou(rest[0], rest[1:]) <= iou_limit]
    return np.array(kept, np.float32).reshape(-1, 5)


def _box_iou(box: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    shared = np.minimum(box[2:4], others[:, 2:4]) - np.maximum(box[:2], others[:, :2])
    shared_area = shared.clip(0).prod(1)
    areas = (others[:, 2:4] - others[:, :2]).prod(1) + (box[2:4] - box[:2]).prod()
    iou: NDArray[np.float32] = shared_area / np.maximum(areas - shared_area, 1e-9)
    return iou


def _add_margin(box: Box, height: int, width: int) -> tuple[int, int, int, int]:
    margin_x, margin_y = (box.x1 - box.x0) * BOX_MARGIN, (box.y1 - box.y0) * BOX_MARGIN
    return (
        int(max(0, box.x0 - margin_x)),
        int(max(0, box.y0 - margin_y)),
        int(min(width, box.x1 + margin_x)),
        int(min(height, box.y1 + margin_y)),
    )


def _open_head_maps(weights: Path) -> bytes:
    """Cut the detector open at its head maps and free its input size."""
    # onnx and onnxruntime are needed here alone: every other command works without them.
    import onnx.utils

    extractor = onnx.utils.Extractor(onnx.load(weights))
    model = extractor.extract_model(["images"], list(HEAD_MAPS.values()))
    for dimension, name in zip(
        model.graph.input[0].type.tensor_type.shape.dim, "bchw", strict=True
    ):
        if name != "c":
            dimension.dim_param = name
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    del model.graph.value_info[:]
    return bytes(model.SerializeToString())


def _start_session(model: bytes, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
