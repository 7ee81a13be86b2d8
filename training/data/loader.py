"""Batches, composed by worker processes so that a step never waits for decoding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from queue import Empty

import cv2
import numpy as np
import torch
import torch.multiprocessing as multiprocessing
from torch import Tensor

from training.config import DataConfig
from training.data.catalogue import Catalogue
from training.data.sampling import Sampler
from training.data.targets import Target, target_of

_WAITING_BATCHES = 4
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures uint8 ``[B, S, S, 3]`` (RGB) and what is true about each."""

    pictures: Tensor
    targets: tuple[Target, ...]

    def images(self, device: torch.device) -> Tensor:
        """Return float32 RGB in 0..1, ``[B, 3, S, S]``, channels last."""
        pictures = self.pictures.to(device).permute(0, 3, 1, 2).float() / 255
        return pictures.contiguous(memory_format=torch.channels_last)


def compose_batch(sampler: Sampler, *, with_alphas: bool) -> Batch:
    """Draw one batch; all its pictures share a side."""
    config = sampler.config
    side = sampler.next_side()
    canvases = [sampler.draw(side) for _ in range(config.batch)]
    pictures = torch.from_numpy(np.stack([c.picture for c in canvases]))
    return Batch(pictures, tuple(target_of(c, with_alphas=with_alphas) for c in canvases))


class BatchStream:
    """An endless stream of batches; close it to end its workers.

    Args:
        catalogue: The training items.
        config: What a batch is made of.
        seed: Worker ``i`` draws with ``seed + i``.
        with_alphas: Whether targets carry full-resolution alphas.
    """

    def __init__(
        self, catalogue: Catalogue, config: DataConfig, seed: int, *, with_alphas: bool
    ) -> None:
        self._arguments = (catalogue, config)
        self._with_alphas = with_alphas
        self._seed = seed
        self._workers: list[BaseProcess] = []
        self._queue: Queue[Batch] | None = None
        if config.workers:
            self._start(config.workers)

    def __iter__(self) -> Iterator[Batch]:
        """Yield batches for ever.

        Raises:
            RuntimeError: If a worker process has died.
        """
        while self._queue is not None:
            yield self._wait_for_batch(self._queue)
        sampler = Sampler(*self._arguments, self._seed)
        while True:
            yield compose_batch(sampler, with_alphas=self._with_alphas)

    def close(self) -> None:
        """End the worker processes."""
        for worker in self._workers:
            worker.terminate()
            worker.join()
        self._workers.clear()

    def _wait_for_batch(self, queue: Queue[Batch]) -> Batch:
        while True:
            try:
                return queue.get(timeout=_PATIENCE_S)
            except Empty:
                if not all(worker.is_alive() for worker in self._workers):
                    message = "a process that composes samples has died; its error is above"
                    raise RuntimeError(message) from None

    def _start(self, workers: int) -> None:
        # Not forked: OpenCV's and CUDA's threads do not live on in a fork, which then hangs.
        context = multiprocessing.get_context("spawn")
        self._queue = context.Queue(_WAITING_BATCHES)
        for number in range(workers):
            sampler = Sampler(*self._arguments, self._seed + number)
            work = partial(_compose_for_ever, sampler, self._queue, with_alphas=self._with_alphas)
            worker = context.Process(target=work, daemon=True)
            worker.start()
            self._workers.append(worker)


def _compose_for_ever(sampler: Sampler, queue: Queue[Batch], *, with_alphas: bool) -> None:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    multiprocessing.set_sharing_strategy("file_system")  # type: ignore[no-untyped-call]
    while True:
        queue.put(compose_batch(sampler, with_alphas=with_alphas))
