"""People with alpha for patches: decoded in turn, a few held in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from training.data.catalogue import Catalogue, Cut, Cutout, RenderedGroup
from training.data.pixels import Plane, Random, Rgba, read_colour, read_plane
from training.refiner.config import PatchConfig

Item = TypeVar("Item")
_WHOLE: Cut = (False, False, False, False)
_TOUCHING = 5.0
"""A border whose mean alpha (of 255) is above this cuts somebody; hair leaves frames, too."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as straight RGBA.

    Attributes:
        picture: uint8 ``[h, w, 4]``.
        union: Alpha of everybody in the picture, uint8 ``[h, w]`` (groups).
        cut: Top, bottom, left, right: where the person ends at the picture's border.
        is_exact: Whether the alpha is geometry, not another network's idea.
    """

    picture: Rgba
    union: Plane
    cut: Cut
    is_exact: bool


class People:
    """Draws people by the shares of their parts; holds a few decoded ones and renews them."""

    def __init__(self, catalogue: Catalogue, config: PatchConfig, rng: Random) -> None:
        self._config, self._rng = config, rng
        self._groups = catalogue.rendered_groups
        self._parts = {**catalogue.cutouts, "rendered": catalogue.rendered_portraits}
        shares = {
            "ccp": config.ccp,
            "interfaces": config.interfaces,
            "openpeople": config.openpeople,
            "rendered": config.rendered,
            "groups": config.groups,
        }
        self._names = [name for name in shares if self._parts.get(name, self._groups)]
        weights = np.array([shares[name] for name in self._names])
        self._weights = weights / weights.sum()
        self._held: list[Person] = []
        self._drawn = 0

    def draw(self) -> Person:
        """Return one of the held people; every few draws one of them is renewed."""
        config, rng = self._config, self._rng
        if len(self._held) < config.kept_pictures:
            if not self._held or self._drawn % 2 == 0:
                self._held.append(self._load())
        elif self._drawn % config.patches_of_each == 0:
            self._held[int(rng.integers(len(self._held)))] = self._load()
        self._drawn += 1
        return self._held[int(rng.integers(len(self._held)))]

    def _load(self) -> Person:
        name = str(self._rng.choice(self._names, p=self._weights))
        if name == "groups":
            return _load_group(self._pick(self._groups), self._rng)
        return _load_cutout(self._pick(self._parts[name]), is_exact=name == "rendered")

    def _pick(self, items: Sequence[Item]) -> Item:
        return items[int(self._rng.integers(len(items)))]


def _load_cutout(item: Cutout, *, is_exact: bool) -> Person:
    picture = read_colour(item.path)
    alpha = picture[..., 3]
    return Person(picture, alpha, _cuts(alpha, item.cut), is_exact)


def _cuts(alpha: Plane, known: Cut) -> Cut:
    """Return at which sides a person ends: the known ones, and where alpha meets the border."""
    top, bottom, left, right = (
        side or float(border.mean()) > _TOUCHING
        for side, border in zip(
            known, (alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]), strict=True
        )
    )
    return top, bottom, left, right


def _load_group(group: RenderedGroup, rng: Random) -> Person:
    """Return one person of a rendered group; the others stay in the picture."""
    picture, strips = read_colour(group.picture), read_plane(group.coverage)
    height, width = picture.shape[:2]
    maps = strips.reshape(height, group.people, width).transpose(1, 0, 2)
    own = maps[int(rng.integers(group.people))]
    union = picture[..., 3]
    alone = np.dstack([picture[..., :3], np.minimum(own, union)])
    return Person(alone, union, _cuts(union, _WHOLE), True)
