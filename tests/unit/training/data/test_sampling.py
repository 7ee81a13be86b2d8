from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.config import DataConfig
from training.data import sampling
from training.data.catalogue import Catalogue, Cut, Cutout, read_catalogue
from training.data.compose import Canvas
from training.data.hair import grow_hair
from training.data.pixels import Random, Rgba
from training.data.sampling import PictureCache, Sampler
from training.data.strands import grow_strands

SCENES = DataConfig(scene_share=1, rendered_share=0, close_up_share=0, pasted_share=0)
PASTED = replace(SCENES, pasted_share=1)
RENDERED = DataConfig(scene_share=0, rendered_share=1, close_up_share=0)
CLOSE_UPS = DataConfig(scene_share=0, rendered_share=0, close_up_share=1)
COMPOSITES = DataConfig(scene_share=0, rendered_share=0, close_up_share=0)
SIDE = 96


@pytest.fixture(scope="module")
def catalogue(mini_data: Path) -> Catalogue:
    return read_catalogue(mini_data)


def draw(catalogue: Catalogue, config: DataConfig, count: int, seed: int = 0) -> list[Canvas]:
    sampler = Sampler(catalogue, config, seed)
    return [sampler.draw(SIDE) for _ in range(count)]


def test_a_seed_gives_the_same_sequence(catalogue: Catalogue) -> None:
    first, again, other = (draw(catalogue, DataConfig(), 6, seed) for seed in (5, 5, 6))
    for one, two in zip(first, again, strict=True):
        assert np.array_equal(one.picture, two.picture)
        assert np.array_equal(one.alphas, two.alphas)
    assert any(not np.array_equal(a.picture, b.picture) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("config", [SCENES, PASTED, RENDERED, CLOSE_UPS, COMPOSITES])
def test_every_kind_of_picture_is_whole(catalogue: Catalogue, config: DataConfig) -> None:
    for canvas in draw(catalogue, config, 12):
        assert canvas.picture.shape == (SIDE, SIDE, 3)
        assert canvas.picture.dtype == np.uint8
        assert canvas.ignore.shape == (SIDE, SIDE)
        assert all(alpha.shape == (SIDE, SIDE) for alpha in canvas.alphas)
        assert len(canvas.alphas) == len(canvas.whole_px)
        assert np.sum(canvas.alphas, 0, dtype=int).max(initial=0) <= 255


@pytest.mark.parametrize(
    ("config", "is_exact"),
    [(SCENES, False), (PASTED, False), (RENDERED, True), (CLOSE_UPS, True), (COMPOSITES, True)],
)
def test_only_drawn_outlines_are_not_exact(
    catalogue: Catalogue, config: DataConfig, *, is_exact: bool
) -> None:
    assert {canvas.is_exact for canvas in draw(catalogue, config, 4)} == {is_exact}


def test_composites_know_everything_and_scenes_know_their_crowds(catalogue: Catalogue) -> None:
    assert not any(canvas.ignore.any() for canvas in draw(catalogue, COMPOSITES, 8))
    assert any(canvas.ignore.any() for canvas in draw(catalogue, SCENES, 12))


def test_scenes_keep_their_people_and_pasted_ones_come_in_front(catalogue: Catalogue) -> None:
    most = max(len(canvas.alphas) for canvas in draw(catalogue, SCENES, 12))
    assert most == 2
    assert max(len(canvas.alphas) for canvas in draw(catalogue, PASTED, 12)) > most


def test_scenes_may_be_shown_whole_and_as_they_are(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "degrade", None)
    whole = replace(SCENES, zoom=(1.0, 1.0), degraded_share=0.0)
    for canvas in draw(catalogue, whole, 8):
        areas = np.array([(alpha > 127).sum() for alpha in canvas.alphas])
        wanted = np.array([70 * 30, 60 * 34]) * (SIDE / 128) ** 2
        assert np.allclose(areas, wanted, rtol=0.15)  # rows and columns of few pixels are rounded


def test_close_ups_show_one_to_three_people_in_front_of_each_other(catalogue: Catalogue) -> None:
    canvases = draw(catalogue, CLOSE_UPS, 60)
    numbers = [len(canvas.alphas) for canvas in canvases]
    assert set(numbers) <= {0, 1, 2, 3}  # whoever would hide another is left out
    assert sum(number > 1 for number in numbers) > 10
    covered = [
        canvas
        for canvas in canvases
        for alpha, whole in zip(canvas.alphas, canvas.whole_px, strict=True)
        if np.count_nonzero(alpha > 127) < 0.95 * whole
    ]
    assert len(covered) > 5


def test_tall_cut_outs_get_strands_where_they_are_wanted(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    heights: list[int] = []

    def note(person: Rgba, cut: Cut, rng: Random, *, rounds: int) -> Rgba:
        heights.append(person.shape[0])
        return grow_strands(person, cut, rng, rounds=rounds)

    monkeypatch.setattr(sampling, "grow_strands", note)
    draw(catalogue, CLOSE_UPS, 10)
    assert not heights
    draw(catalogue, replace(CLOSE_UPS, strands_share=1.0), 10)
    assert heights
    assert min(heights) >= SIDE / 2
    few = len(heights)
    rendered = tuple(replace(item, is_rendered=True) for item in catalogue.cutouts["ccp"])
    everybody = replace(catalogue, cutouts=dict.fromkeys(catalogue.cutouts, rendered))
    draw(everybody, replace(CLOSE_UPS, strands_share=1.0), 10)
    assert len(heights) == few


def test_heads_of_hair_are_drawn_on_rendered_people_as_well(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    people: list[Rgba] = []

    def note(person: Rgba, cut: Cut, rng: Random) -> Rgba:
        people.append(person)
        return grow_hair(person, cut, rng)

    monkeypatch.setattr(sampling, "grow_hair", note)
    rendered = tuple(replace(item, is_rendered=True) for item in catalogue.cutouts["ccp"])
    everybody = replace(catalogue, cutouts=dict.fromkeys(catalogue.cutouts, rendered))
    canvases = draw(everybody, replace(CLOSE_UPS, hair_share=1.0), 6)
    assert len(people) >= sum(len(canvas.alphas) for canvas in canvases) > 0


@pytest.mark.parametrize(
    "cut",
    [
        (False, True, False, False),
        (True, False, False, True),
        (False, True, True, True),
        (True, True, True, True),
    ],
)
def test_the_sides_at_which_a_cut_out_ends_lie_outside(
    catalogue: Catalogue, tmp_path: Path, cut: Cut
) -> None:
    path = tmp_path / "block.png"
    cv2.imwrite(str(path), np.full((120, 100, 4), 255, np.uint8))
    block = (Cutout(path, cut),)
    only = replace(
        catalogue,
        cutouts=dict.fromkeys(catalogue.cutouts, block),
        rendered_portraits=block,
    )
    canvases = [canvas for canvas in draw(only, CLOSE_UPS, 12) if canvas.alphas]
    assert len(canvases) > 6
    for canvas in canvases:
        front = canvas.alphas[-1] > 0
        reached = front[0].any(), front[-1].any(), front[:, 0].any(), front[:, -1].any()
        # A cut-out may have been mirrored.
        assert any(
            all(there or not needed for there, needed in zip(reached, way, strict=True))
            for way in (cut, (cut[0], cut[1], cut[3], cut[2]))
        )


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_text("not a picture")
    for read in (PictureCache().colour, PictureCache().plane):
        with pytest.raises(FileNotFoundError, match=r"broken\.jpg"):
            read(tmp_path / "broken.jpg")


def test_a_grey_photo_becomes_rgb(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((4, 5), 77, np.uint8))
    assert PictureCache().colour(tmp_path / "grey.png").shape == (4, 5, 3)
