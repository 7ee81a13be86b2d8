"""Name the parts of the validation split and read any of them."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

from training.evaluation.composites import compose_close_ups, compose_groups
from training.evaluation.crowds import compose_crowds
from training.evaluation.datasets import Scene, read_backgrounds, read_photographs
from training.licences import Licences

Part = Literal["coco", "closeups", "groups", "crowds", "backgrounds"]
"""Photographs; composites of close-ups, groups and crowds; backgrounds without anybody."""

PARTS: tuple[Part, ...] = get_args(Part)


def read_scenes(
    data_root: Path, part: Part, limit: int | None = None, licences: Licences = "all"
) -> Iterator[Scene]:
    """Read the validation scenes of a part one by one, always in the same order.

    Args:
        data_root: the folder that holds `splits.json`.
        part: which part.
        limit: stop after so many.
        licences: which photographs and backgrounds; composites are not chosen by licence.

    Raises:
        FileNotFoundError: there is no data at `data_root`.
    """
    readers: dict[Part, Callable[[], Iterator[Scene]]] = {
        "coco": lambda: read_photographs(data_root, licences),
        "closeups": lambda: compose_close_ups(data_root),
        "groups": lambda: compose_groups(data_root),
        "crowds": lambda: compose_crowds(data_root),
        "backgrounds": lambda: read_backgrounds(data_root, licences),
    }
    return islice(readers[part](), limit)
