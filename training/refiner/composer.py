"""Compose squares: a window of somebody over a background and among neighbours, alpha exact."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.augment import degrade, jitter_colour, match_light
from training.data.catalogue import Catalogue
from training.data.hair import draw_hair
from training.data.pixels import Rgb, blur, read_colour, resize, unit_alpha
from training.data.strands import draw_strands
from training.refiner.config import PatchConfig
from training.refiner.cutouts import People, Person

_Floats = NDArray[np.float32]
_KEPT_BACKGROUNDS = 40
_ELSEWHERE = 0.08
"""Share of windows that lie anywhere, not at an edge: guidance is wrong there, too."""

_ENLARGED = 0.15
_MOST_ROUNDS = 8
"""Places of a whole person that get strands; a patch shows one."""

_SOFT = (12, 243)
_FEWEST_SOFT_PX = 40


@dataclass(frozen=True, slots=True)
class Composed:
    """A square picture of somebody.

    Attributes:
        picture: RGB uint8 ``[S, S, 3]``.
        alpha: The person's alpha, 0..1, ``[S, S]``.
        body: The same without drawn strands, which a coarse network may miss.
        neighbours: The alpha of everybody else, 0..1, ``[S, S]``.
    """

    picture: Rgb
    alpha: _Floats
    body: _Floats
    neighbours: _Floats


@dataclass(frozen=True, slots=True)
class _Cut:
    """A person's window at the square's size: colours, own alpha, everybody's alpha."""

    colour: Rgb
    alpha: _Floats
    union: _Floats
    is_exact: bool

    @property
    def is_alone(self) -> bool:
        """Whether nobody else is in it."""
        return bool(np.array_equal(self.alpha, self.union))


class Composer:
    """Composes one square after another; a seed gives the same sequence."""

    def __init__(self, catalogue: Catalogue, config: PatchConfig, seed: int) -> None:
        self._config = config
        self.rng = np.random.default_rng(seed)
        self._people = People(catalogue, config, self.rng)
        self._paths = catalogue.backgrounds
        self._backgrounds: dict[Path, Rgb] = {}

    def compose(self, side: int, *, whole: bool = False) -> Composed:
        """Return a finished square.

        Args:
            side: Pixels of its side.
            whole: Whether most of the person shall be in it, not just a piece of the edge.
        """
        rng, config = self.rng, self._config
        cut = self._cut(side, whole=whole)
        picture = self._background(side)
        neighbours = np.zeros_like(cut.alpha)
        if rng.random() < config.behind:
            picture, neighbours = self._put_behind(picture, self._cut(side, whole=whole))
        colour = self._shade(cut.colour, picture)
        colour, alpha, union = self._grow_hair(cut, colour, whole=whole)
        mixed = _mix(picture, colour, union)
        neighbours = neighbours * (1 - union) + (union - alpha)
        free = np.ones_like(alpha)
        if rng.random() < config.in_front:
            mixed, free = self._put_in_front(mixed, alpha, self._cut(side, whole=whole))
        return Composed(
            degrade(_to_picture(mixed), rng),
            alpha * free,
            cut.alpha * free,
            neighbours * free + (1 - free),
        )

    def _cut(self, side: int, *, whole: bool) -> _Cut:
        """Return a window of somebody that has a soft edge, or after some tries any window."""
        for _ in range(8):
            person = self._people.draw()
            length = self._length(person, side, whole=whole)
            cut = self._window(person, length, side)
            soft = (cut.alpha > 0.02) & (cut.alpha < 0.98)
            if np.count_nonzero(soft) >= _FEWEST_SOFT_PX or self.rng.random() < _ELSEWHERE:
                break
        return cut

    def _length(self, person: Person, side: int, *, whole: bool) -> int:
        """Return a window's side in the person's own pixels."""
        rng = self.rng
        if whole:
            wanted = rng.uniform(0.7, 1.4) * max(person.picture.shape[:2])
        else:
            is_usual = rng.random() >= _ENLARGED
            wanted = side / (rng.uniform(0.5, 1.4) if is_usual else rng.uniform(1.4, 2.6))
        return max(16, min(int(wanted), _longest(person)))

    def _window(self, person: Person, length: int, side: int) -> _Cut:
        """Cut a square out of a person, mirrored half of the time."""
        rng = self.rng
        rows, columns = person.picture.shape[:2]
        y, x = self._centre(person.picture[..., 3])
        top = _keep_inside(self._shift(y, length), length, rows, person.cut[:2])
        left = _keep_inside(self._shift(x, length), length, columns, person.cut[2:])
        method = cv2.INTER_AREA if length > side else cv2.INTER_CUBIC
        step = -1 if rng.random() < 0.5 else 1
        colour, union = (
            resize(crop_square(plane, top, left, length), side, side, method)[:, ::step]
            for plane in (person.picture, person.union)
        )
        alpha, together = unit_alpha(colour[..., 3]), unit_alpha(union)
        straight = np.ascontiguousarray(colour[..., :3])
        return _Cut(straight, alpha, np.maximum(alpha, together), person.is_exact)

    def _centre(self, alpha: NDArray[np.uint8]) -> tuple[int, int]:
        """Return a soft pixel, or any where there is none or chance wills."""
        sparse = alpha[::3, ::3]
        rows, columns = np.nonzero((sparse > _SOFT[0]) & (sparse < _SOFT[1]))
        if not len(rows) or self.rng.random() < _ELSEWHERE:
            return int(self.rng.integers(alpha.shape[0])), int(self.rng.integers(alpha.shape[1]))
        chosen = int(self.rng.integers(len(rows)))
        return int(rows[chosen]) * 3, int(columns[chosen]) * 3

    def _shift(self, centre: int, length: int) -> int:
        return int(centre - length // 2 + self.rng.integers(-length // 3, length // 3 + 1))

    def _shade(self, colour: Rgb, behind: Rgb) -> Rgb:
        if self.rng.random() < 0.4:
            colour = match_light(colour, behind, self.rng)
        return jitter_colour(colour, self.rng) if self.rng.random() < 0.8 else colour

    def _grow_hair(self, cut: _Cut, colour: Rgb, *, whole: bool) -> tuple[Rgb, _Floats, _Floats]:
        """Return colours, own alpha and everybody's with drawn hair, where chance wills."""
        rng, config = self.rng, self._config
        if whole and cut.is_alone and rng.random() < config.hair:
            colour, alpha = draw_hair(colour, cut.alpha, rng)
            return colour, alpha, alpha
        if cut.is_exact or rng.random() >= config.strands:
            return colour, cut.alpha, cut.union
        alpha = cut.alpha
        for _ in range(int(rng.integers(1, _MOST_ROUNDS + 1)) if whole else 1):
            colour, alpha = draw_strands(colour, alpha, rng)
        return colour, alpha, alpha

    def _put_behind(self, picture: Rgb, other: _Cut) -> tuple[Rgb, _Floats]:
        colour = self._shade(other.colour, picture)
        return _to_picture(_mix(picture, colour, other.union)), other.union

    def _put_in_front(
        self, picture: _Floats, alpha: _Floats, other: _Cut
    ) -> tuple[_Floats, _Floats]:
        """Cover a part by somebody else; also return what share of each pixel stays free."""
        free = 1 - other.union
        if (alpha * free).sum() < 0.2 * alpha.sum():
            return picture, np.ones_like(alpha)
        return _mix(picture, other.colour, other.union), free

    def _background(self, side: int) -> Rgb:
        rng, photo = self.rng, self._photo()
        length = int(min(photo.shape[:2]) / rng.uniform(1, 2.5 if side < 512 else 1.4))
        top = int(rng.integers(photo.shape[0] - length + 1))
        left = int(rng.integers(photo.shape[1] - length + 1))
        part = photo[top : top + length, left : left + length]
        part = resize(part, side, side, cv2.INTER_AREA if length > side else cv2.INTER_LINEAR)
        if rng.random() < 0.5:
            part = blur(part, rng.uniform(1, 8))
        return jitter_colour(part, rng)

    def _photo(self) -> Rgb:
        """Return one of the held backgrounds; now and then another one is read."""
        held, rng = self._backgrounds, self.rng
        if len(held) < _KEPT_BACKGROUNDS or rng.random() < 0.1:
            path = self._paths[int(rng.integers(len(self._paths)))]
            if path not in held and len(held) >= _KEPT_BACKGROUNDS:
                del held[next(iter(held))]
            held[path] = read_colour(path)
        photos = list(held.values())
        return photos[int(rng.integers(len(photos)))]


def crop_square(plane: NDArray[np.uint8], top: int, left: int, length: int) -> NDArray[np.uint8]:
    """Return a square of ``[h, w]`` or ``[h, w, C]``, empty beyond its borders."""
    rows, columns = plane.shape[:2]
    part = np.zeros((length, length, *plane.shape[2:]), np.uint8)
    y0, y1 = max(0, top), min(rows, top + length)
    x0, x1 = max(0, left), min(columns, left + length)
    if y0 < y1 and x0 < x1:
        part[y0 - top : y1 - top, x0 - left : x1 - left] = plane[y0:y1, x0:x1]
    return part


def _mix(behind: NDArray[np.uint8] | _Floats, colour: Rgb, alpha: _Floats) -> _Floats:
    mixed: _Floats = behind + (colour - behind.astype(np.float32)) * alpha[..., None]
    return mixed


def _to_picture(mixed: _Floats) -> Rgb:
    return np.asarray(np.clip(mixed + 0.5, 0, 255), np.uint8)


def _longest(person: Person) -> int:
    """Return the longest window that need not reach beyond two opposite cuts."""
    rows, columns = person.picture.shape[:2]
    top, bottom, left, right = person.cut
    limits = [rows] * (top and bottom) + [columns] * (left and right)
    return int(min([4096, *limits]))


def _keep_inside(start: int, length: int, border: int, cut: tuple[bool, ...]) -> int:
    """Move a window so that no straight end of a cut-out shows in it."""
    first, last = cut
    if last:
        start = min(start, border - length)
    return max(start, 0) if first else start
