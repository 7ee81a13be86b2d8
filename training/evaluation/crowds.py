"""Compose crowds on risers: rows of people, each row in front of the next, with exact mattes.

As in a photo of a school or a choir: the front row stands in full, of those behind one sees the
head and what the row in front leaves. Everything is drawn from the scene's own seed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from training.evaluation.composites import (
    CutOut,
    PlacedPerson,
    compose_scene,
    cover_canvas,
    mirror_sometimes,
    read_cut_out,
    scale_cut_out,
    validation_backgrounds,
    validation_figures,
)
from training.evaluation.datasets import Scene, read_rgb

CROWD_PEOPLE = (30, 60, 60, 100)
CROWD_SIZE_PX = (1200, 1800)

LEAST_HEIGHT = 0.02
"""Share of the picture's height from which somebody in a crowd is demanded."""

ROW_RISE = 0.36
"""How far each row stands above the one in front, in heights of a person: head and shoulders."""

_HEIGHT_PER_STEP = 3.2
_SEED = 20240301


def compose_crowds(data_root: Path, people: Sequence[int] = CROWD_PEOPLE) -> Iterator[Scene]:
    """Compose crowds over validation backgrounds.

    Args:
        data_root: the folder that holds `splits.json`.
        people: the sizes of the crowds.
    """
    for index, count in enumerate(people):
        yield compose_crowd(data_root, count, index)


def compose_crowd(data_root: Path, count: int, index: int) -> Scene:
    """Compose one crowd; `index` tells pictures of the same number of people apart."""
    rng = np.random.default_rng((_SEED, 3, count, index))
    backgrounds = validation_backgrounds(data_root)
    background = read_rgb(backgrounds[int(rng.integers(len(backgrounds)))])
    canvas = cover_canvas(background, CROWD_SIZE_PX, rng)
    paths = validation_figures(data_root)
    chosen = rng.choice(len(paths), count, replace=count > len(paths))
    cut_outs = [mirror_sometimes(read_cut_out(paths[int(i)]), rng) for i in chosen]
    scene = compose_scene(
        f"crowd-{count:03}-{index}", canvas, place_rows(cut_outs, CROWD_SIZE_PX, rng)
    )
    return replace(scene, least_height=LEAST_HEIGHT)


def count_rows(people: int, size_px: tuple[int, int]) -> int:
    """Return the number of rows at which the people are largest on the canvas."""
    return max(range(1, 9), key=lambda rows: _height_of(people, rows, size_px))


def place_rows(
    cut_outs: Sequence[CutOut], size_px: tuple[int, int], rng: np.random.Generator
) -> list[PlacedPerson]:
    """Place people in rows from the back to the front, every other row half a step aside."""
    height, width = size_px
    rows = count_rows(len(cut_outs), size_px)
    tall = _height_of(len(cut_outs), rows, size_px)
    parts = np.array_split(np.arange(len(cut_outs)), rows)
    placed: list[PlacedPerson] = []
    for row, members in enumerate(parts):
        step = width / (len(members) + 1)
        ground = height * 0.97 - (rows - 1 - row) * ROW_RISE * tall
        for place, member in enumerate(members):
            middle = (place + 0.75 + 0.5 * (row % 2)) * step + float(
                rng.uniform(-0.08, 0.08)
            ) * step
            person_height = tall * float(rng.uniform(0.92, 1.08))
            scaled = scale_cut_out(
                cut_outs[member], person_height / cut_outs[member].alpha.shape[0]
            )
            top, left = ground - scaled.alpha.shape[0], middle - scaled.alpha.shape[1] / 2
            placed.append(PlacedPerson(scaled, int(top), int(left)))
    return placed


def _height_of(people: int, rows: int, size_px: tuple[int, int]) -> float:
    """Return how tall people may be: shoulders need a step, rows must fit above each other."""
    height, width = size_px
    by_width = _HEIGHT_PER_STEP * width / (np.ceil(people / rows) + 1)
    by_height = 0.92 * height / (1 + (rows - 1) * ROW_RISE)
    return float(min(by_width, by_height))
