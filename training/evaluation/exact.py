"""Compose validation pictures whose edges are exact to a fraction of a pixel.

Rendered people have the alpha of their geometry, drawn strands that of their drawing. Cut-outs of
photographs do not take part but as what strands grow on: their mattes are another network's.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.strands import draw_strands
from training.evaluation.composites import cover_canvas
from training.evaluation.datasets import read_picture, read_rgb, validation_names
from training.metrics.arrays import Mask, Matte
from training.metrics.matte_errors import unknown_band

ExactKind = Literal["portraits", "groups", "strands"]
"""Rendered portraits, rendered groups, drawn strands on cut-outs."""

EXACT_KINDS: tuple[ExactKind, ...] = get_args(ExactKind)

_SEED = 20240307
_STRAND_SIDE_PX = 1024
_STRAND_ROUNDS = 4
_STRAND_MARGIN_PX = 3


@dataclass(frozen=True, slots=True)
class ExactScene:
    """Hold a picture, its people and where their edges are exact.

    Attributes:
        name: unique among all.
        kind: what it is.
        photo: uint8 [H, W, 3] RGB.
        alphas: float32 [N, H, W], what is seen of each person.
        band: where alpha is measured [H, W].
        is_whole: whether all of the alphas is exact, not just the band.
    """

    name: str
    kind: ExactKind
    photo: NDArray[np.uint8]
    alphas: Matte
    band: Mask
    is_whole: bool


def compose_exact(
    data_root: Path, kind: ExactKind, limit: int | None = None
) -> Iterator[ExactScene]:
    """Compose the pictures of a kind, the same in every run.

    Args:
        data_root: the folder that holds `splits.json`.
        kind: which pictures.
        limit: only the first so many.

    Raises:
        FileNotFoundError: there is no data at `data_root`.
    """
    if kind == "strands":
        paths = [
            data_root / "cutouts" / part / f"{name}.webp"
            for part in ("interfaces", "openpeople")
            for name in validation_names(data_root, f"cutouts/{part}")
        ]
    else:
        folder = data_root / "people3d"
        rows = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        is_group = kind == "groups"
        names = sorted(validation_names(data_root, "people3d"))
        paths = [folder / f"{n}.webp" for n in names if (rows[n]["people"] > 1) == is_group]
    for index, path in enumerate(paths[:limit]):
        rng = np.random.default_rng((_SEED, EXACT_KINDS.index(kind), index))
        yield (
            _draw_strand_scene(data_root, path, rng)
            if kind == "strands"
            else (_compose_rendered(data_root, path, kind, rng))
        )


def _compose_rendered(
    data_root: Path, path: Path, kind: ExactKind, rng: np.random.Generator
) -> ExactScene:
    colour, alpha = _read_straight(path)
    photo = _put_over(_background(data_root, alpha.shape, rng), colour, alpha)
    alphas = alpha[None]
    if kind == "groups":
        strips = read_picture(path.with_suffix(".png"), cv2.IMREAD_GRAYSCALE)
        height, width = alpha.shape
        maps = strips.reshape(height, -1, width).transpose(1, 0, 2)
        alphas = np.minimum(maps.astype(np.float32) / np.float32(255), alpha)
    return ExactScene(path.stem, kind, photo, alphas, unknown_band(alpha), is_whole=True)


def _draw_strand_scene(data_root: Path, path: Path, rng: np.random.Generator) -> ExactScene:
    """Grow strands on a person; the band is where they alone decide."""
    colour, alpha = _read_straight(path)
    scale = min(1.0, _STRAND_SIDE_PX / max(alpha.shape))
    size = (round(alpha.shape[1] * scale), round(alpha.shape[0] * scale))
    colour = cv2.resize(colour, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    alpha = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    bare = alpha
    for _ in range(_STRAND_ROUNDS):
        colour, alpha = draw_strands(colour, alpha, rng)
    photo = _put_over(_background(data_root, alpha.shape, rng), colour, alpha)
    grown = ((alpha - bare > 0.02) & (bare < 0.02)).astype(np.uint8)
    side = 2 * _STRAND_MARGIN_PX + 1
    band = cv2.dilate(grown, np.ones((side, side), np.uint8)).astype(bool) & (bare < 0.02)
    return ExactScene(path.stem, "strands", photo, alpha[None], band, is_whole=False)


def _read_straight(path: Path) -> tuple[NDArray[np.uint8], Matte]:
    """Read colours uint8 [H, W, 3] RGB and alpha float32 [H, W] of a straight RGBA picture."""
    picture = cv2.cvtColor(read_picture(path, cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)
    alpha = picture[..., 3].astype(np.float32) / np.float32(255)
    return np.ascontiguousarray(picture[..., :3], np.uint8), alpha


def _background(
    data_root: Path, size_px: tuple[int, ...], rng: np.random.Generator
) -> NDArray[np.uint8]:
    names = validation_names(data_root, "backgrounds")
    path = data_root / "backgrounds" / f"{names[int(rng.integers(len(names)))]}.jpg"
    return cover_canvas(read_rgb(path), (size_px[0], size_px[1]), rng)


def _put_over(
    background: NDArray[np.uint8], colour: NDArray[np.uint8], alpha: Matte
) -> NDArray[np.uint8]:
    behind = background.astype(np.float32)
    mixed = behind + (colour - behind) * alpha[..., None]
    return np.rint(mixed).clip(0, 255).astype(np.uint8)
