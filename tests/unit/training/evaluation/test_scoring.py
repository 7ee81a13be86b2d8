"""Scoring with predictors whose answers are known."""

import json
from pathlib import Path

import numpy as np
import pytest

from training.evaluation.datasets import Scene, read_photographs
from training.evaluation.predictors import Person, PredictPeople
from training.evaluation.report import markdown_groups, markdown_head, markdown_row, write_report
from training.evaluation.scoring import (
    choose_threshold,
    collect_scene,
    evaluate,
    evaluate_scenes,
    measure_crowding,
    store_matte,
)


def answer(*people: Person) -> PredictPeople:
    """Make a predictor that says the same of every photo."""
    return lambda _photo: list(people)


def box(top: int, bottom: int, left: int, right: int) -> np.ndarray:
    """Draw a matte of 40 x 60 pixels."""
    matte = np.zeros((40, 60), np.float32)
    matte[top:bottom, left:right] = 1
    return matte


def exact_scene() -> Scene:
    """Make a scene with two exact people."""
    return Scene(
        name="exact",
        photo=np.zeros((40, 60, 3), np.uint8),
        alphas=np.stack([box(5, 35, 5, 15), box(5, 35, 20, 30)]),
        ignore=np.zeros((40, 60), bool),
        is_exact=True,
    )


def test_the_threshold_with_the_best_pq_is_chosen(data_root: Path):
    # Two people at .8 and .6, an invented one at .3: from .35 to .6 only the right ones stay,
    # and of these thresholds the highest is taken.
    predict = answer(
        (box(5, 35, 5, 15), 0.8), (box(5, 35, 20, 30), 0.6), (box(20, 40, 34, 44), 0.3)
    )
    report = evaluate(predict, data_root, part="coco")
    assert report.threshold == 0.6
    assert report.panoptic.pq == 1
    # With the invented one: 2 / (2 + .5).
    assert report.sweep[0.3].pq == pytest.approx(2 / 2.5)
    # At .8 one is left: 1 / (1 + .5).
    assert report.sweep[0.8].pq == pytest.approx(1 / 1.5)
    assert report.mattes.imq is None


def test_a_given_threshold_is_kept(data_root: Path):
    report = evaluate(answer((box(5, 35, 5, 15), 0.5)), data_root, threshold=0.7)
    assert report.threshold == 0.7
    assert report.panoptic.pairs == 0
    assert report.panoptic.missed_people == 2


def test_people_in_crowds_and_low_people_are_not_charged(data_root: Path):
    predict = answer((box(0, 20, 46, 60), 0.9), (box(36, 39, 2, 5), 0.9))
    report = evaluate(predict, data_root, threshold=0.5)
    assert report.panoptic.false_predictions == 0
    assert report.mattes.errors.emad_charged == report.mattes.errors.emad


def test_exact_scenes_are_scored_by_their_mattes():
    # The second person is missed and the first is off by .2 everywhere inside, S = 0 by MAD.
    # EMAD: (300 x .2 + 300) / 2400 / 2 x 1000 = 75; the matte is held in 8 bit: .8 = 204 / 255.
    scene = exact_scene()
    predict = answer((scene.alphas[0] * np.float32(0.8), 0.9))
    report = evaluate_scenes(predict, lambda: [scene], "groups", 0.5)
    assert report.mattes.errors.emad == pytest.approx(75, rel=1e-5)
    assert report.mattes.imq is not None
    assert report.mattes.imq.imq["mad"] == pytest.approx(0, abs=1e-3)
    assert report.mattes.imq.rq == pytest.approx(100 / 1.5)


def test_perfect_mattes_have_no_error():
    scene = exact_scene()
    predict = answer((scene.alphas[1], 0.9), (scene.alphas[0], 0.7))
    report = evaluate_scenes(predict, lambda: [scene], "groups")
    assert report.panoptic.lowest_iou == 1
    assert report.mattes.errors.emad_charged == 0
    assert report.mattes.band is not None
    assert report.mattes.band.sad == 0


def test_scenes_are_grouped_by_people_and_by_overlap():
    report = evaluate_scenes(answer(), lambda: [exact_scene()], "groups")
    assert set(report.by_people) == {"2-3"}
    assert set(report.by_overlap) == {"apart"}


def test_nothing_found_anywhere_is_a_zero_not_an_error(data_root: Path):
    report = evaluate(answer(), data_root)
    assert report.panoptic.pq == 0
    assert report.panoptic.missed_people == 2


def test_no_scenes_at_all_are_a_zero_not_an_error():
    assert evaluate_scenes(answer(), list, "coco").photos == 0


def test_stored_mattes_come_back_to_their_place():
    matte = box(3, 9, 50, 60) * np.float32(0.5)
    stored = store_matte(matte)
    assert stored.alpha.shape == (6, 10)
    np.testing.assert_allclose(stored.spread((40, 60)), matte, atol=0.5 / 255)
    assert not store_matte(np.zeros((40, 60), np.float32)).spread((40, 60)).any()


def test_crowding_is_the_largest_overlap_of_two_boxes():
    # 30 x 10 each, 5 columns shared: 150 / 450.
    people = np.stack([box(5, 35, 5, 15), box(5, 35, 10, 20), box(5, 35, 50, 60)]) > 0.5
    assert measure_crowding(people) == pytest.approx(1 / 3)
    assert measure_crowding(people[:1]) == 0


def test_equal_scores_choose_the_highest_threshold(data_root: Path):
    (scene,) = read_photographs(data_root)
    assert collect_scene(answer(), scene).people == 2
    sweep = evaluate(answer((box(5, 35, 5, 15), 0.95)), data_root).sweep
    assert choose_threshold(sweep) == 0.95


def test_reports_are_written_as_json_and_as_rows(data_root: Path, tmp_path: Path):
    report = evaluate(answer((box(5, 35, 5, 15), 0.8)), data_root)
    exact = evaluate_scenes(answer(), lambda: [exact_scene()], "groups")
    columns = markdown_head().splitlines()[0].count("|")
    assert [markdown_row("fake", r).count("|") for r in (report, exact)] == [columns, columns]
    assert "| 2-3 people | 2 |" in markdown_groups(report)
    write_report(tmp_path / "new" / "report.json", {"fake": [report, exact]})
    document = json.loads((tmp_path / "new" / "report.json").read_text())
    assert document["reports"]["fake"][0]["panoptic"]["pairs"] == 1
