from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest
import torch

from training.distributed import Processes, agree_on_most, average_gradients, join_processes

PROCESS = """
import torch
from training.distributed import agree_on_most, average_gradients, join_processes, leave_processes

torch.set_num_threads(1)
processes = join_processes()
met = torch.nn.Parameter(torch.zeros(2))
met.grad = torch.tensor([1.0, 2.0]) * (processes.rank + 1)
seldom = torch.nn.Parameter(torch.zeros(1))
if processes.is_first:
    seldom.grad = torch.tensor([4.0])
frozen = torch.nn.Parameter(torch.zeros(1), requires_grad=False)
average_gradients([met, frozen, seldom], processes)
most = agree_on_most(10.0 * processes.rank, processes)
print(met.grad.tolist(), seldom.grad.tolist(), frozen.grad, most)
leave_processes(processes)
"""
ALONE = Processes(rank=0, count=1, device=torch.device("cpu"))


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port


def test_two_processes_average_their_gradients_and_agree() -> None:
    group = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    group |= {"CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": os.pathsep.join(sys.path)}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS],
            env=os.environ | group | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    said = [process.communicate(timeout=120)[0].strip() for process in running]
    # Means of 1 and 2, of 2 and 4; a missing gradient counts as zero.
    assert said == ["[1.5, 3.0] [2.0] None 10.0"] * 2


def test_a_single_process_is_the_first_and_keeps_its_gradients(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    assert join_processes().is_first
    parameter = torch.nn.Parameter(torch.zeros(1))
    average_gradients([parameter], ALONE)
    assert parameter.grad is None
    assert agree_on_most(3.0, ALONE) == 3.0
