"""The refiner over a picture, tile by tile; fakes stand in for the network."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from himapp.errors import Cancelled
from himapp.inference.devices import ComputeDevice
from himapp.inference.session import CancelToken
from himapp.inference.tiles import TILE_PX, TileRefiner, cut_axis, find_band
from models import AlphaRefiner

CPU = ComputeDevice("cpu", "CPU")


class FakeRefiner(AlphaRefiner):
    """Answers with a function of the colours and the coarse alpha."""

    def __init__(self, value: float | None = None) -> None:
        super().__init__()
        self.eval()
        self.value = value
        self.shapes: list[tuple[int, ...]] = []

    def refine(self, images: torch.Tensor, coarse: torch.Tensor) -> torch.Tensor:
        self.shapes.append(tuple(coarse.shape))
        assert images.shape[2:] == coarse.shape[2:]
        return images[:, :1] if self.value is None else torch.full_like(coarse, self.value)


def _ramp(height: int, width: int) -> npt.NDArray[np.uint16]:
    """Return alpha that is soft everywhere."""
    ramp = np.linspace(0.1, 0.9, width) * 65535
    return np.tile(ramp.astype(np.uint16), (height, 1))


@settings(max_examples=60, deadline=None)
@given(length=st.integers(1, 1500))
def test_weights_of_tiles_sum_to_one(length: int) -> None:
    total = np.zeros(length)
    for part, weight in cut_axis(length):
        assert part.stop - part.start == len(weight) <= TILE_PX
        total[part] += weight
    np.testing.assert_allclose(total, 1, atol=1e-6)


@pytest.mark.parametrize("size", [(40, 70), (300, 700), (257, 1000)])
def test_what_the_network_says_arrives_everywhere_without_seams(size: tuple[int, int]) -> None:
    alpha = _ramp(*size)
    wanted = cv2.GaussianBlur(np.random.default_rng(1).random(size, np.float32), (0, 0), 5)
    pixels = np.repeat((wanted[..., None] * 65535).astype(np.uint16), 3, 2)
    TileRefiner(FakeRefiner(), CPU).refine(pixels, alpha, 8, CancelToken())
    # The ends are made clean by 1/255; each of at most four tiles rounds once.
    expected = np.clip((pixels[..., 0] / 65535 - 1 / 255) / (1 - 2 / 255), 0, 1)
    np.testing.assert_allclose(alpha / 65535, expected, atol=4 / 65535)


@pytest.mark.parametrize(("value", "end"), [(1.0, 65535), (0.0, 0)])
def test_the_ends_of_the_range_are_not_passed_over(value: float, end: int) -> None:
    alpha = np.random.default_rng(3).integers(0, 65536, (500, 500), np.uint16)
    pixels = np.zeros((500, 500, 3), np.uint8)
    TileRefiner(FakeRefiner(value), CPU).refine(pixels, alpha, 8, CancelToken())
    np.testing.assert_allclose(alpha.astype(int), end, atol=4)


def test_what_is_decided_stays_bit_for_bit() -> None:
    alpha = np.zeros((600, 700), np.uint16)
    alpha[:, 350:] = 65535
    pixels = np.zeros((600, 700, 3), np.uint8)
    TileRefiner(FakeRefiner(0.5), CPU).refine(pixels, alpha, 6, CancelToken())
    assert (alpha[:, :320] == 0).all()
    assert (alpha[:, 380:] == 65535).all()
    np.testing.assert_allclose(alpha[:, 348:352] / 65535, 0.5, atol=0.01)


def test_only_tiles_with_an_edge_are_looked_at() -> None:
    alpha = np.zeros((1000, 1000), np.uint16)
    cv2.circle(alpha, (120, 120), 40, 65535, -1)
    network = FakeRefiner(0.5)
    TileRefiner(network, CPU).refine(np.zeros((1000, 1000, 3), np.uint8), alpha, 6, CancelToken())
    assert sum(shape[0] for shape in network.shapes) == 1
    empty = np.zeros((1000, 1000), np.uint16)
    TileRefiner(network, CPU).refine(np.zeros((1000, 1000, 3), np.uint8), empty, 6, CancelToken())
    assert len(network.shapes) == 1


def test_small_tiles_go_through_the_network_together() -> None:
    network = FakeRefiner(0.5)
    TileRefiner(network, CPU).refine(
        np.zeros((50, 900, 3), np.uint8), _ramp(50, 900), 4, CancelToken()
    )
    # 50 rows are padded to 64; nine tiles of that size are one batch, and there are five.
    assert network.shapes == [(5, 1, 64, 224)]


def test_a_cancelled_refinement_stops_between_batches() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        TileRefiner(FakeRefiner(), CPU).refine(
            np.zeros((50, 50, 3), np.uint8), _ramp(50, 50), 4, token
        )


def test_a_gpu_without_memory_leaves_the_work_to_the_cpu() -> None:
    class Full(FakeRefiner):
        def refine(self, images: torch.Tensor, coarse: torch.Tensor) -> torch.Tensor:
            if not self.shapes:
                self.shapes.append(tuple(coarse.shape))
                raise torch.OutOfMemoryError("CUDA out of memory")
            return super().refine(images, coarse)

    refiner = TileRefiner(Full(0.5), ComputeDevice("cpu", "a GPU"))
    refiner._device = _ElsewhereCpu()  # the CPU under a GPU's name
    alpha = _ramp(50, 50)
    refiner.refine(np.zeros((50, 50, 3), np.uint8), alpha, 4, CancelToken())
    np.testing.assert_allclose(alpha / 65535, 0.5, atol=0.01)


class _ElsewhereCpu(ComputeDevice):
    def __init__(self) -> None:
        super().__init__("cpu", "a GPU")

    @property
    def is_cpu(self) -> bool:
        return False


def test_a_band_lies_round_soft_and_hard_edges() -> None:
    alpha = np.zeros((60, 60), np.uint16)
    assert find_band(alpha, 3) is None
    alpha[:, 30:] = 65535
    band = find_band(alpha, 3)
    assert band is not None
    assert band[:, 29:31].min() == 1
    assert band[:, :20].max() == 0
    assert band[:, 41:].max() == 0
