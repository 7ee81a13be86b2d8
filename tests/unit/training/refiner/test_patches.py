import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.e2e_him.output import InstancePrediction
from training.data.catalogue import Catalogue, read_catalogue
from training.data.pixels import Random, Rgb
from training.refiner import composer
from training.refiner.composer import Composed, Composer
from training.refiner.config import PatchConfig
from training.refiner.cutouts import People
from training.refiner.guidance import draw_guidance
from training.refiner.patches import Patch, PatchSampler
from training.refiner.seen import look_at

Floats = NDArray[np.float32]
SMALL = PatchConfig(side=64, batch=2, kept_pictures=4)


@pytest.fixture(scope="module")
def catalogue(mini_data: Path) -> Catalogue:
    return read_catalogue(mini_data)


class SeesBlue:
    """Finds one person: what is bluer than red, blurred by its own small grid."""

    def __init__(self) -> None:
        self.sides: list[int] = []

    def predict(self, images: torch.Tensor, score_floor: float | None = None) -> Sequence[Any]:
        self.sides.append(images.shape[-1])
        alpha = (images[:, 2] > images[:, 0]).float()

        height, width = alpha.shape[1:]
        box = torch.tensor([[0.0, 0.0, width, height]])
        return [InstancePrediction(score=torch.tensor([0.9]), box=box, alpha=alpha)]


class SeesNobody(SeesBlue):
    """Finds nobody at all."""

    def predict(self, images: torch.Tensor, score_floor: float | None = None) -> Sequence[Any]:
        self.sides.append(images.shape[-1])
        nothing = torch.zeros(0, *images.shape[-2:])
        return [InstancePrediction(torch.zeros(0), torch.zeros(0, 4), nothing)]


def _is_patch(patch: Patch, side: int) -> bool:
    shapes = patch.picture.shape, patch.coarse.shape, patch.alpha.shape
    assert shapes == ((side, side, 3), (side, side), (side, side))
    assert patch.picture.dtype == np.uint8
    assert patch.coarse.dtype == patch.alpha.dtype == np.float32
    for plane in (patch.coarse, patch.alpha):
        assert 0 <= plane.min() <= plane.max() <= 1.00001
    return True


def test_patches_are_what_the_trainer_takes_and_come_again(catalogue: Catalogue) -> None:
    first, again = (PatchSampler(catalogue, SMALL, 3) for _ in range(2))
    for _ in range(12):
        patch = first.draw()
        assert _is_patch(patch, 64)
        np.testing.assert_array_equal(patch.picture, again.draw().picture)


def test_guidance_is_coarse_but_tells_whom_it_means(catalogue: Catalogue) -> None:
    sampler = PatchSampler(catalogue, SMALL, 5)
    errors, shares = [], []
    for _ in range(40):
        patch = sampler.draw()
        errors.append(np.abs(patch.coarse - patch.alpha).mean())
        shares.append(np.abs((patch.coarse > 0.5) == (patch.alpha > 0.5)).mean())
    assert np.mean(errors) > 0.005
    assert np.mean(shares) > 0.8


def test_guidance_of_nothing_is_nearly_nothing() -> None:
    empty = np.zeros((64, 64), np.float32)
    means = [draw_guidance(empty, empty, np.random.default_rng(k)).mean() for k in range(30)]
    assert np.median(means) == 0
    assert max(means) < 0.5


def test_hair_is_drawn_on_whole_people_and_counts_as_theirs(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def grow_beside(colour: Rgb, alpha: Floats, rng: Random) -> tuple[Rgb, Floats]:
        grown = alpha.copy()
        grown[:20, :20] = 1
        return np.full_like(colour, 255), grown

    monkeypatch.setattr(composer, "draw_hair", grow_beside)
    config = dataclasses.replace(SMALL, hair=1.0, groups=0.0, in_front=0.0, behind=0.0)
    composed = Composer(catalogue, config, 3).compose(96, whole=True)
    assert (composed.alpha[:20, :20] == 1).all()
    assert composed.neighbours.max() < 1e-6
    part = Composer(catalogue, dataclasses.replace(config, strands=0.0), 3).compose(96)
    np.testing.assert_array_equal(part.alpha, part.body)


def test_cut_sides_are_not_shown(catalogue: Catalogue) -> None:
    people = People(catalogue, SMALL, np.random.default_rng(4))
    cuts = {person.cut for person in (people.draw() for _ in range(60))}
    # Everybody in the miniature stands on the lower border.
    assert all(bottom for _, bottom, _, _ in cuts)
    composer = Composer(catalogue, SMALL, 7)
    for _ in range(30):
        alpha = composer.compose(64).alpha
        rows = np.flatnonzero(alpha.max(1) > 0.9)
        if len(rows) and rows[-1] < 60:
            # A person may end above the patch's lower border only behind somebody else.
            assert alpha[rows[-1] + 1 :].max() < 0.9


def test_the_networks_own_matte_is_guidance(catalogue: Catalogue) -> None:
    blue = np.zeros((1024, 1024), np.float32)
    blue[200:800, 300:700] = 1
    picture = np.where(blue[..., None] > 0, (20, 20, 200), (200, 20, 20)).astype(np.uint8)
    composed = Composed(picture, blue, blue, np.zeros_like(blue))
    network = SeesBlue()
    seen = look_at(composed, network, np.random.default_rng(1))
    assert seen is not None
    assert network.sides[0] < 600
    picture, coarse, alpha = seen.cut_patch(64, np.random.default_rng(2))
    assert _is_patch(Patch(picture, coarse, alpha), 64)
    assert np.abs(coarse - alpha).mean() < 0.2


def test_a_network_that_finds_nobody_is_refused(catalogue: Catalogue) -> None:
    config = dataclasses.replace(SMALL, seen=1.0)
    sampler = PatchSampler(catalogue, config, 1, SeesNobody())
    with pytest.raises(ValueError, match="finds nobody"):
        sampler.draw()


def test_a_person_whom_the_network_misses_gives_no_guidance() -> None:
    nobody = np.zeros((256, 256), np.float32)
    nobody[:20, :20] = 1
    picture = np.full((256, 256, 3), (200, 20, 20), np.uint8)
    composed = Composed(picture, nobody, nobody, nobody)
    assert look_at(composed, SeesBlue(), np.random.default_rng(1)) is None
