"""Run the refiner over a picture tile by tile, only where a matte is undecided.

Tiles overlap, and each counts by a ramp: the ramps of neighbours sum to one. What is added is the
difference to the matte that was there, so that next to a tile that is left out, and inside and
outside the band of undecided pixels, the matte goes over into what it was without a seam.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt
import torch

from himapp.imaging.photo import PixelArray
from himapp.inference.devices import ComputeDevice, cpu_device, is_out_of_memory
from himapp.inference.session import ALPHA_ONE, CancelToken
from models import AlphaRefiner

_Alpha = npt.NDArray[np.uint16]
_Floats = npt.NDArray[np.float32]

# A tile's side, and over how many pixels neighbours go over into each other. Small tiles follow an
# outline with less waste, large ones see more; patches of about this size were trained on.
TILE_PX = 256
_RAMP_PX = 48
_MULTIPLE = 16
# So many pixels go through the network at once: small people's tiles together, large ones alone.
_BATCH_PX = 2 * TILE_PX * TILE_PX
# A sigmoid reaches neither 0 nor 1; what is so near is meant to be.
_HAZE = 1 / 255
# What lies between is soft; so is a step from below to above.
_SOFT_FROM = round(0.02 * ALPHA_ONE)
_SOFT_TO = ALPHA_ONE - _SOFT_FROM


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of a picture.

    Attributes:
        rows: its rows.
        columns: its columns.
        weight: float32 ``[h, w]``, how much it counts at each pixel.
    """

    rows: slice
    columns: slice
    weight: _Floats


class TileRefiner:
    """Refines mattes with the network; when a GPU runs out of memory, on the CPU from then on."""

    def __init__(self, network: AlphaRefiner, device: ComputeDevice) -> None:
        """Place the network, in eval mode and float32, on the device."""
        self._network = network.fuse().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._device = device
        self._network.to(device.address)

    def refine(
        self,
        pixels: PixelArray,
        alpha: _Alpha,
        reach_px: int,
        cancel: CancelToken,
    ) -> None:
        """Refine a matte in place where it is undecided.

        Args:
            pixels: uint8 or uint16 ``[h, w, 3]``, the colours under the matte; only read.
            alpha: uint16 ``[h, w]``.
            reach_px: so far from where the matte changes its edge may lie in truth.
            cancel: looked at between batches.

        Raises:
            Cancelled: the token was cancelled; the matte is then refined in part.
        """
        rows = cut_axis(alpha.shape[0])
        columns = cut_axis(alpha.shape[1])
        before: tuple[int, _Alpha] | None = None
        for row, row_weight in rows:
            source = alpha[row].copy()
            if before is not None:
                start, original = before
                shared = max(0, start + original.shape[0] - row.start)
                source[:shared] = original[original.shape[0] - shared :]
            before = (row.start, source)
            tiles = [Tile(row, column, row_weight[:, None] * weight) for column, weight in columns]
            self._refine_row(pixels, source, alpha, _undecided(tiles, source, reach_px), cancel)

    def _refine_row(
        self,
        pixels: PixelArray,
        source: _Alpha,
        alpha: _Alpha,
        tiles: Iterator[Tile],
        cancel: CancelToken,
    ) -> None:
        """Refine the tiles of one row from its unrefined matte ``source``."""
        for batch in _batches(tiles):
            cancel.raise_if_cancelled()
            coarse = [source[:, tile.columns] for tile in batch]
            colours = [pixels[tile.rows, tile.columns] for tile in batch]
            for tile, old, new in zip(batch, coarse, self._run(colours, coarse), strict=True):
                target = alpha[tile.rows, tile.columns]
                changed = target + (new - old) * tile.weight
                # Each tile rounds for itself: together they may end a step beyond the range.
                target[...] = np.clip(changed + 0.5, 0, ALPHA_ONE)

    def _run(self, colours: Sequence[PixelArray], coarse: Sequence[_Alpha]) -> list[_Floats]:
        """Return what the network makes of tiles of one size, float32 ``[h, w]`` in 0..65535."""
        height, width = coarse[0].shape
        scale = np.float32(1 / np.iinfo(colours[0].dtype).max)
        pictures = np.stack([_pad(part) for part in colours]).astype(np.float32)
        pictures *= scale
        mattes = np.stack([_pad(part) for part in coarse]).astype(np.float32)
        mattes /= np.float32(ALPHA_ONE)
        images = torch.from_numpy(pictures).permute(0, 3, 1, 2)
        refined = self._refine(images, torch.from_numpy(mattes)[:, None])
        found: _Floats = refined[:, 0, :height, :width].numpy()
        clean = (found - _HAZE) * np.float32(ALPHA_ONE / (1 - 2 * _HAZE))
        return list(np.clip(clean, 0, ALPHA_ONE, out=clean))

    def _refine(self, images: torch.Tensor, mattes: torch.Tensor) -> torch.Tensor:
        address = self._device.address
        try:
            refined: torch.Tensor = self._network.refine(images.to(address), mattes.to(address))
            return refined.cpu()
        except RuntimeError as error:
            if self._device.is_cpu or not is_out_of_memory(error):
                raise
        # Outside the except block, so that the traceback no longer holds the GPU's tensors.
        self._device = cpu_device()
        self._network.to(self._device.address)
        refined = self._network.refine(images, mattes)
        return refined.cpu()


def cut_axis(length: int) -> list[tuple[slice, _Floats]]:
    """Cut one side of a picture into overlapping tiles, evenly.

    Returns:
        Where each lies, and how much it counts at each of its pixels; the weights sum to one.
    """
    if length <= TILE_PX:
        return [(slice(0, length), np.ones(length, np.float32))]
    count = math.ceil((length - _RAMP_PX) / (TILE_PX - _RAMP_PX))
    # As many tiles as it takes, none larger than it must be.
    least = (length + (count - 1) * _RAMP_PX) / count
    side = min(TILE_PX, math.ceil(least / _MULTIPLE) * _MULTIPLE)
    starts = [round(k * (length - side) / (count - 1)) for k in range(count)]
    # Neighbours go over into each other in the middle of what both see.
    middles = [(a + side + b) / 2 for a, b in pairwise(starts)]
    at = np.arange(length) + 0.5
    rises = [np.clip((at - middle) / _RAMP_PX + 0.5, 0, 1) for middle in middles]
    rises = [np.ones(length), *rises, np.zeros(length)]
    tiles = []
    for start, (rise, fall) in zip(starts, pairwise(rises), strict=True):
        part = slice(start, start + side)
        tiles.append((part, (rise - fall)[part].astype(np.float32)))
    return tiles


def _undecided(tiles: Sequence[Tile], source: _Alpha, reach_px: int) -> Iterator[Tile]:
    """Give the tiles of a row in which anything is undecided, their weights kept to that."""
    for tile in tiles:
        band = find_band(source[:, tile.columns], reach_px)
        if band is not None:
            yield Tile(tile.rows, tile.columns, tile.weight * band)


def find_band(alpha: _Alpha, reach_px: int) -> _Floats | None:
    """Return 1 near where a matte is soft or changes, falling to 0 elsewhere; None without any.

    Args:
        alpha: uint16 ``[h, w]``.
        reach_px: how near.
    """
    around = np.ones((3, 3), np.uint8)
    highest, lowest = cv2.dilate(alpha, around), cv2.erode(alpha, around)
    is_soft = (highest > _SOFT_FROM) & (lowest < _SOFT_TO)
    if not is_soft.any():
        return None
    near = np.ones((2 * reach_px + 1, 2 * reach_px + 1), np.uint8)
    band = cv2.dilate(is_soft.astype(np.float32), near)
    side = reach_px | 1
    return np.asarray(cv2.blur(band, (side, side)), np.float32)


def _batches(tiles: Iterator[Tile]) -> Iterator[list[Tile]]:
    """Gather tiles of one size, as many as go through the network at once."""
    batch: list[Tile] = []
    for tile in tiles:
        if batch and (len(batch) + 1) * tile.weight.size > _BATCH_PX:
            yield batch
            batch = []
        batch.append(tile)
    if batch:
        yield batch


def _pad(part: PixelArray) -> PixelArray:
    """Return a tile with sides that the network can halve, its borders going on."""
    below, right = (-part.shape[axis] % _MULTIPLE for axis in (0, 1))
    if not below and not right:
        return part
    padded = cv2.copyMakeBorder(part, 0, below, 0, right, cv2.BORDER_REPLICATE)
    return np.asarray(padded, part.dtype)
