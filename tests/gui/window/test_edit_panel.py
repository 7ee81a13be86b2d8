"""Exposure, saturation and blur of the selected people."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from himapp.document.project_file import load_project
from himapp.gui.main_window import MainWindow
from himapp.gui.panels.edit_panel import ADJUSTMENT_SPECS, EditPanel

CONTROL = Qt.KeyboardModifier.ControlModifier


def panel_of(window: MainWindow) -> EditPanel:
    return window.side_bar.edit


def test_without_a_selection_it_says_what_to_do(opened: MainWindow) -> None:
    panel = panel_of(opened)
    assert panel.hint.isVisible()
    assert panel.hint.text() == "Click a person to edit them."
    assert not any(slider.isEnabled() for slider in panel.sliders.values())
    opened.editor.select([2])
    assert not panel.hint.isVisible()
    assert panel.note.text() == "Person 2"
    assert all(slider.isEnabled() for slider in panel.sliders.values())


def test_a_drag_is_live_and_one_step(opened: MainWindow) -> None:
    opened.editor.select([2])
    slider = panel_of(opened).sliders["exposure_stops"].slider
    slider.setSliderDown(True)
    seen = []
    for position in (550, 600, 700):
        slider.setValue(position)
        seen.append(opened.editor.document.find_layer(2).adjustments.exposure_stops)
    slider.setSliderDown(False)
    assert seen == [0.5, 1.0, 2.0]
    assert opened.editor.undo_stack.count() == 1
    assert opened.editor.undo_stack.undoText() == "exposure of Person 2"
    slider.setSliderDown(True)
    slider.setValue(800)
    slider.setSliderDown(False)
    assert opened.editor.undo_stack.count() == 2


def test_the_picture_on_the_canvas_brightens(qtbot: QtBot, opened: MainWindow) -> None:
    qtbot.waitUntil(lambda: opened.canvas.is_complete)
    opened.canvas.show_overlay(shown=False)
    middle = opened.canvas.rect().center()
    before = opened.canvas.grab().toImage().pixelColor(middle).green()
    opened.editor.select([2])
    panel_of(opened).sliders["exposure_stops"].slider.setValue(700)

    def is_brighter() -> bool:
        return opened.canvas.grab().toImage().pixelColor(middle).green() > before + 30

    qtbot.waitUntil(is_brighter)


def test_a_number_can_be_typed(qtbot: QtBot, opened: MainWindow) -> None:
    opened.editor.select([1])
    number = panel_of(opened).sliders["saturation"].number
    number.setFocus()
    number.selectAll()
    qtbot.keyClicks(number, "-40")
    qtbot.keyClick(number, Qt.Key.Key_Return)
    assert opened.editor.document.find_layer(1).adjustments.saturation == -0.4
    assert opened.editor.undo_stack.count() == 1


def test_undo_and_redo_reach_the_photo_from_a_number(qtbot: QtBot, opened: MainWindow) -> None:
    opened.editor.select([1])
    number = opened.side_bar.edit.sliders["exposure_stops"].number
    number.setFocus()
    number.selectAll()
    qtbot.keyClicks(number, "1.5")
    qtbot.keyClick(number, Qt.Key.Key_Return)
    qtbot.keyClick(number, Qt.Key.Key_Z, CONTROL)
    assert opened.editor.document.find_layer(1).adjustments.exposure_stops == 0
    qtbot.keyClick(number, Qt.Key.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert opened.editor.document.find_layer(1).adjustments.exposure_stops == 1.5
    number.selectAll()
    qtbot.keyClicks(number, "2")
    qtbot.keyClick(number, Qt.Key.Key_Z, CONTROL)
    assert opened.editor.undo_stack.index() == 1


def test_a_number_that_stands_there_is_saved(
    qtbot: QtBot, opened: MainWindow, project_file: Path
) -> None:
    opened.editor.select([1])
    number = opened.side_bar.edit.sliders["exposure_stops"].number
    number.setFocus()
    number.selectAll()
    qtbot.keyClicks(number, "1.5")
    with qtbot.waitSignal(opened.saving.saved):
        qtbot.keyClick(number, Qt.Key.Key_S, CONTROL)
    assert load_project(project_file).find_layer(1).adjustments.exposure_stops == 1.5
    assert not opened.isWindowModified()


def test_a_double_click_on_the_label_resets(opened: MainWindow) -> None:
    opened.editor.select([3])
    slider = panel_of(opened).sliders["blur_px"]
    slider.slider.setValue(500)
    assert opened.editor.document.find_layer(3).adjustments.blur_px > 0
    QTest.mouseDClick(slider.label, Qt.MouseButton.LeftButton)
    assert opened.editor.document.find_layer(3).adjustments.blur_px == 0
    assert slider.value == 0
    assert opened.editor.undo_stack.count() == 2


def test_several_people_change_alike_in_one_step(opened: MainWindow) -> None:
    opened.editor.select([1, 3])
    panel_of(opened).sliders["exposure_stops"].number.setValue(-1)
    document = opened.editor.document
    assert [document.find_layer(i).adjustments.exposure_stops for i in (1, 2, 3)] == [-1, 0, -1]
    assert opened.editor.undo_stack.count() == 1
    assert panel_of(opened).note.text() == "2 people"


def test_the_button_resets_everything(qtbot: QtBot, opened: MainWindow) -> None:
    opened.editor.select([1])
    panel = panel_of(opened)
    assert not panel.reset_button.isEnabled()
    panel.sliders["exposure_stops"].number.setValue(2)
    panel.sliders["saturation"].number.setValue(50)
    qtbot.mouseClick(panel.reset_button, Qt.MouseButton.LeftButton)
    assert opened.editor.document.find_layer(1).adjustments.is_neutral
    assert panel.sliders["saturation"].value == 0


def test_undo_moves_the_slider_back(opened: MainWindow) -> None:
    opened.editor.select([1])
    slider = panel_of(opened).sliders["exposure_stops"]
    slider.number.setValue(1.5)
    opened.editor.undo_stack.undo()
    assert slider.value == 0
    assert slider.slider.value() == 500


def test_a_slider_reaches_its_ends_and_its_middle() -> None:
    for spec in ADJUSTMENT_SPECS.values():
        for value in (spec.low, spec.neutral, spec.high):
            assert spec.to_value(spec.to_position(value)) == value
