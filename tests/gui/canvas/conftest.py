"""Documents and canvases for the tests of the canvas."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from PySide6.QtCore import QAbstractAnimation, QVariantAnimation
from pytestqt.qtbot import QtBot

from himapp.document.document import Document
from himapp.document.edits import add_person_layers
from himapp.gui.canvas import CanvasView
from himapp.gui.editor import Editor
from himapp.imaging.photo import Photo
from himapp.inference.session import InstanceMatte

GREY = 100


@dataclass(frozen=True)
class Stage:
    """A canvas with its editor."""

    editor: Editor
    canvas: CanvasView
    qtbot: QtBot

    def settle(self) -> None:
        """Wait until everything is drawn and nothing fades."""
        self.qtbot.waitUntil(lambda: self.canvas.is_complete and not self.is_fading())

    def is_fading(self) -> bool:
        running = QAbstractAnimation.State.Running
        return any(a.state() == running for a in self.canvas.findChildren(QVariantAnimation))

    def colour(self, x: float, y: float) -> tuple[int, int, int]:
        """The colour the canvas shows at a photo point, once settled."""
        self.settle()
        image = self.canvas.grab().toImage()
        place = self.canvas.widget_point(x, y) * image.devicePixelRatio()
        colour = image.pixelColor(int(place.x()), int(place.y()))
        return colour.red(), colour.green(), colour.blue()


@pytest.fixture
def document() -> Document:
    """A grey photo; Person 1 is a square at 100..200, Person 2 one at 300..400 (y 100..200)."""
    photo = Photo(np.full((400, 600, 3), GREY, np.uint8))
    square = np.full((100, 100), 65535, np.uint16)
    people = [
        InstanceMatte(square, left, 100, 0.9, (left, 100, left + 100, 200)) for left in (100, 300)
    ]
    return add_person_layers(Document.for_photo(photo), people)


@pytest.fixture
def make_stage(qtbot: QtBot, document: Document) -> Callable[..., Stage]:
    """Return a maker of canvases that show a document at a size."""

    def make(shown: Document | None = document, size: tuple[int, int] = (632, 432)) -> Stage:
        editor = Editor()
        canvas = CanvasView(editor)
        qtbot.addWidget(canvas)
        canvas.resize(*size)
        canvas.show()
        editor.open_document(shown)
        stage = Stage(editor, canvas, qtbot)
        stage.settle()
        return stage

    return make


@pytest.fixture
def stage(make_stage: Callable[..., Stage]) -> Stage:
    """A canvas at 100 %: the photo's corner lies at (16, 16) of the widget."""
    return make_stage()
