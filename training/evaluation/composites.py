"""Compose validation pictures whose mattes are exact: close-ups and groups.

Everything is drawn from the scene's own seed, so that a scene is the same in every run, whatever
was composed before it. A person in front multiplies the alphas behind by 1 - alpha, so the alphas
of a pixel never sum above 1.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.evaluation.datasets import Scene, read_picture, read_rgb, validation_names
from training.metrics.arrays import Matte

CLOSE_UPS = 16
CLOSE_UP_SIDE_PX = 1024
GROUP_PEOPLE = tuple(range(1, 11))
GROUP_SIZE_PX = (960, 1280)

LEAST_VISIBLE = 0.25
"""Every person keeps at least this share of the matte in sight, as in training."""

PLACEMENT_TRIES = 40

SHOULDER_DISTANCE = 0.25
"""Distance of neighbours in heights; a person is a third as wide as tall, so they overlap."""

_PORTRAIT_PARTS = ("cutouts/interfaces", "cutouts/openpeople")
_PORTRAIT_WORDS = ("portrait", "selfie")
_SEED = 20240301


@dataclass(frozen=True, slots=True)
class CutOut:
    """Hold one person cut out of a photo.

    Attributes:
        color: float32 [h, w, 3] straight RGB in 0..255.
        alpha: float32 [h, w] in 0..1.
        cut: whether the person is cut off at the top, bottom, left and right.
    """

    color: NDArray[np.float32]
    alpha: Matte
    cut: tuple[bool, bool, bool, bool]


@dataclass(frozen=True, slots=True)
class PlacedPerson:
    """Hold a cut-out and where its top left corner lies on the canvas, in pixels."""

    cut_out: CutOut
    top: int
    left: int


def compose_close_ups(data_root: Path, count: int = CLOSE_UPS) -> Iterator[Scene]:
    """Compose portraits that fill a square frame, over validation backgrounds.

    Args:
        data_root: the folder that holds `splits.json`.
        count: how many; beyond the number of portraits they come again over other backgrounds.
    """
    portraits = _portrait_paths(data_root)
    backgrounds = validation_backgrounds(data_root)
    for index in range(count):
        rng = np.random.default_rng((_SEED, 1, index))
        portrait = mirror_sometimes(read_cut_out(portraits[index % len(portraits)]), rng)
        background = read_rgb(backgrounds[int(rng.integers(len(backgrounds)))])
        size = (CLOSE_UP_SIDE_PX, CLOSE_UP_SIDE_PX)
        canvas = cover_canvas(background, size, rng)
        yield compose_scene(f"closeup-{index:02}", canvas, [fill_frame(portrait, size)])


def compose_groups(
    data_root: Path,
    people: Sequence[int] = GROUP_PEOPLE,
    size_px: tuple[int, int] = GROUP_SIZE_PX,
    per_count: int = 2,
) -> Iterator[Scene]:
    """Compose groups of people who overlap, over validation backgrounds.

    Args:
        data_root: the folder that holds `splits.json`.
        people: the sizes of the groups.
        size_px: height and width of the pictures.
        per_count: how many pictures for each size of group.
    """
    for index in range(per_count):
        for count in people:
            yield compose_group(data_root, count, size_px, index)


def compose_group(data_root: Path, count: int, size_px: tuple[int, int], index: int) -> Scene:
    """Compose one group; `index` tells pictures of the same number of people apart."""
    rng = np.random.default_rng((_SEED, 2, count, index))
    backgrounds = validation_backgrounds(data_root)
    background = read_rgb(backgrounds[int(rng.integers(len(backgrounds)))])
    canvas = cover_canvas(background, size_px, rng)
    paths = validation_figures(data_root)
    chosen = rng.choice(len(paths), count, replace=False)
    cut_outs = [mirror_sometimes(read_cut_out(paths[int(i)]), rng) for i in chosen]
    return compose_scene(f"group-{count:02}-{index}", canvas, place_row(cut_outs, size_px, rng))


def compose_scene(name: str, canvas: NDArray[np.uint8], people: Sequence[PlacedPerson]) -> Scene:
    """Draw people over a canvas, the last in front, and keep what is seen of each.

    Args:
        name: the scene's name.
        canvas: uint8 [H, W, 3] RGB, the background.
        people: from back to front.

    Returns:
        The scene; its photo is the composite, rounded once at the end.
    """
    picture = canvas.astype(np.float32)
    alphas = np.zeros((len(people), *canvas.shape[:2]), np.float32)
    for index, person in enumerate(people):
        window, inside = _windows(person, (canvas.shape[0], canvas.shape[1]))
        alpha, color = person.cut_out.alpha[inside], person.cut_out.color[inside]
        picture[window] += alpha[..., None] * (color - picture[window])
        alphas[:index, *window] *= 1 - alpha
        alphas[index, *window] = alpha
    return Scene(
        name=name,
        photo=np.rint(picture).clip(0, 255).astype(np.uint8),
        alphas=alphas,
        ignore=np.zeros(canvas.shape[:2], bool),
        is_exact=True,
    )


def fill_frame(cut_out: CutOut, size_px: tuple[int, int]) -> PlacedPerson:
    """Scale a portrait until it fills the frame, with its cut-off sides on the border."""
    height, width = size_px
    top, bottom, left, right = cut_out.cut
    rows, columns = cut_out.alpha.shape
    scale = min(height / rows, width / columns)
    if left and right:
        scale = max(scale, width / columns)
    if top and bottom:
        scale = max(scale, height / rows)
    scaled = scale_cut_out(cut_out, scale)
    spare_y, spare_x = height - scaled.alpha.shape[0], width - scaled.alpha.shape[1]
    x = 0 if left and not right else spare_x if right and not left else spare_x // 2
    # A portrait taller than the frame keeps its head and goes on below the border.
    y = 0 if top or spare_y < 0 else spare_y if bottom else spare_y // 2
    return PlacedPerson(scaled, y, x)


def place_row(
    cut_outs: Sequence[CutOut], size_px: tuple[int, int], rng: np.random.Generator
) -> list[PlacedPerson]:
    """Place people side by side, overlapping, so that each stays in sight.

    The order from back to front is random. When no try leaves everyone in sight, the last stands.
    """
    for _ in range(PLACEMENT_TRIES):
        placed = _try_row(cut_outs, size_px, rng)
        if lowest_visible_share(placed, size_px) >= LEAST_VISIBLE:
            break
    return placed


def lowest_visible_share(people: Sequence[PlacedPerson], size_px: tuple[int, int]) -> float:
    """Return the smallest share of any person's matte that those in front leave in sight.

    What lies outside the canvas counts as hidden.
    """
    cover = np.ones(size_px, np.float32)
    shares = [1.0]
    for person in reversed(people):
        window, inside = _windows(person, size_px)
        alpha = person.cut_out.alpha[inside]
        shares.append(float((alpha * cover[window]).sum() / max(person.cut_out.alpha.sum(), 1e-6)))
        cover[window] *= 1 - alpha
    return min(shares)


def cover_canvas(
    background: NDArray[np.uint8], size_px: tuple[int, int], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Scale a background [h, w, 3] to cover the canvas, crop it at random, blur it sometimes."""
    height, width = size_px
    scale = max(height / background.shape[0], width / background.shape[1]) * 1.02
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    large = cv2.resize(background, None, fx=scale, fy=scale, interpolation=interpolation)
    top = int(rng.integers(large.shape[0] - height + 1))
    left = int(rng.integers(large.shape[1] - width + 1))
    crop = large[top : top + height, left : left + width]
    sigma = float(rng.choice((0.5, 2.0, 6.0)))
    return cv2.GaussianBlur(crop, (0, 0), sigma).astype(np.uint8)


def read_cut_out(path: Path) -> CutOut:
    """Read a straight RGBA cut-out and, from its folder's manifest, where it is cut off."""
    picture = cv2.cvtColor(read_picture(path, cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)
    manifest = json.loads((path.parent / "manifest.json").read_text(encoding="utf-8"))
    top, bottom, left, right = manifest[path.name]["cut"]
    return CutOut(
        color=picture[..., :3].astype(np.float32),
        alpha=picture[..., 3].astype(np.float32) / np.float32(255),
        cut=(top, bottom, left, right),
    )


def scale_cut_out(cut_out: CutOut, scale: float) -> CutOut:
    """Scale a cut-out; colours are weighted by alpha so that no hidden colour bleeds in."""
    rows, columns = cut_out.alpha.shape
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    alpha = cv2.resize(cut_out.alpha, size, interpolation=interpolation)
    premultiplied = cut_out.color * cut_out.alpha[..., None]
    color = cv2.resize(premultiplied, size, interpolation=interpolation)
    color = color / np.maximum(alpha, 1 / 512)[..., None]
    return CutOut(color.astype(np.float32), alpha.astype(np.float32), cut_out.cut)


def _try_row(
    cut_outs: Sequence[CutOut], size_px: tuple[int, int], rng: np.random.Generator
) -> list[PlacedPerson]:
    height, width = size_px
    tall = float(rng.uniform(0.55, 0.9)) * height
    ground = height * float(rng.uniform(0.9, 1.0))
    step = min(width / len(cut_outs), SHOULDER_DISTANCE * tall)
    middle = width / 2 + float(rng.uniform(-0.5, 0.5)) * (width - step * len(cut_outs))
    placed = []
    for index, cut_out in enumerate(cut_outs):
        person_height = tall * float(rng.uniform(0.85, 1.1))
        scaled = scale_cut_out(cut_out, person_height / cut_out.alpha.shape[0])
        rows, columns = scaled.alpha.shape
        place = index + 0.5 - len(cut_outs) / 2 + float(rng.uniform(-0.3, 0.3))
        center = middle + place * step
        bottom = height if cut_out.cut[1] else ground + float(rng.uniform(-0.04, 0.04)) * height
        left = int(np.clip(center - columns / 2, 0, max(0, width - columns)))
        placed.append(PlacedPerson(scaled, int(bottom) - rows, left))
    return [placed[int(i)] for i in rng.permutation(len(placed))]


def _windows(
    person: PlacedPerson, size_px: tuple[int, int]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return where a person lies on the canvas, and which part of the cut-out lies there."""
    ranges = []
    for start, length, border in zip(
        (person.top, person.left), person.cut_out.alpha.shape, size_px, strict=True
    ):
        ranges.append((max(0, start), max(0, min(border, start + length)), start))
    on_canvas = [slice(low, high) for low, high, _ in ranges]
    on_cut_out = [slice(low - start, max(0, high - start)) for low, high, start in ranges]
    return (on_canvas[0], on_canvas[1]), (on_cut_out[0], on_cut_out[1])


def mirror_sometimes(cut_out: CutOut, rng: np.random.Generator) -> CutOut:
    """Mirror every other cut-out."""
    if rng.random() < 0.5:
        return cut_out
    top, bottom, left, right = cut_out.cut
    return CutOut(cut_out.color[:, ::-1], cut_out.alpha[:, ::-1], (top, bottom, right, left))


def _portrait_paths(data_root: Path) -> list[Path]:
    """List portraits: all of interfaces, and those of openpeople that are named so."""
    return [
        data_root / part / f"{name}.webp"
        for part in _PORTRAIT_PARTS
        for name in validation_names(data_root, part)
        if part.endswith("interfaces") or any(word in name for word in _PORTRAIT_WORDS)
    ]


def validation_figures(data_root: Path) -> list[Path]:
    """List the cut-outs of whole people that are kept for validation."""
    names = validation_names(data_root, "cutouts/openpeople")
    standing = [f"cutouts/openpeople/{name}" for name in names if "posture" in name]
    fashion = [f"cutouts/ccp/{name}" for name in validation_names(data_root, "cutouts/ccp")]
    return [data_root / f"{name}.webp" for name in (*standing, *fashion)]


def validation_backgrounds(data_root: Path) -> list[Path]:
    """List the backgrounds that are kept for validation."""
    names = validation_names(data_root, "backgrounds")
    return [data_root / "backgrounds" / f"{name}.jpg" for name in names]
