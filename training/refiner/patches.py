"""Draw patches: a composed square and a coarse alpha of the person in it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.catalogue import Catalogue
from training.data.pixels import Rgb
from training.refiner.composer import Composed, Composer
from training.refiner.config import PatchConfig
from training.refiner.guidance import draw_guidance
from training.refiner.seen import MatteNetwork, SeenPicture, look_at

_Floats = NDArray[np.float32]
_LOOK_SIDES_PX = (896, 1024, 1280)
_PATCHES_OF_A_LOOK = 48
_MOST_MISSES = 30
_KEPT_LOOKS = 32
"""Pictures that patches are cut from in turn, so that a batch does not see one person only."""


@dataclass(frozen=True, slots=True)
class Patch:
    """One training example.

    Attributes:
        picture: RGB uint8 ``[S, S, 3]``.
        coarse: The guidance, 0..1, ``[S, S]``.
        alpha: The truth, 0..1, ``[S, S]``.
    """

    picture: Rgb
    coarse: _Floats
    alpha: _Floats


class PatchSampler:
    """Draws one patch after another; a seed gives the same sequence.

    Args:
        catalogue: The training items.
        config: What a patch is made of.
        seed: Seed of everything that is drawn.
        network: Whose mattes a share of the patches has as guidance; None draws all guidance.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        config: PatchConfig,
        seed: int,
        network: MatteNetwork | None = None,
    ) -> None:
        self.config = config
        self._composer = Composer(catalogue, config, seed)
        self._rng = self._composer.rng
        self._network = network
        self._seen: deque[SeenPicture] = deque(maxlen=_KEPT_LOOKS)
        self._left = 0

    def draw(self) -> Patch:
        """Return a finished patch."""
        if self._network is not None and self._rng.random() < self.config.seen:
            seen = self._look(self._network)
            return Patch(*seen.cut_patch(self.config.side, self._rng))
        return self._drawn(self._composer.compose(self.config.side))

    def _drawn(self, composed: Composed) -> Patch:
        known = composed.alpha if self._rng.random() < 0.5 else composed.body
        is_hard = self._rng.random() < self.config.hard
        coarse = draw_guidance(known, composed.neighbours, self._rng, is_hard=is_hard)
        return Patch(composed.picture, coarse, composed.alpha)

    def _look(self, network: MatteNetwork) -> SeenPicture:
        """Return a picture that the network has looked at; now and then a new one joins."""
        if self._left == 0 or not self._seen:
            self._seen.append(self._see(network))
            self._left = _PATCHES_OF_A_LOOK
        self._left -= 1
        return self._seen[int(self._rng.integers(len(self._seen)))]

    def _see(self, network: MatteNetwork) -> SeenPicture:
        """Compose pictures until the network finds the person in one.

        Raises:
            ValueError: It finds nobody in many pictures: the weights are not fit for guidance.
        """
        for _ in range(_MOST_MISSES):
            side = int(self._rng.choice(_LOOK_SIDES_PX))
            composed = self._composer.compose(side, whole=True)
            seen = look_at(composed, network, self._rng)
            if seen is not None:
                return seen
        raise ValueError("The network finds nobody in composed pictures: are its weights trained?")
