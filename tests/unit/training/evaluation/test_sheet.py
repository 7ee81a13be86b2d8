"""Contact sheets."""

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.evaluation.sheet import (
    SHEET_GREY,
    SheetRow,
    draw_overlay,
    draw_sheet,
    person_color,
    put_on_color,
    row_pictures,
    write_sheet,
)


def half_photo() -> tuple[np.ndarray, np.ndarray]:
    """Make a grey 20 x 40 photo and the matte of its left half."""
    matte = np.zeros((20, 40), np.float32)
    matte[:, :20] = 1
    return np.full((20, 40, 3), 100, np.uint8), matte


def test_people_keep_their_colours_and_the_rest_becomes_plain():
    photo, matte = half_photo()
    on_white = put_on_color(photo, [matte], 255)
    assert on_white[10, 5].tolist() == [100, 100, 100]
    assert on_white[10, 35].tolist() == [255, 255, 255]
    assert put_on_color(photo, [], 0).max() == 0


def test_overlay_tints_people_and_leaves_the_rest():
    photo, matte = half_photo()
    overlay = draw_overlay(photo, [matte])
    assert overlay[10, 30].tolist() == [100, 100, 100]
    assert overlay[10, 0].tolist() == list(person_color(0))  # the outline
    assert overlay[10, 10, 0] > overlay[10, 10, 2]


def test_neighbouring_people_differ_in_colour():
    colors = [np.array(person_color(index)) for index in range(8)]
    assert all(np.abs(a - b).max() > 60 for a, b in itertools.pairwise(colors))


def test_sheet_has_a_row_per_photo_and_fills_up_with_grey():
    photo, matte = half_photo()
    rows = [SheetRow(photo, [(matte, 0.9)]), SheetRow(photo, [])]
    assert [len(row_pictures(row)) for row in rows] == [5, 4]
    sheet = draw_sheet(rows, cell_px=40)
    assert sheet.shape == (2 * 44, 5 * 44, 3)
    assert (sheet[44:, 4 * 44 :] == SHEET_GREY).all()
    assert sheet[10, 4 * 44 + 5].tolist() == [255, 255, 255]


def test_sheets_are_written_in_rgb(tmp_path: Path):
    photo = np.zeros((10, 10, 3), np.uint8)
    photo[..., 0] = 250
    write_sheet(tmp_path / "new" / "sheet.png", [SheetRow(photo, [])], cell_px=10)
    blue, _, red = cv2.imread(str(tmp_path / "new" / "sheet.png"))[5, 5]
    assert (red, blue) == (250, 0)


def test_empty_sheets_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        draw_sheet([])
