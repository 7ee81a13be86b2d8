"""The canvas as a person uses it: with mouse, touchpad and keys."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPointingDevice,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from himapp.document import edits
from himapp.document.background import ColourBackground, TransparentBackground
from himapp.document.document import Document
from himapp.document.render import render_level
from himapp.gui.canvas import CanvasView
from himapp.gui.editor import Editor
from himapp.gui.theme import CANVAS, CHECKER_DARK, CHECKER_LIGHT, person_colour
from himapp.imaging.photo import Photo

LEFT = Qt.MouseButton.LeftButton
MIDDLE = Qt.MouseButton.MiddleButton
NONE = Qt.KeyboardModifier.NoModifier
GREY = (100, 100, 100)
EMPTY_PLACE = (250, 50)
FIRST, SECOND = (150, 150), (350, 150)


def point(canvas: CanvasView, place: tuple[int, int]) -> QPoint:
    return canvas.widget_point(place[0] + 0.5, place[1] + 0.5).toPoint()


def send_mouse(
    canvas: CanvasView, kind: QEvent.Type, place: QPointF, *, button: Any, held: Any = None
) -> None:
    held = button if held is None else held
    spot = QPointF(canvas.mapToGlobal(place.toPoint()))
    QApplication.sendEvent(canvas, QMouseEvent(kind, place, spot, button, held, NONE))


def hover(canvas: CanvasView, place: tuple[int, int]) -> None:
    no_button = Qt.MouseButton.NoButton
    spot = QPointF(point(canvas, place))
    send_mouse(canvas, QEvent.Type.MouseMove, spot, button=no_button)


def drag(canvas: CanvasView, start: QPointF, way: QPointF, button: Any) -> None:
    send_mouse(canvas, QEvent.Type.MouseButtonPress, start, button=button)
    no_button = Qt.MouseButton.NoButton
    send_mouse(canvas, QEvent.Type.MouseMove, start + way, button=no_button, held=button)
    send_mouse(canvas, QEvent.Type.MouseButtonRelease, start + way, button=button, held=no_button)


def wheel(canvas: CanvasView, place: QPointF, notches: float) -> None:
    event = QWheelEvent(
        place,
        canvas.mapToGlobal(place),
        QPoint(),
        QPoint(0, round(notches * 120)),
        Qt.MouseButton.NoButton,
        NONE,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def large_document(width: int = 2400, height: int = 1600) -> Document:
    ramp = np.linspace(0, 255, width, dtype=np.uint8)
    return Document.for_photo(Photo(np.repeat(np.tile(ramp, (height, 1))[..., None], 3, axis=2)))


# What is shown -----------------------------------------------------------------------------


def test_an_opened_photo_is_shown_whole(make_stage: Callable[..., Any]) -> None:
    stage = make_stage(large_document(), (600, 600))
    assert stage.canvas.is_fitted
    assert stage.canvas.zoom == pytest.approx(568 / 2400)
    # Half a screen pixel is worth two photo pixels here.
    assert stage.canvas.photo_at(QPoint(300, 300)) == pytest.approx((1200, 800), abs=2)
    assert stage.canvas.photo_at(QPoint(300, 20)) is None
    assert stage.colour(1200, 800)[0] == pytest.approx(127, abs=2)
    beside = stage.canvas.grab().toImage().pixelColor(300, 20)
    assert beside == CANVAS


def test_the_canvas_shows_no_photo_until_one_is_opened(
    make_stage: Callable[..., Any], document: Document
) -> None:
    stage = make_stage(None)
    stage.canvas.zoom_in()
    stage.canvas.fit()
    assert stage.canvas.photo_at(QPoint(50, 50)) is None
    stage.canvas.grab()
    stage.editor.open_document(document)
    assert stage.colour(10, 10) == GREY
    stage.editor.open_document(None)
    assert stage.canvas.is_complete


def test_a_photo_shows_coarse_at_once_and_sharp_soon(qtbot: QtBot) -> None:
    editor = Editor()
    canvas = CanvasView(editor)
    qtbot.addWidget(canvas)
    canvas.resize(1200, 900)
    canvas.show()
    editor.open_document(large_document())
    assert not canvas.is_complete
    canvas.grab()
    qtbot.waitUntil(lambda: canvas.is_complete)


def test_an_edit_shows(stage: Any) -> None:
    before = stage.colour(*FIRST)
    stage.editor.apply(
        edits.set_adjustment(stage.editor.document, 1, "exposure_stops", 1.0), "exposure"
    )
    after = stage.colour(*FIRST)
    assert before == GREY
    assert after[0] == pytest.approx(100 * 2 ** (1 / 2.2), abs=1)
    assert stage.colour(*SECOND) == GREY
    stage.editor.undo_stack.undo()
    assert stage.colour(*FIRST) == GREY


def test_another_background_shows(stage: Any) -> None:
    green = ColourBackground((0, 200, 0))
    stage.editor.apply(edits.set_background(stage.editor.document, green), "background")
    assert stage.colour(*EMPTY_PLACE) == (0, 200, 0)
    assert stage.colour(*FIRST) == GREY


def test_a_checkerboard_shows_behind_what_is_transparent(stage: Any) -> None:
    clear = TransparentBackground()
    stage.editor.apply(edits.set_background(stage.editor.document, clear), "background")
    shown = {stage.colour(x, 50) for x in range(240, 272, 4)}
    assert shown == {CHECKER_LIGHT.getRgb()[:3], CHECKER_DARK.getRgb()[:3]}
    assert stage.colour(*FIRST) == GREY


def test_pixels_are_squares_from_200_per_cent_on(make_stage: Callable[..., Any]) -> None:
    stripes = np.zeros((100, 100, 3), np.uint8)
    stripes[:, ::2] = 255
    stage = make_stage(Document.for_photo(Photo(stripes)))
    stage.canvas.zoom_to(3.0)
    stage.settle()
    values = {stage.colour(40 + x / 6, 50)[0] for x in range(24)}
    assert values == {0, 255}
    stage.canvas.zoom_to(1.5)
    assert len({stage.colour(40 + x / 3, 50)[0] for x in range(24)}) > 2


@pytest.mark.parametrize("ratio", [1.5, 2.0])
def test_at_100_per_cent_a_photo_pixel_is_a_pixel_of_a_dense_screen(
    qtbot: QtBot, document: Document, monkeypatch: pytest.MonkeyPatch, ratio: float
) -> None:
    monkeypatch.setattr(CanvasView, "devicePixelRatioF", lambda _: ratio)
    editor = Editor()
    canvas = CanvasView(editor)
    qtbot.addWidget(canvas)
    canvas.resize(800, 600)
    editor.open_document(document)
    canvas.zoom_to(1.0)
    width = canvas.widget_point(600, 0).x() - canvas.widget_point(0, 0).x()
    assert width == pytest.approx(600 / ratio)
    assert canvas.photo_at(canvas.widget_point(150.5, 99.5)) == (150, 99)


# Zoom and place ----------------------------------------------------------------------------


def test_the_wheel_zooms_to_the_pointer(stage: Any) -> None:
    canvas, place = stage.canvas, QPointF(166, 116)
    assert canvas.photo_at(place) == (150, 100)
    with stage.qtbot.waitSignal(canvas.zoom_changed) as zoomed:
        wheel(canvas, place, 2)
    assert zoomed.args == [pytest.approx(2**0.5)]
    assert canvas.photo_at(place) == pytest.approx((150, 100), abs=1)
    wheel(canvas, place, -2)
    assert canvas.zoom == pytest.approx(1.0)


def test_a_pinch_on_the_touchpad_zooms_to_the_fingers(stage: Any) -> None:
    canvas, place = stage.canvas, QPointF(166, 116)
    event = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture,
        QPointingDevice.primaryPointingDevice(),
        2,
        place,
        place,
        canvas.mapToGlobal(place),
        1.0,
        QPointF(),
    )
    QApplication.sendEvent(canvas, event)
    assert canvas.zoom == pytest.approx(2.0)
    assert canvas.photo_at(place) == (150, 100)


def test_dragging_with_the_middle_button_moves_the_photo(make_stage: Callable[..., Any]) -> None:
    canvas = make_stage(large_document()).canvas
    canvas.zoom_to(1.0)
    before = canvas.photo_at(QPoint(300, 200))
    drag(canvas, QPointF(300, 200), QPointF(50, -30), MIDDLE)
    assert canvas.photo_at(QPoint(350, 170)) == before


def test_dragging_with_space_moves_the_photo_and_selects_nobody(stage: Any) -> None:
    canvas = stage.canvas
    canvas.zoom_to(2.0)
    before = canvas.photo_at(QPoint(300, 200))
    stage.qtbot.keyPress(canvas, Qt.Key.Key_Space)
    assert canvas.cursor().shape() == Qt.CursorShape.OpenHandCursor
    drag(canvas, QPointF(300, 200), QPointF(20, 10), LEFT)
    stage.qtbot.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.photo_at(QPoint(320, 210)) == before
    assert canvas.cursor().shape() == Qt.CursorShape.ArrowCursor
    assert stage.editor.selection == frozenset()


def test_a_double_click_changes_between_the_whole_photo_and_100_per_cent_there(
    make_stage: Callable[..., Any],
) -> None:
    stage = make_stage(large_document(), (600, 600))
    canvas, place = stage.canvas, QPoint(200, 250)
    spot = canvas.photo_at(place)
    stage.qtbot.mouseDClick(canvas, LEFT, NONE, place)
    assert canvas.zoom == 1.0
    assert canvas.photo_at(place) == pytest.approx(spot, abs=3)
    stage.qtbot.mouseDClick(canvas, LEFT, NONE, place)
    assert canvas.is_fitted


def test_keys_zoom_and_move(make_stage: Callable[..., Any]) -> None:
    stage = make_stage(large_document())
    canvas, press = stage.canvas, stage.qtbot.keyClick
    press(canvas, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert canvas.zoom == 1.0
    press(canvas, Qt.Key.Key_Plus)
    assert canvas.zoom == pytest.approx(2**0.5)
    press(canvas, Qt.Key.Key_Minus)
    before = canvas.photo_at(QPoint(300, 200))
    press(canvas, Qt.Key.Key_Right)
    press(canvas, Qt.Key.Key_Down)
    after = canvas.photo_at(QPoint(300, 200))
    assert (after[0] - before[0], after[1] - before[1]) == (632 // 8, 432 // 8)
    press(canvas, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert canvas.is_fitted


def test_other_keys_go_on_to_the_window(stage: Any) -> None:
    event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_V, NONE, "v")
    event.accept()
    stage.canvas.keyPressEvent(event)
    assert not event.isAccepted()


def test_a_fitted_photo_stays_fitted_when_the_window_changes(stage: Any) -> None:
    canvas = stage.canvas
    canvas.resize(332, 432)
    assert canvas.zoom == pytest.approx(300 / 600)
    canvas.zoom_to(1.0)
    canvas.resize(400, 432)
    assert canvas.zoom == 1.0


# People ------------------------------------------------------------------------------------


def test_a_click_selects_the_person_and_shift_adds(stage: Any) -> None:
    canvas, click = stage.canvas, stage.qtbot.mouseClick
    click(canvas, LEFT, NONE, point(canvas, FIRST))
    assert stage.editor.selection == {1}
    click(canvas, LEFT, Qt.KeyboardModifier.ShiftModifier, point(canvas, SECOND))
    assert stage.editor.selection == {1, 2}
    click(canvas, LEFT, Qt.KeyboardModifier.ShiftModifier, point(canvas, EMPTY_PLACE))
    assert stage.editor.selection == {1, 2}
    click(canvas, LEFT, NONE, point(canvas, EMPTY_PLACE))
    assert stage.editor.selection == frozenset()


def test_a_drag_is_no_click(stage: Any) -> None:
    drag(stage.canvas, QPointF(point(stage.canvas, FIRST)), QPointF(40, 0), LEFT)
    assert stage.editor.selection == frozenset()


def test_pointing_at_a_person_outlines_them(stage: Any) -> None:
    edge = 100.5, 150.0
    assert stage.colour(*edge) == GREY
    hover(stage.canvas, FIRST)
    assert stage.editor.hovered == 1
    assert stage.colour(*edge) == person_colour(0).getRgb()[:3]
    hover(stage.canvas, EMPTY_PLACE)
    assert stage.editor.hovered is None
    assert stage.colour(*edge) == GREY
    hover(stage.canvas, SECOND)
    QApplication.sendEvent(stage.canvas, QEvent(QEvent.Type.Leave))
    assert stage.editor.hovered is None


def test_selected_people_are_tinted_until_the_overlay_is_turned_off(stage: Any) -> None:
    stage.editor.select([1])
    tinted = stage.colour(*FIRST)
    colour = person_colour(0).getRgb()[:3]
    expected = [round(100 + 0.45 * (value - 100)) for value in colour]
    assert tinted == pytest.approx(expected, abs=2)
    assert stage.colour(*SECOND) == GREY
    stage.canvas.show_overlay(shown=False)
    assert stage.colour(*FIRST) == GREY
    stage.canvas.show_overlay(shown=True)
    assert stage.colour(*FIRST) == tinted


def test_the_tint_does_not_hide_an_edit_and_comes_back_with_the_next_selection(stage: Any) -> None:
    stage.editor.select([1])
    assert stage.colour(*FIRST) != GREY
    document = stage.editor.document
    stage.editor.apply(edits.set_adjustment(document, 1, "saturation", -1.0), "saturation")
    assert stage.colour(*FIRST) == GREY
    stage.editor.select([2])
    assert stage.colour(*SECOND) != GREY


def test_the_tint_follows_the_matte(stage: Any) -> None:
    stage.editor.select([1])
    assert stage.colour(*FIRST) != GREY
    matte = stage.editor.document.layers[0].matte
    cut = matte.replace_region(np.zeros((60, 100), np.uint16), left=100, top=100)
    stage.editor.apply(edits.set_matte(stage.editor.document, 1, cut), "matte")
    assert stage.colour(150, 130) == GREY
    assert stage.colour(150, 180) != GREY


def test_the_canvas_has_a_name_for_screen_readers(stage: Any) -> None:
    assert stage.canvas.accessibleName() == "Photo"
    assert "Click a person" in stage.canvas.accessibleDescription()


# Speed of the first answer -----------------------------------------------------------------


def test_only_what_an_edit_touched_is_drawn_again(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []
    real = edits.set_adjustment(stage.editor.document, 1, "exposure_stops", 1.0)

    def note(document: Document, region: Any, level: int, **kwargs: Any) -> Any:
        drawn.append(tuple(region))
        return render_level(document, region, level, **kwargs)

    monkeypatch.setattr("himapp.gui.canvas.tile_images.render_level", note)
    stage.editor.apply(real, "exposure")
    stage.settle()
    stage.qtbot.waitUntil(lambda: stage.canvas.is_complete)
    assert (100, 100, 100, 100) in drawn
    assert all(width <= 100 and height <= 100 for _, _, width, height in drawn)
