"""Draw training pictures: real scenes, composites, close-ups and rendered groups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from training.config import DataConfig
from training.data.augment import degrade, jitter_colour
from training.data.catalogue import Catalogue, Cut, Cutout
from training.data.compose import Canvas, cover, draw_person, flip_person, transform_person
from training.data.hair import grow_hair
from training.data.pixels import Rgb, Rgba, blur, read_colour, read_plane, resize, unit_alpha
from training.data.strands import grow_strands

Item = TypeVar("Item")
IGNORE_ID = 255
PAD_GREY = 114
_PART_SHARES = {"ccp": 0.75, "interfaces": 0.1, "openpeople": 0.07, "rendered": 0.08}
_CLOSE_UP_PARTS = ("interfaces", "openpeople", "rendered", "rendered", "ccp")
_CLOSE_TOGETHER = (1, 1, 1, 2, 2, 3)
_CROWD = ((0, 1, 2, 3, 4, 5, 6, 8), (0.1, 0.18, 0.2, 0.18, 0.14, 0.1, 0.06, 0.04))
_LARGEST_SCALE = 2.0  # a cut-out enlarged further is all blur
_STRETCH = (0.9, 1.1)
_TALL = 0.5  # of the canvas: strands of anybody smaller would be ropes
_MOST_ROUNDS = 4


class PictureCache:
    """Decoded pictures by path; everything fits in memory (a few GB a process)."""

    def __init__(self) -> None:
        self._pictures: dict[Path, NDArray[np.uint8]] = {}

    def colour(self, path: Path) -> NDArray[np.uint8]:
        """Return RGB ``[H, W, 3]``, or RGBA ``[H, W, 4]`` where the file has alpha."""
        if path not in self._pictures:
            self._pictures[path] = read_colour(path)
        return self._pictures[path]

    def plane(self, path: Path) -> NDArray[np.uint8]:
        """Return a grey picture as ``[H, W]``."""
        if path not in self._pictures:
            self._pictures[path] = read_plane(path)
        return self._pictures[path]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the people of one composite go: usual height, middle, ground line (pixels)."""

    height: float
    middle: float
    ground: float


class Sampler:
    """Draws one picture after another; a seed gives the same sequence."""

    def __init__(self, catalogue: Catalogue, config: DataConfig, seed: int) -> None:
        self.catalogue = catalogue
        self.config = config
        self.rng = np.random.default_rng(seed)
        self.pictures = PictureCache()
        self._batches = 0

    def next_side(self) -> int:
        """Return the side of the next batch, in turn.

        In turn and not at random, so that the processes of a run take steps of the same size and
        do not wait for each other.
        """
        self._batches += 1
        return self.config.sides[(self._batches - 1) % len(self.config.sides)]

    def draw(self, side: int) -> Canvas:
        """Return a finished canvas of ``side`` by ``side`` pixels."""
        config, lot = self.config, self.rng.random()
        if lot < config.scene_share:
            canvas = self._scene(side)
        elif lot < config.scene_share + config.rendered_share:
            canvas = self._rendered_group(side)
        elif lot < config.scene_share + config.rendered_share + config.close_up_share:
            canvas = self._close_up(side)
        else:
            canvas = self._composite(side)
        if self.rng.random() < config.degraded_share:
            canvas.picture = degrade(canvas.picture, self.rng)
        return canvas

    def _scene(self, side: int) -> Canvas:
        scene = self._pick(self.catalogue.scenes)
        photo, ids = self.pictures.colour(scene.photo), self.pictures.plane(scene.ids)
        photo, ids = self._crop(photo, ids, side)
        canvas = Canvas.over(jitter_colour(photo, self.rng))
        canvas.is_exact = False
        canvas.ignore = ids == IGNORE_ID
        people = [k for k in np.unique(ids) if k not in (0, IGNORE_ID)]
        for person in people:
            canvas.add_person(np.where(ids == person, 255, 0).astype(np.uint8))
        if self.rng.random() < self.config.pasted_share:
            self._add_people(canvas, int(self.rng.choice((1, 1, 2))))
        return canvas

    def _rendered_group(self, side: int) -> Canvas:
        group = self._pick(self.catalogue.rendered_groups)
        picture, strips = self.pictures.colour(group.picture), self.pictures.plane(group.coverage)
        height, width = picture.shape[:2]
        maps = strips.reshape(height, group.people, width).transpose(0, 2, 1)
        background = resize(self._background(min(height, 640)), width, height, cv2.INTER_LINEAR)
        alpha = unit_alpha(picture[..., 3:])
        mixed = np.rint(background * (1 - alpha) + picture[..., :3] * alpha).astype(np.uint8)
        mixed, planes = self._crop(mixed, np.ascontiguousarray(maps), side, smooth=True)
        planes = planes.reshape(side, side, -1)
        canvas = Canvas.over(jitter_colour(mixed, self.rng))
        free = np.full((side, side), 255, np.uint8)
        for plane in np.moveaxis(planes, 2, 0):
            visible = np.minimum(plane, free)  # resizing rounds each person for itself
            free = free - visible
            canvas.add_person(visible)
        return canvas

    def _composite(self, side: int) -> Canvas:
        canvas = Canvas.over(self._background(side))
        self._add_people(canvas, int(self.rng.choice(_CROWD[0], p=_CROWD[1])))
        if self.rng.random() < 0.2:
            self._occlude(canvas)
        return canvas

    def _close_up(self, side: int) -> Canvas:
        """One to three people as tall as the frame or taller, close together."""
        canvas = Canvas.over(self._background(side))
        rng, people = self.rng, int(self.rng.choice(_CLOSE_TOGETHER))
        tall, middle = rng.uniform(0.75, 1.5) * side, rng.uniform(0.3, 0.7) * side
        for index in rng.permutation(people):
            part = str(rng.choice(_CLOSE_UP_PARTS))
            height = tall * (1.4 if part == "ccp" else 1)
            placement = Placement(height, middle, side * rng.uniform(1, 1.4))
            step = (index - (people - 1) / 2) * rng.uniform(0.3, 0.8)
            self._add_person(canvas, self._pick(self._part(part)), placement, step)
        return canvas

    def _add_people(self, canvas: Canvas, count: int) -> None:
        """Draw a row or a scatter of people in front of what is there."""
        rng, side = self.rng, canvas.picture.shape[0]
        row = Placement(
            rng.uniform(0.25, 1.2) * side, rng.uniform(0.2, 0.8) * side, rng.uniform(0.6, 1) * side
        )
        for index in range(count):
            part = str(rng.choice(list(_PART_SHARES), p=list(_PART_SHARES.values())))
            place = row if rng.random() < 0.7 else self._scattered(side)
            step = (index - (count - 1) / 2) * rng.uniform(0.5, 1.1)
            self._add_person(canvas, self._pick(self._part(part)), place, step)

    def _scattered(self, side: int) -> Placement:
        rng = self.rng
        height = rng.uniform(0.2, 1.5) * side
        return Placement(height, rng.uniform(0, 1) * side, rng.uniform(0.4, 1.3) * side)

    def _add_person(self, canvas: Canvas, item: Cutout, place: Placement, step: float) -> None:
        rng, side = self.rng, canvas.picture.shape[0]
        person, cut = self.pictures.colour(item.path), item.cut
        if rng.random() < 0.5:
            person, cut = flip_person(person, cut)
        wanted = max(int(place.height * rng.uniform(0.85, 1.15)), _least_height(person, cut, side))
        height = max(16, min(wanted, int(person.shape[0] * _LARGEST_SCALE)))
        angle = rng.uniform(-15, 15) if not any(cut) and rng.random() < 0.3 else 0.0
        person = transform_person(person, height, rng.uniform(*_STRETCH), angle)
        if person.shape[1] > 2 * side:
            return
        if height >= _TALL * side:
            person = self._grow_hair(item, person, cut)
        height, width = person.shape[:2]
        left, top = int(place.middle + step * width - width / 2), int(place.ground - height)
        corner = self._hide_cuts(cut, (left, top), (height, width), side)
        if corner is not None:
            draw_person(canvas, person, *corner, rng)

    def _grow_hair(self, item: Cutout, person: Rgba, cut: Cut) -> Rgba:
        """Give a person a head of hair, or some strands; a rendered one has strands already."""
        rng, hair = self.rng, self.config.hair_share
        strands = 0.0 if item.is_rendered else self.config.strands_share
        lot = rng.random() if hair or strands else 1.0
        if lot < hair:
            return grow_hair(person, cut, rng)
        if lot < hair + (1 - hair) * strands:
            return grow_strands(person, cut, rng, rounds=int(rng.integers(1, _MOST_ROUNDS + 1)))
        return person

    def _hide_cuts(
        self, cut: Cut, corner: tuple[int, int], size: tuple[int, int], side: int
    ) -> tuple[int, int] | None:
        """Put the sides at which a cut-out ends outside the canvas, or return None."""
        (left, top), (height, width) = corner, size
        above, below, before, behind = cut
        if (above and below and height < side) or (before and behind and width < side):
            return None
        if above or below:
            hidden = self._start_of_cut(height, side, first=above, last=below)
            top = hidden if above else max(top, hidden)
        if before or behind:
            left = self._start_of_cut(width, side, first=before, last=behind)
        return left, top

    def _start_of_cut(self, length: int, side: int, *, first: bool, last: bool) -> int:
        """Draw where a cut-out starts on one axis so that its cut ends lie outside."""
        if first and last:
            return int(self.rng.integers(side - length, 1))
        slack = int(self.rng.integers(0, length // 8 + 1))
        return -slack if first else side - length + slack

    def _occlude(self, canvas: Canvas) -> None:
        """Draw a piece of some other scene in front of everybody; it belongs to nobody."""
        rng, side = self.rng, canvas.picture.shape[0]
        shape = np.zeros((side, side), np.uint8)
        centre = rng.uniform(0, side, 2)
        axes = rng.uniform(0.03, 0.25, 2) * side
        if rng.random() < 0.5:
            half = np.array([axes[0] / 4, side]) if rng.random() < 0.5 else axes
            low, high = (centre - half).astype(int).tolist(), (centre + half).astype(int).tolist()
            cv2.rectangle(shape, low, high, 255, -1)
        else:
            angle = rng.uniform(0, 180)
            cv2.ellipse(shape, (centre.tolist(), (2 * axes).tolist(), angle), 255, -1, cv2.LINE_AA)
        alpha = unit_alpha(shape)
        front = self._background(side)
        mixed = canvas.picture * (1 - alpha[..., None]) + front * alpha[..., None]
        canvas.picture = np.rint(mixed).astype(np.uint8)
        cover(canvas, slice(None), slice(None), alpha)

    def _background(self, side: int) -> Rgb:
        rng = self.rng
        photo = self.pictures.colour(self._pick(self.catalogue.backgrounds))
        scale = side / min(photo.shape[:2]) * rng.uniform(1, 1.6)
        size = max(side, round(photo.shape[1] * scale)), max(side, round(photo.shape[0] * scale))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        photo = resize(photo, *size, method)
        y = int(rng.integers(0, photo.shape[0] - side + 1))
        x = int(rng.integers(0, photo.shape[1] - side + 1))
        photo = photo[y : y + side, x : x + side]
        if rng.random() < 0.5:
            photo = photo[:, ::-1]
        if rng.random() < 0.3:
            photo = blur(photo, rng.uniform(1, 5))
        return jitter_colour(np.ascontiguousarray(photo), rng)

    def _crop(
        self, photo: Rgb, maps: NDArray[np.uint8], side: int, *, smooth: bool = False
    ) -> tuple[Rgb, NDArray[np.uint8]]:
        """Letterbox or crop a photo and its maps to a square, mirrored half of the time."""
        rng = self.rng
        least, most = self.config.zoom
        zoom = rng.uniform(least, 1) if rng.random() < 0.5 else rng.uniform(1, most)
        scale, aspect = side / max(photo.shape[:2]) * zoom, rng.uniform(0.9, 1.1)
        height = max(8, int(photo.shape[0] * scale * aspect))
        width = max(8, int(photo.shape[1] * scale / aspect))
        x, y = self._offset(side - width), self._offset(side - height)
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        photo = resize(photo, width, height, method)
        maps = resize(maps, width, height, method if smooth else cv2.INTER_NEAREST)
        out = np.full((side, side, 3), PAD_GREY, np.uint8)
        out_maps = np.zeros((side, side, *maps.shape[2:]), np.uint8)
        rows = slice(max(0, y), min(side, y + height)), slice(max(0, x), min(side, x + width))
        source = tuple(slice(r.start - o, r.stop - o) for r, o in zip(rows, (y, x), strict=True))
        out[rows], out_maps[rows] = photo[source], maps[source]
        if rng.random() < 0.5:
            out, out_maps = out[:, ::-1], out_maps[:, ::-1]
        return np.ascontiguousarray(out), np.ascontiguousarray(out_maps)

    def _offset(self, slack: int) -> int:
        return int(self.rng.integers(min(0, slack), max(0, slack) + 1))

    def _part(self, name: str) -> Sequence[Cutout]:
        if name == "rendered":
            return self.catalogue.rendered_portraits
        return self.catalogue.cutouts[name]

    def _pick(self, items: Sequence[Item]) -> Item:
        return items[int(self.rng.integers(len(items)))]


def _least_height(person: Rgb, cut: Cut, side: int) -> int:
    """Return the height at which a cut-out that ends at two opposite sides spans the canvas."""
    rows, columns = person.shape[:2]
    above, below, before, behind = cut
    least = side if above and below else 0
    if before and behind:
        least = max(least, math.ceil((side + 1) * rows / columns / _STRETCH[0]))
    return least
