"""Several processes, one per GPU or CPU core, started by ``torchrun``.

Gradients are averaged by hand after each backward pass instead of through a wrapper module, since
the criterion calls parts of the network directly.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among those of the run."""

    rank: int
    count: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and logs."""
        return self.rank == 0


def join_processes() -> Processes:
    """Join the group that ``torchrun`` describes in the environment, if any."""
    rank, count = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    local = int(os.environ.get("LOCAL_RANK", 0))
    device = torch.device("cuda", local) if torch.cuda.is_available() else torch.device("cpu")
    if count > 1:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return Processes(rank, count, device)


def leave_processes(processes: Processes) -> None:
    """End the group, if there is one."""
    if processes.count > 1:
        dist.destroy_process_group()


def agree_on_most(value: float, processes: Processes) -> float:
    """Return the greatest ``value`` of all processes, so that they decide alike."""
    if processes.count == 1:
        return value
    most = torch.tensor(value, dtype=torch.float64, device=processes.device)
    dist.all_reduce(most, dist.ReduceOp.MAX)
    return float(most)


def average_gradients(parameters: Iterable[Tensor], processes: Processes) -> None:
    """Replace each gradient by its mean over the processes; a missing one counts as zero."""
    if processes.count == 1:
        return
    owners = [p for p in parameters if p.requires_grad]
    flat = torch.cat(
        [(p.grad if p.grad is not None else torch.zeros_like(p)).flatten() for p in owners]
    )
    dist.all_reduce(flat)
    flat /= processes.count
    start = 0
    for parameter in owners:
        part = flat[start : start + parameter.numel()].view_as(parameter)
        parameter.grad = part.clone()
        start += parameter.numel()
