"""A canvas on which people are drawn in front of each other, with exact alphas.

The front alpha multiplies those behind by ``1 - alpha``: per-person alphas of a pixel never sum
above 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.augment import Random, Rgb, jitter_colour, match_light
from training.data.catalogue import Cut

Rgba = NDArray[np.uint8]
Plane = NDArray[np.uint8]
MIN_VISIBLE_SHARE = 0.25
_SOLID = 127


@dataclass(slots=True)
class Canvas:
    """A picture under construction.

    Attributes:
        picture: RGB ``[H, W, 3]``.
        alphas: Visible alpha per person, back to front, ``[H, W]`` each.
        ignore: True where nothing is known about people, ``[H, W]``.
        is_exact: Whether the alphas are good to a fraction of a pixel (not drawn outlines).
    """

    picture: Rgb
    alphas: list[Plane]
    ignore: NDArray[np.bool_]
    is_exact: bool

    @classmethod
    def over(cls, picture: Rgb) -> Canvas:
        """Start from a picture without people."""
        return cls(picture.copy(), [], np.zeros(picture.shape[:2], bool), True)


def draw_person(canvas: Canvas, person: Rgba, left: int, top: int, rng: Random) -> bool:
    """Draw a straight RGBA person in front of all others.

    Returns:
        False, and nothing drawn, if the person would be out of the frame or leave less than
        a quarter of somebody visible.
    """
    window = _overlap(canvas.picture.shape, person.shape, left, top)
    if window is None:
        return False
    (rows, columns), part = window[0], person[window[1]]
    alpha = part[..., 3].astype(np.float32) / 255
    if _hides_somebody(canvas, rows, columns, alpha):
        return False
    behind = canvas.picture[rows, columns]
    colour = _shade(part[..., :3], behind, rng)
    mixed = behind * (1 - alpha[..., None]) + colour * alpha[..., None]
    canvas.picture[rows, columns] = np.rint(mixed).astype(np.uint8)
    cover(canvas, rows, columns, alpha)
    full = np.zeros(canvas.ignore.shape, np.uint8)
    full[rows, columns] = part[..., 3]
    canvas.alphas.append(full)
    return True


def cover(canvas: Canvas, rows: slice, columns: slice, alpha: NDArray[np.float32]) -> None:
    """Take what ``alpha`` covers from everybody drawn so far."""
    for other in canvas.alphas:
        seen = other[rows, columns]
        if seen.any():
            other[rows, columns] = np.floor(seen * (1 - alpha)).astype(np.uint8)
    canvas.ignore[rows, columns] &= alpha < 0.5


def transform_person(person: Rgba, height: int, stretch: float, angle: float) -> Rgba:
    """Scale a cut-out to ``height`` pixels, stretch its width and rotate it by degrees."""
    scale = height / person.shape[0]
    width = max(8, round(person.shape[1] * scale * stretch))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(person, (width, max(8, height)), interpolation=method)
    if angle:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
        resized = cv2.warpAffine(resized, turn, (width, resized.shape[0]))
    return resized


def flip_person(person: Rgba, cut: Cut) -> tuple[Rgba, Cut]:
    """Mirror a cut-out and the sides at which it is cut."""
    top, bottom, left, right = cut
    return np.ascontiguousarray(person[:, ::-1]), (top, bottom, right, left)


def _shade(colour: Rgb, behind: Rgb, rng: Random) -> Rgb:
    if rng.random() < 0.5:
        colour = match_light(colour, behind, rng)
    return jitter_colour(colour, rng) if rng.random() < 0.8 else colour


def _hides_somebody(
    canvas: Canvas, rows: slice, columns: slice, alpha: NDArray[np.float32]
) -> bool:
    front = alpha > 0.5
    for other in canvas.alphas:
        hidden = int(((other[rows, columns] > _SOLID) & front).sum())
        if hidden and hidden > (1 - MIN_VISIBLE_SHARE) * int((other > _SOLID).sum()):
            return True
    return False


def _overlap(
    canvas: tuple[int, ...], person: tuple[int, ...], left: int, top: int
) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
    """Return the window in the canvas and in the person, or None if hardly anything is inside."""
    y0, y1 = max(0, top), min(canvas[0], top + person[0])
    x0, x1 = max(0, left), min(canvas[1], left + person[1])
    if y1 - y0 < 16 or x1 - x0 < 8:
        return None
    inside = slice(y0, y1), slice(x0, x1)
    return inside, (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
