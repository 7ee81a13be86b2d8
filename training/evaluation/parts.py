"""Name the parts of the validation split and read any of them."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

from training.evaluation.composites import compose_close_ups, compose_groups
from training.evaluation.datasets import Scene, read_photographs

Part = Literal["coco", "closeups", "groups"]
"""Photographs, close-up composites and group composites."""

PARTS: tuple[Part, ...] = get_args(Part)


def read_scenes(data_root: Path, part: Part, limit: int | None = None) -> Iterator[Scene]:
    """Read the validation scenes of a part one by one, always in the same order.

    Args:
        data_root: the folder that holds `splits.json`.
        part: which part.
        limit: stop after so many.

    Raises:
        FileNotFoundError: there is no data at `data_root`.
    """
    readers = {
        "coco": read_photographs,
        "closeups": compose_close_ups,
        "groups": compose_groups,
    }
    return islice(readers[part](data_root), limit)
