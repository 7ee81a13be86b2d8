"""A tool has the canvas's clicks and drags; without one they select people."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from himapp.gui.canvas.canvas_tool import CanvasTool

LEFT = Qt.MouseButton.LeftButton
NONE, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier


class Held:
    """A canvas that holds a tool, and everything the tool said."""

    def __init__(self, stage, shape):
        self.stage = stage
        self.canvas = stage.canvas
        self.tool = CanvasTool(shape, stage.canvas)
        self.clicks: list[tuple[float, float, bool]] = []
        self.drags: list[tuple[float, float, float, float]] = []
        self.left = 0
        self.tool.clicked.connect(lambda *told: self.clicks.append(told))
        self.tool.dragged.connect(lambda *told: self.drags.append(told))
        self.tool.left.connect(self._count)
        self.canvas.take_tool(self.tool)

    def _count(self):
        self.left += 1

    def at(self, x, y) -> QPoint:
        return self.canvas.widget_point(x, y).toPoint()

    def press(self, x, y, modifiers=NONE):
        QTest.mousePress(self.canvas, LEFT, modifiers, self.at(x, y))

    def move(self, *places):
        for x, y in places:
            QTest.mouseMove(self.canvas, self.at(x, y))

    def release(self, x, y, modifiers=NONE):
        QTest.mouseRelease(self.canvas, LEFT, modifiers, self.at(x, y))

    def drag(self, start, end, modifiers=NONE):
        self.press(*start, modifiers)
        middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        self.move(middle, end)
        self.release(*end, modifiers)

    def is_line_at(self, x, y) -> bool:
        """Whether anything but the grey photo shows near a photo point."""
        image = self.canvas.grab().toImage()
        middle = self.at(x, y)
        near = [
            QColor(image.pixel(middle.x() + dx, middle.y() + dy)).red()
            for dx in range(-4, 5)
            for dy in range(-4, 5)
        ]
        return max(near) > 150 or min(near) < 60


@pytest.fixture
def hold(stage) -> Iterator[Callable[[str], Held]]:
    held: list[Held] = []

    def make(shape="box") -> Held:
        held.append(Held(stage, shape))
        return held[-1]

    yield make
    for one in held:
        one.tool.end_waiting()


def test_a_click_is_the_tools_and_selects_nobody(hold):
    held = hold()
    held.press(150, 150)
    held.release(150, 150)
    assert held.clicks == [(150, 150, False)]
    assert held.stage.editor.selection == frozenset()


def test_alt_is_told_and_draws_no_box(hold):
    held = hold()
    held.drag((250, 250), (350, 350), ALT)
    assert held.clicks == [(250, 250, True)]
    assert held.drags == []


def test_a_drag_shows_a_box_and_tells_its_corners(hold):
    held = hold()
    held.press(220, 210)
    held.move((240, 230), (280, 350))
    assert held.is_line_at(220, 280)
    assert held.is_line_at(250, 350)
    assert not held.is_line_at(250, 280)
    held.release(280, 350)
    assert held.drags == [(220, 210, 280, 350)]
    assert held.clicks == []
    assert held.tool.band is None
    assert not held.is_line_at(220, 280)


def test_a_line_is_drawn_from_end_to_end(hold):
    held = hold("line")
    held.press(220, 210)
    held.move((240, 230), (280, 330))
    assert held.is_line_at(250, 270)
    assert not held.is_line_at(220, 300)
    held.release(280, 330)
    assert held.drags == [(220, 210, 280, 330)]


def test_a_box_ends_at_the_photos_edge(hold):
    held = hold()
    held.press(500, 300)
    held.move((550, 350))
    QTest.mouseMove(held.canvas, held.at(600, 400) + QPoint(10, 10))
    QTest.mouseRelease(held.canvas, LEFT, NONE, held.at(600, 400) + QPoint(10, 10))
    assert held.drags == [(500, 300, 600, 400)]


def test_a_box_may_begin_beside_the_photo(hold):
    held = hold()
    beside = held.at(0, 100) - QPoint(10, 0)
    QTest.mousePress(held.canvas, LEFT, NONE, beside)
    held.move((50, 150), (90, 200))
    held.release(90, 200)
    assert held.drags == [(0, 100, 90, 200)]
    assert held.clicks == []


def test_a_click_beside_the_photo_is_none(hold):
    held = hold()
    QTest.mouseClick(held.canvas, LEFT, NONE, QPoint(3, 3))
    assert held.clicks == []


def test_cancelling_drops_the_box_and_then_asks_to_put_the_tool_away(hold):
    held = hold()
    held.press(220, 210)
    held.move((240, 230), (280, 350))
    held.tool.cancel()
    assert held.tool.band is None
    held.release(280, 350)
    assert (held.clicks, held.drags, held.left) == ([], [], 0)
    held.tool.cancel()
    assert held.left == 1


def test_two_quick_clicks_are_two_clicks_and_do_not_zoom(hold):
    held = hold()
    zoom = held.canvas.zoom
    QTest.mouseClick(held.canvas, LEFT, NONE, held.at(250, 250))
    QTest.mouseDClick(held.canvas, LEFT, NONE, held.at(250, 250))
    QTest.mouseRelease(held.canvas, LEFT, NONE, held.at(250, 250))
    assert len(held.clicks) == 2
    assert held.canvas.zoom == zoom


def test_space_still_moves_the_photo(hold):
    held = hold()
    QTest.keyPress(held.canvas, Qt.Key.Key_Space)
    held.drag((250, 250), (280, 280))
    QTest.keyRelease(held.canvas, Qt.Key.Key_Space)
    assert (held.clicks, held.drags) == ([], [])


def test_the_pointer_is_a_cross_while_the_tool_is_held(hold):
    held = hold()
    assert held.canvas.cursor().shape() == Qt.CursorShape.CrossCursor
    held.canvas.take_tool(None)
    assert held.canvas.cursor().shape() == Qt.CursorShape.ArrowCursor
    held.press(150, 150)
    held.release(150, 150)
    assert held.clicks == []
    assert held.stage.editor.selection == {1}


def test_a_spinner_turns_where_an_answer_is_waited_for(hold, qtbot):
    held = hold()
    held.tool.wait_at(250, 250, 250, 250)
    assert held.is_line_at(261, 250) or held.is_line_at(239, 250)
    first = held.canvas.grab().toImage()
    qtbot.waitUntil(lambda: held.canvas.grab().toImage() != first)
    held.tool.end_waiting()
    assert not held.tool.is_waiting
    assert not held.is_line_at(261, 250)
