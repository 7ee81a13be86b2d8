"""The list of people, by mouse and keys."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QAction, QColor, QImage, QPainter
from PySide6.QtWidgets import QLineEdit, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from himapp.document.edits import rename
from himapp.document.project_file import load_project
from himapp.gui.main_window import MainWindow
from himapp.gui.panels.people_delegate import (
    ROW_PX,
    THUMBNAIL_PX,
    eye_rect,
    ink_on,
    name_rect,
    swatch_rect,
)
from himapp.gui.panels.people_panel import PeopleView, shift
from himapp.gui.theme import PERSON_COLOURS, person_colour

LEFT = Qt.MouseButton.LeftButton


def view_of(window: MainWindow) -> PeopleView:
    return window.side_bar.people.view


def row_point(view: PeopleView, row: int) -> QPoint:
    return name_rect(view.visualRect(view.model().index(row, 0))).center()


def eye_point(view: PeopleView, row: int) -> QPoint:
    return eye_rect(view.visualRect(view.model().index(row, 0))).center()


def names(window: MainWindow) -> list[str]:
    model = view_of(window).model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def visible(window: MainWindow) -> dict[int, bool]:
    return {layer.id: layer.visible for layer in window.editor.document.layers}


def test_people_are_listed_from_left_to_right_above_the_background(opened: MainWindow) -> None:
    assert names(opened) == ["Person 1", "Person 2", "Person 3", "Background"]
    assert opened.side_bar.people.note.text() == "3 found"


def test_a_click_selects_and_a_click_with_control_adds(qtbot: QtBot, opened: MainWindow) -> None:
    view = view_of(opened)
    qtbot.mouseClick(view.viewport(), LEFT, pos=row_point(view, 0))
    assert opened.editor.selection == {1}
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.mouseClick(view.viewport(), LEFT, control, row_point(view, 2))
    assert opened.editor.selection == {1, 3}


def test_a_click_on_the_background_selects_nobody(qtbot: QtBot, opened: MainWindow) -> None:
    view = view_of(opened)
    opened.editor.select([2])
    qtbot.mouseClick(view.viewport(), LEFT, pos=row_point(view, 3))
    assert opened.editor.selection == frozenset()


def test_the_list_follows_the_selection(opened: MainWindow) -> None:
    opened.editor.select([2, 3])
    rows = {index.row() for index in view_of(opened).selectionModel().selectedRows()}
    assert rows == {1, 2}


def test_the_eye_hides_without_selecting(qtbot: QtBot, opened: MainWindow) -> None:
    view = view_of(opened)
    qtbot.mouseClick(view.viewport(), LEFT, pos=eye_point(view, 1))
    assert visible(opened) == {1: True, 2: False, 3: True}
    assert opened.editor.selection == frozenset()
    assert opened.editor.undo_stack.undoText() == "hiding Person 2"
    opened.editor.undo_stack.undo()
    assert all(visible(opened).values())


def test_alt_and_the_eye_show_only_one(qtbot: QtBot, opened: MainWindow) -> None:
    view = view_of(opened)
    alt = Qt.KeyboardModifier.AltModifier
    qtbot.mouseClick(view.viewport(), LEFT, alt, eye_point(view, 1))
    assert visible(opened) == {1: False, 2: True, 3: False}
    assert opened.editor.undo_stack.undoText() == "showing only Person 2"
    qtbot.mouseClick(view.viewport(), LEFT, alt, eye_point(view, 1))
    assert all(visible(opened).values())
    assert opened.editor.undo_stack.undoText() == "showing everybody"


def test_arrows_select_and_space_hides(qtbot: QtBot, opened: MainWindow) -> None:
    view = view_of(opened)
    view.setFocus()
    opened.editor.select([1])
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert opened.editor.selection == {2}
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert visible(opened) == {1: True, 2: False, 3: True}


def test_arrows_go_on_where_somebody_was_taken_off(qtbot: QtBot, opened: MainWindow) -> None:
    view = view_of(opened)
    view.setFocus()
    qtbot.mouseClick(view.viewport(), LEFT, pos=row_point(view, 2))
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert view.currentIndex().row() == 1
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert opened.editor.selection == {1}
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    qtbot.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert names(opened) == ["Background"]
    assert opened.editor.selection == frozenset()


def test_f2_renames(qtbot: QtBot, opened: MainWindow) -> None:
    opened.editor.select([2])
    qtbot.keyClick(opened.canvas, Qt.Key.Key_F2)
    field = view_of(opened).findChild(QLineEdit)
    assert field is not None
    field.selectAll()
    field.setText("Åsa 人")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: names(opened)[1] == "Åsa 人")
    assert opened.editor.undo_stack.undoText() == "name of Person 2"


def test_a_name_that_stands_there_is_saved(
    qtbot: QtBot, opened: MainWindow, project_file: Path
) -> None:
    opened.editor.select([2])
    opened.actions_by_name["rename"].trigger()
    field = view_of(opened).findChild(QLineEdit)
    field.selectAll()
    qtbot.keyClicks(field, "Anna")
    with qtbot.waitSignal(opened.saving.saved):
        qtbot.keyClick(field, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert load_project(project_file).find_layer(2).name == "Anna"
    assert not opened.isWindowModified()


def test_names_are_shown_letter_by_letter(qtbot: QtBot, opened: MainWindow) -> None:
    opened.editor.apply(rename(opened.editor.document, 2, "Tom & <b>Ann</b>"), "name of Tom & Ann")
    undo = next(a for a in opened.findChildren(QAction) if a.text().startswith("&Undo"))
    assert undo.text() == "&Undo name of Tom && Ann"
    opened.message_bar.show_message("Tom & <b>Ann</b> is gone.")
    assert opened.message_bar.label.textFormat() == Qt.TextFormat.PlainText


@pytest.mark.parametrize("chosen", [{2}, {1, 3}])
def test_slash_shows_only_the_selected_and_then_everybody(
    qtbot: QtBot, opened: MainWindow, chosen: set[int]
) -> None:
    opened.editor.select(chosen)
    for expected in (chosen, {1, 2, 3}):
        qtbot.keyClick(opened.canvas, Qt.Key.Key_Slash)
        layers = opened.editor.document.layers
        assert {layer.id for layer in layers if layer.visible} == expected
        assert opened.editor.selection == chosen
    assert opened.editor.undo_stack.undoText() == "showing everybody"


@pytest.mark.parametrize(
    ("key", "expected"),
    [(Qt.Key.Key_BracketRight, [2, 1, 3]), (Qt.Key.Key_BracketLeft, [1, 3, 2])],
)
def test_control_and_brackets_change_the_order(
    qtbot: QtBot, opened: MainWindow, key: Qt.Key, expected: Sequence[int]
) -> None:
    opened.editor.select([2])
    qtbot.keyClick(opened.canvas, key, Qt.KeyboardModifier.ControlModifier)
    assert [f"Person {i}" for i in expected] == names(opened)[:3]
    assert opened.editor.selection == {2}
    rows = [index.row() for index in view_of(opened).selectionModel().selectedRows()]
    assert rows == [list(expected).index(2)]


def test_dropping_a_row_lower_moves_the_person_down(opened: MainWindow) -> None:
    model = view_of(opened).model()
    assert model.moveRow(QModelIndex(), 0, QModelIndex(), 3)
    assert names(opened) == ["Person 2", "Person 3", "Person 1", "Background"]
    opened.editor.undo_stack.undo()
    assert names(opened) == ["Person 1", "Person 2", "Person 3", "Background"]


def test_the_background_stays_at_the_bottom(opened: MainWindow) -> None:
    model = view_of(opened).model()
    assert not model.moveRow(QModelIndex(), 3, QModelIndex(), 0)
    assert model.moveRow(QModelIndex(), 0, QModelIndex(), 4)
    assert names(opened) == ["Person 2", "Person 3", "Person 1", "Background"]


def test_the_swatch_has_the_colour_of_the_overlay(opened: MainWindow) -> None:
    view = view_of(opened)
    picture = view.viewport().grab().toImage()
    for row in range(3):
        corner = swatch_rect(view.visualRect(view.model().index(row, 0))).topLeft() + QPoint(4, 3)
        assert picture.pixelColor(corner) == QColor(person_colour(row))


def test_the_number_is_easy_to_read_on_every_colour() -> None:
    for colour in PERSON_COLOURS:
        darker, lighter = sorted((luminance(colour), luminance(ink_on(colour))))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def luminance(colour: QColor) -> float:
    """As WCAG 2 reckons it."""
    shares = (colour.redF(), colour.greenF(), colour.blueF())
    light = [v / 12.92 if v <= 0.04 else ((v + 0.055) / 1.055) ** 2.4 for v in shares]
    return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]


def test_the_heads_buttons_follow_each_other_by_tab(qtbot: QtBot, opened: MainWindow) -> None:
    opened.editor.select([2])
    people = opened.side_bar.people
    people.backward_button.setFocus()
    passed = []
    for _ in range(3):
        qtbot.keyClick(opened.focusWidget(), Qt.Key.Key_Tab)
        widget = opened.focusWidget()
        passed.append(widget.accessibleName() or widget.text())
    assert passed == ["Add a person", "Remove from the list", "People"]


def test_pointing_at_a_row_hovers_the_person(qtbot: QtBot, opened: MainWindow) -> None:
    view = view_of(opened)
    view.entered.emit(view.model().index(2, 0))
    assert opened.editor.hovered == 3
    view.entered.emit(view.model().index(3, 0))
    assert opened.editor.hovered is None


def test_opacity_is_one_step_per_drag(opened: MainWindow) -> None:
    opened.editor.select([1])
    slider = opened.side_bar.people.opacity.slider
    slider.setSliderDown(True)
    for position in (900, 700, 500):
        slider.setValue(position)
    slider.setSliderDown(False)
    assert opened.editor.document.find_layer(1).opacity == 0.5
    assert opened.editor.undo_stack.count() == 1


def test_h_hides_and_delete_removes_the_selected(qtbot: QtBot, opened: MainWindow) -> None:
    opened.editor.select([1, 3])
    qtbot.keyClick(opened.canvas, Qt.Key.Key_H)
    assert visible(opened) == {1: False, 2: True, 3: False}
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Delete)
    assert names(opened) == ["Person 2", "Background"]
    opened.editor.undo_stack.undo()
    assert len(names(opened)) == 4


@pytest.mark.parametrize(
    ("chosen", "steps", "expected"),
    [
        ({1}, 1, [2, 1, 3]),
        ({3}, 1, [1, 2, 3]),
        ({2, 3}, 1, [1, 2, 3]),
        ({1, 2}, 1, [3, 1, 2]),
        ({2, 3}, -1, [2, 3, 1]),
        ({1}, -1, [1, 2, 3]),
    ],
)
def test_the_chosen_move_by_one_place(chosen: set[int], steps: int, expected: list[int]) -> None:
    assert shift([1, 2, 3], chosen, steps) == expected


def test_a_letter_goes_to_a_persons_name_and_never_to_the_background(
    qtbot: QtBot, opened: MainWindow
) -> None:
    view = view_of(opened)
    opened.editor.apply(rename(opened.editor.document, 3, "Groom"), "name")
    opened.editor.select([1, 2])
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_B)
    assert opened.editor.selection == {1, 2}
    assert view.people.layer_at(view.currentIndex()) is not None
    view.keyboardSearch("")  # Qt's way to begin anew
    qtbot.keyClick(view, Qt.Key.Key_G)
    assert opened.editor.selection == {3}


@pytest.mark.parametrize("ratios", [(1, 2), (2, 1), (1.5, 3)])
def test_thumbnails_are_as_sharp_as_the_screen_the_window_is_on(
    opened: MainWindow, ratios: tuple[float, float]
) -> None:
    view, layer = view_of(opened), opened.editor.document.layers[0]
    delegate, option = view.itemDelegate(), QStyleOptionViewItem()
    option.rect = QRect(0, 0, 300, ROW_PX)
    for ratio in ratios:
        screen = QImage(900, 3 * ROW_PX, QImage.Format.Format_RGB32)
        screen.setDevicePixelRatio(ratio)
        painter = QPainter(screen)
        delegate.paint(painter, option, view.people.index_of(layer.id))
        painter.end()
        thumbnail = delegate._thumbnails.of_person(opened.editor.document, layer)
        assert thumbnail.width() == round(THUMBNAIL_PX * ratio)
        assert thumbnail.devicePixelRatio() == ratio
