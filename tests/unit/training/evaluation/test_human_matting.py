import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.evaluation.human_matting import (
    Portrait,
    add_human_matting_arguments,
    join_people,
    measure_portraits,
    read_portraits,
    report_lines,
    run_human_matting,
)

SIZE = (40, 50)


def write_portrait(root: Path, photos: str, mattes: str, name: str, region: str = "") -> None:
    """Write a photo with a person at the left, whose edge is one pixel soft."""
    alpha = np.zeros(SIZE, np.uint8)
    alpha[:, :20], alpha[:, 20] = 255, 128
    suffix = ".jpg" if mattes == "matte" else ".png"
    pictures = {photos: (".jpg", np.full((*SIZE, 3), 90, np.uint8)), mattes: (suffix, alpha)}
    if region:
        drawn = np.zeros(SIZE, np.uint8)
        drawn[:, 18:23] = 128 if region == "trimap" else 255
        pictures[region] = (".png", drawn)
    for folder, (ending, picture) in pictures.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(root / folder / f"{name}{ending}"), picture)


def find_left(photo: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """Find the person without the soft edge."""
    alpha = np.zeros(photo.shape[:2], np.float32)
    alpha[:, :20] = 1
    return [(alpha, 0.9)]


def test_ppm_has_images_and_mattes(tmp_path: Path):
    write_portrait(tmp_path, "image", "matte", "b")
    write_portrait(tmp_path, "image", "matte", "a")
    portraits = list(read_portraits(tmp_path, "ppm"))
    assert [p.name for p in portraits] == ["a", "b"]
    assert portraits[0].photo.shape == (*SIZE, 3)
    assert portraits[0].alpha[0, 0] > 0.9
    assert portraits[0].region is None


def test_p3m_is_read_as_one_set_or_as_both(tmp_path: Path):
    write_portrait(tmp_path / "P3M-500-NP", "original_image", "mask", "n", "trimap")
    write_portrait(tmp_path / "P3M-500-P", "blurred_image", "mask", "p", "trimap")
    both = list(read_portraits(tmp_path, "p3m"))
    assert [p.name for p in both] == ["P3M-500-NP/n", "P3M-500-P/p"]
    (one,) = read_portraits(tmp_path / "P3M-500-P", "p3m")
    assert one.region is not None
    assert one.region.sum() == 5 * SIZE[0]


def test_rwp_has_a_map_of_details(tmp_path: Path):
    write_portrait(tmp_path, "image", "alpha", "x", "detailmap")
    (portrait,) = read_portraits(tmp_path, "rwp")
    assert portrait.region is not None
    assert portrait.region.sum() == 5 * SIZE[0]


def test_another_layout_is_said_and_not_an_empty_set(tmp_path: Path):
    write_portrait(tmp_path, "image", "alpha", "x")
    with pytest.raises(FileNotFoundError, match="original_image and mask"):
        list(read_portraits(tmp_path, "p3m"))


def test_a_photo_without_matte_or_with_one_of_another_size_is_refused(tmp_path: Path):
    write_portrait(tmp_path, "image", "alpha", "x")
    cv2.imwrite(str(tmp_path / "alpha/x.png"), np.zeros((3, 3), np.uint8))
    with pytest.raises(ValueError, match=r"x\.jpg: matte"):
        list(read_portraits(tmp_path, "rwp"))
    (tmp_path / "alpha/x.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"nothing for x\.jpg"):
        list(read_portraits(tmp_path, "rwp"))


def test_errors_are_those_worked_by_hand(tmp_path: Path):
    # One column of 40 pixels is off by 128 / 255, of 2000 pixels, 200 of them unknown.
    write_portrait(tmp_path, "original_image", "mask", "x", "trimap")
    report = measure_portraits(read_portraits(tmp_path, "p3m"), find_left)
    off = 128 / 255
    assert report.whole is not None
    assert report.region is not None
    assert report.whole.sad == pytest.approx(40 * off / 1000, rel=1e-5)
    assert report.whole.mad == pytest.approx(40 * off / 2000, rel=1e-5)
    assert report.whole.mse == pytest.approx(40 * off**2 / 2000, rel=1e-5)
    # Connectivity: the truth's column hangs on at 0 only, .5 below itself: 1 - .5 against 1.
    assert report.whole.conn == pytest.approx(40 * off / 1000, rel=1e-4)
    assert report.region.sad == pytest.approx(report.whole.sad, rel=1e-5)
    assert report.region.mad == pytest.approx(40 * off / 200, rel=1e-5)
    # The gradient reaches beyond the region, so the whole photo has more of it.
    assert 0 < report.region.grad < report.whole.grad


def test_a_perfect_matte_has_no_error(tmp_path: Path):
    write_portrait(tmp_path, "image", "alpha", "x", "detailmap")
    (portrait,) = read_portraits(tmp_path, "rwp")
    report = measure_portraits([portrait], lambda _: [(portrait.alpha, 1.0)])
    assert report.whole is not None
    assert max(report.whole.sad, report.whole.mse, report.whole.grad, report.whole.conn) == 0


def test_means_are_over_photos_and_nobody_found_is_an_empty_matte():
    photo = np.zeros((*SIZE, 3), np.uint8)
    full = np.ones(SIZE, np.float32)
    portraits = [Portrait("a", photo, full, None), Portrait("b", photo, 0 * full, None)]
    report = measure_portraits(portraits, lambda _: [])
    assert report.whole is not None
    assert (report.missed, report.photos, report.whole.mad) == (2, 2, 0.5)
    assert report.region is None
    assert "| ppm | everywhere | 2 | 2 | 1.00 | 500.00 | 500.00 |" in report_lines("ppm", report)[2]


def test_everybody_found_makes_one_matte():
    half = np.full((2, 2), 0.7, np.float32)
    assert join_people([(half, 0.9), (half, 0.5)], (2, 2)).max() == 1
    assert join_people([], (2, 2)).max() == 0


def test_the_command_writes_a_report(tmp_path: Path):
    write_portrait(tmp_path, "image", "matte", "a")
    parser = ArgumentParser()
    add_human_matting_arguments(parser)
    words = ["--layout", "ppm", "--data", str(tmp_path), "--weights", "w", "--out"]
    args: Namespace = parser.parse_args([*words, str(tmp_path / "new/report.json")])
    lines = run_human_matting(args, lambda *_: find_left)
    assert len({line.count("|") for line in lines}) == 1
    report = json.loads((tmp_path / "new/report.json").read_text())
    assert (report["photos"], report["region"]) == (1, None)
