"""A canvas on which people are drawn in front of each other, with exact alphas.

The front alpha multiplies those behind by ``1 - alpha``: per-person alphas of a pixel never sum
above 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.augment import jitter_colour, match_light
from training.data.catalogue import Cut
from training.data.pixels import Plane, Random, Rgb, Rgba, resize, unit_alpha

MIN_VISIBLE_SHARE = 0.25
SOLID = 127
"""Alpha above this counts as visible."""

_LEAST_WINDOW_PX = (16, 8)


@dataclass(slots=True)
class Canvas:
    """A picture under construction.

    Attributes:
        picture: RGB ``[H, W, 3]``.
        alphas: Visible alpha per person, back to front, ``[H, W]`` each.
        whole_px: Per person, the pixels visible before anybody else came in front.
        ignore: True where nothing is known about people, ``[H, W]``.
        is_exact: Whether the alphas are good to a fraction of a pixel (not drawn outlines).
    """

    picture: Rgb
    ignore: NDArray[np.bool_]
    is_exact: bool = True
    alphas: list[Plane] = field(default_factory=list)
    whole_px: list[int] = field(default_factory=list)

    @classmethod
    def over(cls, picture: Rgb) -> Canvas:
        """Start from a picture without people."""
        return cls(picture.copy(), np.zeros(picture.shape[:2], bool))

    def add_person(self, alpha: Plane) -> None:
        """Note somebody whom the picture shows already, ``[H, W]``, in front of all others."""
        self.alphas.append(alpha)
        self.whole_px.append(int(np.count_nonzero(alpha > SOLID)))


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
    alpha = unit_alpha(part[..., 3])
    if _hides_somebody(canvas, rows, columns, alpha):
        return False
    behind = canvas.picture[rows, columns]
    colour = _shade(part[..., :3], behind, rng)
    mixed = behind * (1 - alpha[..., None]) + colour * alpha[..., None]
    canvas.picture[rows, columns] = np.rint(mixed).astype(np.uint8)
    cover(canvas, rows, columns, alpha)
    full = np.zeros(canvas.ignore.shape, np.uint8)
    full[rows, columns] = part[..., 3]
    canvas.add_person(full)
    return True


def cover(canvas: Canvas, rows: slice, columns: slice, alpha: NDArray[np.float32]) -> None:
    """Take what ``alpha`` covers from everybody drawn so far."""
    for other in canvas.alphas:
        seen = other[rows, columns]
        if seen.any():
            other[rows, columns] = _behind(seen, alpha)
    canvas.ignore[rows, columns] &= alpha < 0.5


def transform_person(person: Rgba, height: int, stretch: float, angle: float) -> Rgba:
    """Scale a cut-out to ``height`` pixels, stretch its width, then rotate it by degrees.

    The frame grows with the rotation, so that nobody's head or feet are cut off.
    """
    width = max(8, round(person.shape[1] * height / person.shape[0] * stretch))
    method = cv2.INTER_AREA if height < person.shape[0] else cv2.INTER_LINEAR
    resized = resize(person, width, max(8, height), method)
    return _rotate(resized, angle) if angle else resized


def flip_person(person: Rgba, cut: Cut) -> tuple[Rgba, Cut]:
    """Mirror a cut-out and the sides at which it is cut."""
    top, bottom, left, right = cut
    return np.ascontiguousarray(person[:, ::-1]), (top, bottom, right, left)


def give_room(person: Rgba, cut: Cut, room_px: int) -> tuple[Rgb, NDArray[np.float32]]:
    """Return colours ``[H, W, 3]`` and alpha ``[H, W]`` of a cut-out in a frame with more room.

    The frame grows at the sides at which the person does not end with it.
    """
    top, bottom, left, right = (0 if ends else room_px for ends in cut)
    sides = (top, bottom), (left, right)
    colour: Rgb = np.pad(person[..., :3], (*sides, (0, 0)), "edge")
    return colour, unit_alpha(np.pad(person[..., 3], sides))


def trim_room(colour: Rgb, alpha: NDArray[np.float32], cut: Cut) -> Rgba:
    """Return a straight RGBA cut-out without the room that is empty, see ``give_room``."""
    person = np.dstack([colour, np.rint(np.clip(alpha, 0, 1) * 255).astype(np.uint8)])
    left, top, width, height = cv2.boundingRect(np.ascontiguousarray(person[..., 3]))
    if not width:
        return person
    rows, columns = person.shape[:2]
    top, bottom = (0 if cut[0] else top), (rows if cut[1] else top + height)
    left, right = (0 if cut[2] else left), (columns if cut[3] else left + width)
    return np.ascontiguousarray(person[top:bottom, left:right])


def _rotate(person: Rgba, angle: float) -> Rgba:
    height, width = person.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    cosine, sine = abs(turn[0, 0]), abs(turn[0, 1])
    size = math.ceil(width * cosine + height * sine), math.ceil(height * cosine + width * sine)
    turn[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    # Colours go on beyond the cut-out's frame, alpha does not: no dark seam at a tight frame.
    turned = cv2.warpAffine(person, turn, size, borderMode=cv2.BORDER_REPLICATE)
    turned[..., 3] = cv2.warpAffine(np.ascontiguousarray(person[..., 3]), turn, size)
    return np.asarray(turned, np.uint8)


def _shade(colour: Rgb, behind: Rgb, rng: Random) -> Rgb:
    if rng.random() < 0.5:
        colour = match_light(colour, behind, rng)
    return jitter_colour(colour, rng) if rng.random() < 0.8 else colour


def _behind(seen: Plane, alpha: NDArray[np.float32]) -> Plane:
    """Return what is left of ``seen`` behind ``alpha``, never rounded up."""
    return np.asarray(np.floor(seen * (1 - alpha)), np.uint8)


def _hides_somebody(
    canvas: Canvas, rows: slice, columns: slice, alpha: NDArray[np.float32]
) -> bool:
    for other, whole_px in zip(canvas.alphas, canvas.whole_px, strict=True):
        seen = other[rows, columns]
        before = np.count_nonzero(seen > SOLID)
        lost = before - np.count_nonzero(_behind(seen, alpha) > SOLID)
        left = np.count_nonzero(other > SOLID) - lost
        if lost and left < MIN_VISIBLE_SHARE * whole_px:
            return True
    return False


def _overlap(
    canvas: tuple[int, ...], person: tuple[int, ...], left: int, top: int
) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
    """Return the window in the canvas and in the person, or None if hardly anything is inside."""
    y0, y1 = max(0, top), min(canvas[0], top + person[0])
    x0, x1 = max(0, left), min(canvas[1], left + person[1])
    if y1 - y0 < _LEAST_WINDOW_PX[0] or x1 - x0 < _LEAST_WINDOW_PX[1]:
        return None
    inside = slice(y0, y1), slice(x0, x1)
    return inside, (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
