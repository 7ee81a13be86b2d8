"""Point at a missed person, exclude a place, split and merge: in the window, with undo."""

import threading

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from himapp.errors import WeightsError
from himapp.inference.prompts import BoxPrompt, PointPrompt
from himapp.inference.session import InstanceMatte

LEFT = Qt.MouseButton.LeftButton
NONE, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier


def make_person(left):
    """A rectangle as the fake session finds them, 40 x 80 pixels from row 20 on."""
    alpha = np.full((80, 40), 65535, np.uint16)
    return InstanceMatte(alpha, left, 20, 0.9, (left, 20.0, left + 40.0, 100.0))


def names(window):
    return [layer.name for layer in reversed(window.editor.document.layers)]


def trigger(window, name):
    action = window.actions_by_name[name]
    assert action.isEnabled(), name
    action.trigger()


def click(window, x, y, modifiers=NONE):
    canvas = window.canvas
    QTest.mouseClick(canvas, LEFT, modifiers, canvas.widget_point(x, y).toPoint())


def drag(window, start, end):
    canvas = window.canvas
    places = [canvas.widget_point(*p).toPoint() for p in (start, end)]
    QTest.mousePress(canvas, LEFT, NONE, places[0])
    QTest.mouseMove(canvas, (places[0] + places[1]) / 2)
    QTest.mouseMove(canvas, places[1])
    QTest.mouseRelease(canvas, LEFT, NONE, places[1])


@pytest.fixture
def settle(qtbot, opened):
    return lambda: qtbot.waitUntil(lambda: not opened.is_busy)


@pytest.fixture
def pointing(opened):
    """The window with its three people and the tool in hand."""
    trigger(opened, "add_person")
    return opened


def test_the_tool_shows_a_cross_and_a_hint_until_it_is_put_away(opened):
    trigger(opened, "add_person")
    assert opened.canvas.cursor().shape() == Qt.CursorShape.CrossCursor
    assert opened.status.hint.isVisible()
    assert not opened.status.facts.isVisible()
    QTest.keyClick(opened.canvas, Qt.Key.Key_Escape)
    assert not opened.actions_by_name["add_person"].isChecked()
    assert opened.status.facts.isVisible()
    click(opened, 20, 60)
    assert opened.editor.selection == {1}


def test_escape_puts_the_tool_away_from_the_list_as_well(pointing):
    view = pointing.side_bar.people.view
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert pointing.tools.current is None
    assert not pointing.actions_by_name["cancel"].isEnabled()


def test_escape_while_a_name_is_typed_leaves_the_tool(pointing):
    view = pointing.side_bar.people.view
    view.setCurrentIndex(view.model().index(0, 0))
    view.rename_current()
    QTest.keyClick(view.findChild(QLineEdit), Qt.Key.Key_Escape)
    assert pointing.tools.current == "add_person"


def test_escape_drops_the_box_before_the_tool(pointing, session):
    places = [pointing.canvas.widget_point(*p).toPoint() for p in ((20, 20), (60, 60))]
    QTest.mousePress(pointing.canvas, LEFT, NONE, places[0])
    QTest.mouseMove(pointing.canvas, places[1])
    QTest.keyClick(pointing.canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(pointing.canvas, LEFT, NONE, places[1])
    assert session.prompts == []
    assert pointing.tools.current == "add_person"


def test_escape_stops_the_search_before_the_tool(pointing, session, settle):
    session.gate = threading.Event()
    click(pointing, 118, 60)
    QTest.keyClick(pointing.canvas, Qt.Key.Key_Escape)
    settle()
    assert pointing.tools.current == "add_person"
    QTest.keyClick(pointing.side_bar.people.view, Qt.Key.Key_Escape)
    assert pointing.tools.current is None


def test_a_click_adds_the_next_person_as_one_step(pointing, session, settle):
    before = pointing.editor.document
    session.answer = make_person(110)  # reaches over Person 3, who keeps every pixel
    click(pointing, 118, 60)
    settle()
    (prompt,) = session.prompts
    assert isinstance(prompt, PointPrompt)
    assert prompt.positive[0] == pytest.approx((118, 60), abs=1)
    after = pointing.editor.document
    assert names(pointing) == ["Person 1", "Person 2", "Person 3", "Person 4"]
    assert pointing.editor.selection == {4}
    assert after.layers[1:] == before.layers
    assert after.find_layer(4).bounds.right == 130
    assert pointing.actions_by_name["add_person"].isChecked()
    pointing.editor.undo_stack.undo()
    assert pointing.editor.document.layers == before.layers


def test_a_box_adds_a_person(pointing, session, settle):
    session.answer = make_person(111)
    drag(pointing, (128, 100), (112, 22))
    settle()
    (prompt,) = session.prompts
    assert isinstance(prompt, BoxPrompt)
    assert prompt.box == pytest.approx((112, 22, 128, 100), abs=1)
    assert len(names(pointing)) == 4


def test_nobody_there_is_a_sentence_and_no_step(pointing, session, settle):
    click(pointing, 118, 60)
    settle()
    assert pointing.message_bar.text.startswith("No person was found there.")
    drag(pointing, (112, 22), (128, 100))
    settle()
    assert pointing.message_bar.text.startswith("No person was found in this box.")
    assert pointing.editor.undo_stack.count() == 0


def test_who_is_in_the_list_already_is_selected_without_a_question(pointing, session):
    click(pointing, 90, 60)
    assert session.prompts == []
    assert pointing.editor.selection == {2}
    assert pointing.message_bar.text.startswith("Person 2 is in the list already.")


def test_a_box_of_no_size_is_a_sentence(pointing, session):
    pointing.pointing.add_in_box(5, 5, 6, 40)
    assert session.prompts == []
    assert pointing.message_bar.text.startswith("This box is too small.")


def test_alt_click_takes_a_place_from_the_person_there(pointing, session, settle):
    rest = InstanceMatte(np.full((40, 40), 65535, np.uint16), 70, 20, 0.9, (70, 20, 110, 60))
    session.answer = rest
    click(pointing, 90, 80, ALT)
    settle()
    ((place, matte),) = session.excluded
    assert place == pytest.approx((90, 80), abs=1)
    assert (matte.left, matte.top, matte.alpha.shape) == (70, 20, (80, 40))
    layer = pointing.editor.document.find_layer(2)
    assert layer.bounds.bottom == 60
    assert layer.original_matte.bounds.bottom == 100
    assert pointing.editor.undo_stack.undoText() == "exclusion from Person 2"
    pointing.editor.undo_stack.undo()
    assert pointing.editor.document.find_layer(2).bounds.bottom == 100


def test_a_wrong_person_goes_and_comes_back_by_undo(pointing, settle):
    click(pointing, 90, 80, ALT)
    settle()
    assert names(pointing) == ["Person 1", "Person 3"]
    assert "Undo brings them back" in pointing.message_bar.text
    pointing.editor.undo_stack.undo()
    assert names(pointing) == ["Person 1", "Person 2", "Person 3"]
    assert pointing.message_bar.text == ""


def test_a_sentence_about_an_edit_goes_with_the_next_one_and_an_error_stays(pointing, settle):
    click(pointing, 90, 80, ALT)
    settle()
    assert pointing.message_bar.text
    pointing.side_bar.background.buttons["none"].click()
    assert pointing.message_bar.text == ""
    pointing.work.show_error("The disk is full.")
    pointing.editor.undo_stack.undo()
    assert pointing.message_bar.text == "The disk is full."


def test_alt_click_on_nobody_is_a_sentence(pointing, session):
    click(pointing, 118, 60, ALT)
    assert session.excluded == []
    assert pointing.message_bar.text.startswith("Nobody in the list is there")


def test_a_question_under_way_shows_a_spinner_and_escape_withdraws_it(
    pointing, session, settle, qtbot
):
    session.gate.clear()
    session.answer = make_person(110)
    click(pointing, 118, 60)
    assert pointing.tools.pointer.is_waiting
    assert pointing.status.work.text() == "Looking there"
    assert not pointing.opening.is_busy
    qtbot.waitUntil(lambda: pointing.actions_by_name["cancel"].isEnabled())
    pointing.actions_by_name["cancel"].trigger()
    settle()
    assert not pointing.tools.pointer.is_waiting
    assert len(names(pointing)) == 3
    assert pointing.message_bar.text == ""
    session.gate.set()
    click(pointing, 118, 60)
    settle()
    assert len(names(pointing)) == 4


def test_who_points_faster_than_the_answers_is_answered_one_by_one(pointing, session, settle):
    session.gate.clear()
    session.answer = make_person(110)
    click(pointing, 118, 60)
    click(pointing, 122, 70)
    session.gate.set()
    settle()
    assert len(names(pointing)) == 4
    assert pointing.message_bar.text.startswith("Person 4 is in the list already.")


def test_an_answer_about_a_photo_that_is_gone_is_dropped(
    pointing, session, photo_file, qtbot, settle
):
    session.gate.clear()
    session.answer = make_person(110)
    click(pointing, 118, 60)
    pointing.open_path(photo_file)
    qtbot.waitUntil(lambda: session.requests == 2)
    assert not pointing.actions_by_name["add_person"].isChecked()
    session.gate.set()
    settle()
    assert names(pointing) == ["Person 1", "Person 2", "Person 3"]


def test_a_failure_is_a_sentence(pointing, session, settle):
    session.error = WeightsError("The weights are damaged.")
    click(pointing, 118, 60)
    settle()
    assert pointing.message_bar.text == "The weights are damaged."


def test_a_person_who_changed_meanwhile_is_not_made_smaller(pointing, session, settle):
    session.gate.clear()
    click(pointing, 90, 80, ALT)
    pointing.editor.select([2])
    trigger(pointing, "remove")
    session.gate.set()
    settle()
    assert names(pointing) == ["Person 1", "Person 3"]
    assert pointing.message_bar.text.startswith("Person 2 changed meanwhile")


def test_a_photo_without_people_offers_to_point(window, session, photo_file, qtbot):
    session.lefts = ()
    window.open_path(photo_file)
    qtbot.waitUntil(lambda: window.message_bar.text != "")
    assert window.message_bar.button.text() == "Add a person"
    window.message_bar.button.click()
    assert window.tools.current == "add_person"
    session.answer = make_person(10)
    click(window, 20, 60)
    qtbot.waitUntil(lambda: not window.is_busy)
    assert names(window) == ["Person 1"]


def test_the_offer_to_point_leaves_a_tool_in_hand(window, session, photo_file, qtbot):
    session.lefts = ()
    window.open_path(photo_file)
    qtbot.waitUntil(lambda: window.message_bar.text != "")
    window.actions_by_name["add_person"].trigger()
    window.message_bar.button.click()
    assert window.tools.current == "add_person"


def test_the_tool_rests_while_people_are_searched_for(window, session, photo_file, qtbot):
    session.gate = threading.Event()
    window.open_path(photo_file)
    qtbot.waitUntil(lambda: window.opening.is_busy and window.editor.document is not None)
    assert not window.actions_by_name["add_person"].isEnabled()
    session.gate.set()
    qtbot.waitUntil(lambda: window.actions_by_name["add_person"].isEnabled())


def test_a_line_splits_the_selected_person_and_merge_joins_them(opened):
    opened.editor.select([2])
    trigger(opened, "split_line")
    drag(opened, (66, 75), (114, 75))
    assert names(opened) == ["Person 1", "Person 2", "Person 4", "Person 3"]
    assert opened.editor.selection == {2, 4}
    assert opened.tools.current is None
    whole = opened.editor.document.find_layer(2).bounds
    assert whole.height in (54, 55, 56)
    trigger(opened, "merge")
    assert names(opened) == ["Person 1", "Person 2", "Person 3"]
    assert opened.editor.document.find_layer(2).bounds.height == 80
    assert opened.editor.undo_stack.undoText() == "merge of 2 people"
    for _ in range(2):
        opened.editor.undo_stack.undo()
    assert opened.editor.document.find_layer(2).bounds.height == 80
    assert opened.editor.undo_stack.index() == 0


def test_a_line_beside_the_person_and_one_piece_are_sentences(opened):
    opened.editor.select([2])
    trigger(opened, "split_line")
    drag(opened, (20, 10), (60, 10))
    assert opened.message_bar.text.startswith("Person 2 is not parted by this line.")
    trigger(opened, "split_parts")
    assert opened.message_bar.text.startswith("Person 2 is in one piece.")
    opened.editor.select([1, 2])
    trigger(opened, "split_parts")
    assert opened.message_bar.text.startswith("2 people are in one piece each.")
    trigger(opened, "split_line")
    drag(opened, (20, 10), (60, 10))
    assert opened.message_bar.text.startswith("2 people are not parted by this line.")
    assert opened.editor.undo_stack.count() == 0


def test_parts_of_a_merged_pair_become_people_again(opened):
    opened.editor.select([1, 3])
    trigger(opened, "merge")
    assert names(opened) == ["Person 1", "Person 2"]
    assert opened.editor.selection == {1}
    trigger(opened, "split_parts")
    assert names(opened) == ["Person 1", "Person 4", "Person 2"]


def test_one_tool_at_a_time_and_none_without_its_need(opened):
    trigger(opened, "add_person")
    opened.editor.select([2])
    trigger(opened, "split_line")
    assert opened.tools.current == "split_line"
    assert not opened.actions_by_name["add_person"].isChecked()
    assert not opened.actions_by_name["merge"].isEnabled()
    opened.editor.select(())
    assert opened.tools.current is None
    assert not opened.actions_by_name["split_line"].isChecked()
