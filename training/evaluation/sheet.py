"""Draw what was found: one row of pictures per photo, to be looked at by people.

A row shows the photo, the people in colours with their outlines, all people on black and on
white (what is missing shows on one, what is too much on the other), then every matte.
"""

import colorsys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.evaluation.predictors import Person
from training.metrics.arrays import Matte

CELL_PX = 320
GAP_PX = 4
OVERLAY_STRENGTH = 0.45
MOST_MATTES = 6
SHEET_GREY = 96
GOLDEN_RATIO = 0.618034
"""Steps of this share of the colour circle keep any number of hues apart."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """Hold a photo, uint8 [H, W, 3] RGB, and the people found in it."""

    photo: NDArray[np.uint8]
    people: Sequence[Person]


def write_sheet(path: Path, rows: Iterable[SheetRow], cell_px: int = CELL_PX) -> None:
    """Write a contact sheet as PNG; its folder is made when it is missing.

    Args:
        path: the file.
        rows: what to show, from top to bottom.
        cell_px: side of the square that each picture is fitted into.

    Raises:
        ValueError: there are no rows.
        OSError: the file cannot be written.
    """
    sheet = draw_sheet(rows, cell_px)
    path.parent.mkdir(parents=True, exist_ok=True)
    _, encoded = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    path.write_bytes(encoded.tobytes())


def draw_sheet(rows: Iterable[SheetRow], cell_px: int = CELL_PX) -> NDArray[np.uint8]:
    """Draw a contact sheet, uint8 [h, w, 3] RGB; short rows end in grey.

    Raises:
        ValueError: there are no rows.
    """
    drawn = [[_fit(picture, cell_px) for picture in row_pictures(row)] for row in rows]
    if not drawn:
        raise ValueError("a sheet needs at least one photo")
    pitch = cell_px + GAP_PX
    width = max(len(cells) for cells in drawn) * pitch
    sheet = np.full((len(drawn) * pitch, width, 3), SHEET_GREY, np.uint8)
    for y, cells in enumerate(drawn):
        for x, cell in enumerate(cells):
            sheet[y * pitch : y * pitch + cell_px, x * pitch : x * pitch + cell_px] = cell
    return sheet


def row_pictures(row: SheetRow) -> list[NDArray[np.uint8]]:
    """Return the pictures of a row, each uint8 [H, W, 3] of the photo's size."""
    mattes = [alpha for alpha, _ in row.people]
    return [
        row.photo,
        draw_overlay(row.photo, mattes),
        put_on_color(row.photo, mattes, 0),
        put_on_color(row.photo, mattes, 255),
        *(_grey_picture(alpha) for alpha in mattes[:MOST_MATTES]),
    ]


def draw_overlay(photo: NDArray[np.uint8], mattes: Sequence[Matte]) -> NDArray[np.uint8]:
    """Tint each person, by the matte, in a colour of their own and draw the outline at .5."""
    tinted = photo.astype(np.float32)
    for index, alpha in enumerate(mattes):
        tint = OVERLAY_STRENGTH * alpha[..., None]
        tinted += tint * (np.array(person_color(index), np.float32) - tinted)
    picture = np.rint(tinted).astype(np.uint8)
    thickness = max(1, round(max(photo.shape[:2]) / 300))
    for index, alpha in enumerate(mattes):
        mask = (alpha > 0.5).astype(np.uint8)
        outlines = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]
        cv2.drawContours(picture, outlines, -1, person_color(index), thickness)
    return picture


def put_on_color(photo: NDArray[np.uint8], mattes: Sequence[Matte], grey: int) -> NDArray[np.uint8]:
    """Show all people with the photo's own colours over a plain grey of 0..255."""
    together = np.zeros(photo.shape[:2], np.float32)
    for alpha in mattes:
        together += alpha
    cover = np.minimum(together, 1)[..., None]
    picture: NDArray[np.uint8] = np.rint(cover * photo + (1 - cover) * grey).astype(np.uint8)
    return picture


def person_color(index: int) -> tuple[int, int, int]:
    """Return a bright RGB colour that differs from those of the neighbouring indices."""
    red, green, blue = colorsys.hsv_to_rgb(index * GOLDEN_RATIO % 1, 0.9, 1)
    return round(255 * red), round(255 * green), round(255 * blue)


def _grey_picture(alpha: Matte) -> NDArray[np.uint8]:
    return np.repeat(np.rint(alpha * 255).astype(np.uint8)[..., None], 3, axis=2)


def _fit(picture: NDArray[np.uint8], cell_px: int) -> NDArray[np.uint8]:
    """Scale a picture into the top left of a grey square."""
    scale = cell_px / max(picture.shape[:2])
    height, width = (max(1, round(length * scale)) for length in picture.shape[:2])
    cell = np.full((cell_px, cell_px, 3), SHEET_GREY, np.uint8)
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    cell[:height, :width] = cv2.resize(picture, (width, height), interpolation=interpolation)
    return cell
