"""What the canvas shows at 100 % is what a file holds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QImage

from himapp.document import edits
from himapp.document.adjustments import Adjustments
from himapp.document.background import BlurBackground, ColourBackground, PhotoBackground
from himapp.document.document import Document
from himapp.document.export import run_export
from himapp.document.export_options import CodingOptions, ExportOptions
from himapp.imaging.photo import Photo
from himapp.imaging.working_spaces import profile_of
from himapp.inference.session import InstanceMatte

HEIGHT, WIDTH = 700, 560
"""More than a stripe of the export and than a tile of the canvas."""


def make_document(background: Any, dtype: Any, icc: bytes | None) -> Document:
    top = np.iinfo(dtype).max
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    ramps = np.stack([x / WIDTH, y / HEIGHT, (x + y) % 97 / 97], axis=2)
    photo = Photo(np.rint(ramps * top).astype(dtype), icc=icc)
    matte = np.clip((200 - np.hypot(y - 350, x - 280)) / 40, 0, 1)
    alpha = np.rint(matte * 65535).astype(np.uint16)
    person = InstanceMatte(alpha, 0, 0, 0.9, (80.0, 150.0, 480.0, 550.0))
    document = edits.add_person_layers(Document.for_photo(photo), [person])
    document = edits.set_adjustments(document, 1, Adjustments(0.6, -0.5))
    return edits.set_background(document, background)


@pytest.mark.parametrize(
    "background", [PhotoBackground(), ColourBackground((200, 120, 40)), BlurBackground(9)]
)
@pytest.mark.parametrize(
    ("dtype", "icc"), [(np.uint8, None), (np.uint16, None), (np.uint8, profile_of("display-p3"))]
)
def test_the_canvas_at_100_per_cent_is_the_file(
    make_stage: Callable[..., Any], tmp_path: Path, background: Any, dtype: Any, icc: Any
) -> None:
    document = make_document(background, dtype, icc)
    stage = make_stage(document, (WIDTH + 32, HEIGHT + 32))
    stage.canvas.show_overlay(shown=False)
    stage.canvas.zoom_to(1.0)
    stage.settle()
    image = stage.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGBA8888)
    shown = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    left, top = (round(value) for value in stage.canvas.widget_point(0, 0).toTuple())
    seen = shown[top : top + HEIGHT, left : left + WIDTH, :3].astype(int)
    # The screen is sRGB, and so is the file that is compared; 8 bit both.
    coding = CodingOptions("png", "8", color_space="srgb")
    (file,) = run_export(
        document,
        ExportOptions("composite", coding=coding),
        tmp_path,
        cache=stage.editor.cache,
    )
    with Image.open(file) as written:
        difference = np.abs(np.asarray(written).astype(int) - seen)
    assert difference.max() <= 1
