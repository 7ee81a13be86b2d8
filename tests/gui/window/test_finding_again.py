"""Find people again while people are listed: new edges as one step, nothing lost."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from himapp.document.document import Document
from himapp.document.edits import remove_layer, set_matte
from himapp.document.layers import PersonLayer
from himapp.document.matte_tiles import MatteTiles
from himapp.errors import WeightsError
from himapp.gui.main_window import MainWindow
from himapp.gui.people import describe_finding
from himapp.imaging.photo import Photo

LEFT = Qt.MouseButton.LeftButton
MOVED = (14, 74, 132)
"""Where the session finds the three people the second time."""


def lefts(window: MainWindow) -> list[int]:
    return [window.editor.document.find_layer(i).bounds.x for i in (1, 2, 3)]


def find_again(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert window.opening.is_busy
    qtbot.waitUntil(lambda: not window.is_busy)


def brighten(window: MainWindow, layer_id: int) -> None:
    window.editor.select([layer_id])
    window.side_bar.edit.sliders["exposure_stops"].number.setValue(1)


def exposure(window: MainWindow, layer_id: int) -> float:
    return window.editor.document.find_layer(layer_id).adjustments.exposure_stops


def test_people_keep_their_edits_and_get_new_edges_as_one_step(
    qtbot: QtBot, opened: MainWindow, session
) -> None:
    brighten(opened, 2)
    session.lefts = MOVED
    find_again(qtbot, opened)
    assert lefts(opened) == [*MOVED]
    assert exposure(opened, 2) == 1
    assert opened.editor.selection == {2}
    assert opened.message_bar.text == "3 people have new edges."
    stack = opened.editor.undo_stack
    assert (stack.count(), stack.undoText()) == (2, "finding people again")
    stack.undo()
    assert lefts(opened) == [10, 70, 130]
    assert exposure(opened, 2) == 1
    stack.redo()
    assert lefts(opened) == [*MOVED]
    assert opened.editor.selection == {2}


def test_the_photo_shows_the_new_edges(qtbot: QtBot, opened: MainWindow, session) -> None:
    qtbot.mouseClick(opened.side_bar.background.buttons["none"], LEFT)
    session.lefts = MOVED
    seen = []
    opened.editor.document_changed.connect(lambda _, changes: seen.append(changes))
    find_again(qtbot, opened)
    (changes,) = seen
    assert set(changes.changed) == {1, 2, 3}
    assert changes.dirty


def test_the_sentence_says_who_is_new_and_who_stayed(
    qtbot: QtBot, opened: MainWindow, session
) -> None:
    opened.editor.select([3])
    opened.actions_by_name["remove"].trigger()
    session.lefts = (14, 70, 130)
    find_again(qtbot, opened)
    expected = "1 person has new edges, 1 person is new, 1 was left as it is."
    assert opened.message_bar.text == expected
    assert [layer.id for layer in opened.editor.document.layers] == [4, 2, 1]


@pytest.mark.parametrize("found", [(10, 70, 130), ()])
def test_nothing_new_is_said_and_is_no_step(
    qtbot: QtBot, opened: MainWindow, session, found: tuple[int, ...]
) -> None:
    before, session.lefts = opened.editor.document, found
    find_again(qtbot, opened)
    assert opened.message_bar.text == "Nothing new was found."
    assert opened.editor.document is before
    assert opened.editor.undo_stack.count() == 0
    assert not opened.isWindowModified()


def test_the_step_has_to_be_saved_until_it_is_undone(
    qtbot: QtBot, opened: MainWindow, session, project_file: Path
) -> None:
    opened.actions_by_name["save"].trigger()
    qtbot.waitUntil(lambda: not opened.is_busy)
    assert opened.project.path == project_file
    session.lefts = MOVED
    find_again(qtbot, opened)
    assert opened.isWindowModified()
    opened.editor.undo_stack.undo()
    assert not opened.isWindowModified()


def test_edits_made_during_the_search_stay(qtbot: QtBot, opened: MainWindow, session) -> None:
    session.gate.clear()
    session.lefts = MOVED
    opened.actions_by_name["find_people"].trigger()
    qtbot.waitUntil(lambda: session.requests == 2)
    brighten(opened, 1)
    opened.editor.select([3])
    opened.actions_by_name["remove"].trigger()
    session.gate.set()
    qtbot.waitUntil(lambda: not opened.is_busy)
    assert exposure(opened, 1) == 1
    assert [layer.bounds.x for layer in opened.editor.document.layers] == [132, 74, 14]
    assert opened.editor.undo_stack.count() == 3
    opened.editor.undo_stack.undo()
    assert [layer.bounds.x for layer in opened.editor.document.layers] == [70, 10]


def test_people_removed_during_the_search_come_back_as_a_step(
    qtbot: QtBot, opened: MainWindow, session
) -> None:
    session.gate.clear()
    opened.actions_by_name["find_people"].trigger()
    qtbot.waitUntil(lambda: session.requests == 2)
    opened.actions_by_name["select_all"].trigger()
    opened.actions_by_name["remove"].trigger()
    session.gate.set()
    qtbot.waitUntil(lambda: not opened.is_busy)
    assert opened.message_bar.text == "3 people are new."
    opened.editor.undo_stack.undo()
    assert opened.editor.document.layers == ()


def test_escape_leaves_all_as_it_was(qtbot: QtBot, opened: MainWindow, session) -> None:
    before, session.lefts = opened.editor.document, MOVED
    session.gate.clear()
    opened.actions_by_name["find_people"].trigger()
    qtbot.waitUntil(lambda: session.requests == 2)
    assert not opened.actions_by_name["find_people"].isEnabled()
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Escape)
    assert not opened.is_busy
    assert opened.message_bar.text == "Finding people was cancelled."
    session.gate.set()
    qtbot.mouseClick(opened.message_bar.button, LEFT)
    assert opened.editor.document is before
    qtbot.waitUntil(lambda: not opened.is_busy)
    assert lefts(opened) == [*MOVED]


def test_a_search_that_fails_loses_nothing(qtbot: QtBot, opened: MainWindow, session) -> None:
    before, session.error = opened.editor.document, WeightsError("The weights are missing.")
    find_again(qtbot, opened)
    assert opened.message_bar.text == "The weights are missing."
    assert opened.editor.document is before
    assert opened.actions_by_name["find_people"].isEnabled()


def test_a_photo_opened_meanwhile_gets_nothing_of_the_search(
    qtbot: QtBot, opened: MainWindow, session, image_file: Path
) -> None:
    session.gate.clear()
    session.lefts = MOVED
    opened.actions_by_name["find_people"].trigger()
    qtbot.waitUntil(lambda: session.requests == 2)
    session.lefts = ()
    opened.open_path(image_file)
    qtbot.waitUntil(lambda: opened.editor.document.photo.path == image_file)
    session.gate.set()
    qtbot.waitUntil(lambda: not opened.is_busy)
    assert opened.editor.document.layers == ()
    assert opened.editor.undo_stack.count() == 0
    assert opened.message_bar.text == "No people were found in this photo."


def test_a_photo_closed_meanwhile_gets_nothing_of_the_search(
    qtbot: QtBot, opened: MainWindow, session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QMessageBox, "question", lambda *_: pytest.fail("nothing was edited"))
    session.gate.clear()
    opened.actions_by_name["find_people"].trigger()
    qtbot.waitUntil(lambda: session.requests == 2)
    opened.close_photo()
    session.gate.set()
    qtbot.waitUntil(lambda: not opened.is_busy)
    assert opened.editor.document is None
    assert not opened.actions_by_name["find_people"].isEnabled()


def test_reading_that_is_cancelled_is_no_search(
    qtbot: QtBot, opened: MainWindow, image_file: Path
) -> None:
    opened.open_path(image_file)
    opened.actions_by_name["cancel"].trigger()
    qtbot.waitUntil(lambda: not opened.is_busy)
    assert opened.message_bar.text == ""


def test_another_quality_offers_to_find_people_again(
    qtbot: QtBot, opened: MainWindow, session
) -> None:
    session.lefts = MOVED
    opened.findChild(QAction, "quality_best").trigger()
    assert "Best quality" in opened.message_bar.text
    assert opened.message_bar.button.text() == "Find people again"
    qtbot.mouseClick(opened.message_bar.button, LEFT)
    qtbot.waitUntil(lambda: not opened.is_busy)
    assert opened.message_bar.text == "3 people have new edges."


def test_another_quality_without_a_photo_offers_nothing(window: MainWindow) -> None:
    window.findChild(QAction, "quality_best").trigger()
    assert "Best quality" in window.message_bar.text
    assert not window.message_bar.button.isVisible()


def make_matte(value: int) -> MatteTiles:
    return MatteTiles.from_array(np.full((4, 4), value, np.uint16), (4, 4))


def make_document(count: int) -> Document:
    layers = tuple(
        PersonLayer(i, i, f"{i}", matte, matte)
        for i, matte in ((i, make_matte(i)) for i in range(1, count + 1))
    )
    return replace(Document(Photo(np.zeros((4, 4, 3), np.uint8))), layers=layers)


@pytest.mark.parametrize(
    ("renewed", "added", "kept", "sentence"),
    [
        (0, 0, 2, "Nothing new was found."),
        (1, 0, 0, "1 person has new edges."),
        (3, 1, 1, "3 people have new edges, 1 person is new, 1 was left as it is."),
        (0, 2, 2, "2 people are new, 2 were left as they are."),
    ],
)
def test_sentences_are_right_for_one_and_for_several(
    renewed: int, added: int, kept: int, sentence: str
) -> None:
    after = make_document(renewed + kept + added)
    before = after
    for layer in after.layers[renewed + kept :]:
        before = remove_layer(before, layer.id)
    for layer in after.layers[:renewed]:
        before = set_matte(before, layer.id, make_matte(99))
    assert describe_finding(before, after) == sentence
