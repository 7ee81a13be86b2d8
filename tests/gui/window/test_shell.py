"""The window as a whole: opening, finding people, messages, closing."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from himapp.errors import WeightsError
from himapp.gui.actions import ACTIONS
from himapp.gui.dialogs import files
from himapp.gui.dialogs.about import KEYS
from himapp.gui.main_window import MainWindow
from himapp.imaging.photo import Photo
from himapp.imaging.photo_io import read_photo
from himapp.settings import load_settings

LEFT = Qt.MouseButton.LeftButton
COPY, MOVE = Qt.DropAction.CopyAction, Qt.DropAction.MoveAction


def has_people(window: MainWindow) -> bool:
    return window.editor.document is not None and bool(window.editor.document.layers)


def test_the_window_starts_with_the_welcome_page(window: MainWindow) -> None:
    assert window.welcome.isVisible()
    assert len(window.welcome.sample_buttons) == 3
    assert not window.actions_by_name["export"].isEnabled()


def test_a_dropped_photo_opens_and_people_appear(
    qtbot: QtBot, drop, window: MainWindow, photo_file: Path
) -> None:
    drop(window, photo_file)
    qtbot.waitUntil(lambda: has_people(window))
    assert window.canvas.isVisible()
    assert window.windowTitle() == "three.png[*] – himapp"
    assert not window.isWindowModified()
    expected = "3 people · CPU (2 threads) · 0.4 s · 180 × 120 · sRGB 8 bit"
    assert window.status.facts.text() == expected
    assert window.editor.undo_stack.count() == 0
    qtbot.waitUntil(lambda: not window.is_busy)
    assert not window.status.bar.isVisible()


def test_a_photo_offered_as_a_move_is_copied(
    qtbot: QtBot, offer, window: MainWindow, photo_file: Path
) -> None:
    answers = offer(window, photo_file, COPY | MOVE)
    assert all(answer.isAccepted() and answer.dropAction() == COPY for answer in answers)
    qtbot.waitUntil(lambda: has_people(window))
    qtbot.waitUntil(lambda: not window.is_busy)


def test_a_photo_that_may_only_be_moved_is_not_taken(
    offer, window: MainWindow, photo_file: Path
) -> None:
    assert not any(answer.isAccepted() for answer in offer(window, photo_file, MOVE))
    assert not window.is_busy


def test_control_o_asks_for_a_photo(
    qtbot: QtBot, window: MainWindow, photo_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ask_opening", lambda *_: photo_file)
    qtbot.keyClick(window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: has_people(window))


def test_a_sample_opens_by_a_click(qtbot: QtBot, window: MainWindow, session) -> None:
    session.lefts = ()
    qtbot.mouseClick(window.welcome.sample_buttons[0], LEFT)
    qtbot.waitUntil(lambda: window.message_bar.text == "No people were found in this photo.")
    assert window.editor.document.photo.path.name == "astronaut.jpg"
    qtbot.waitUntil(lambda: not window.is_busy)


def test_the_photo_is_shown_while_people_are_found(
    qtbot: QtBot, window: MainWindow, session, photo_file: Path
) -> None:
    session.gate.clear()
    window.open_path(photo_file)
    qtbot.waitUntil(lambda: window.status.work.text() == "Finding people … edges 2 of 3")
    assert window.canvas.isVisible()
    assert not has_people(window)
    qtbot.mouseClick(window.side_bar.background.buttons["none"], LEFT)
    session.gate.set()
    qtbot.waitUntil(lambda: has_people(window))
    assert window.editor.undo_stack.count() == 1
    window.editor.undo_stack.undo()
    assert has_people(window)
    qtbot.waitUntil(lambda: not window.is_busy)


def test_escape_cancels_and_people_can_be_found_again(
    qtbot: QtBot, window: MainWindow, session, photo_file: Path
) -> None:
    session.gate.clear()
    window.open_path(photo_file)
    qtbot.waitUntil(lambda: session.requests == 1)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert not window.is_busy
    assert window.message_bar.text == "Finding people was cancelled."
    assert not window.status.cancel_button.isVisible()
    session.gate.set()
    qtbot.mouseClick(window.message_bar.button, LEFT)
    qtbot.waitUntil(lambda: has_people(window))
    qtbot.waitUntil(lambda: not window.is_busy)


def test_a_search_by_its_key_takes_the_news_of_the_last_one_away(
    qtbot: QtBot, window: MainWindow, session, photo_file: Path
) -> None:
    session.gate.clear()
    window.open_path(photo_file)
    qtbot.waitUntil(lambda: session.requests == 1)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.message_bar.text == "Finding people was cancelled."
    session.gate.set()
    qtbot.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: has_people(window))
    qtbot.waitUntil(lambda: not window.is_busy)
    assert window.message_bar.text == ""


def test_the_newest_photo_wins(
    qtbot: QtBot, window: MainWindow, session, photo_file: Path, image_file: Path
) -> None:
    session.gate.clear()
    window.open_path(photo_file)
    qtbot.waitUntil(lambda: session.requests == 1)
    session.lefts = ()
    window.open_path(image_file)
    qtbot.waitUntil(lambda: window.editor.document.photo.path == image_file)
    session.gate.set()
    qtbot.waitUntil(lambda: window.message_bar.text == "No people were found in this photo.")
    assert window.editor.document.photo.path == image_file
    qtbot.waitUntil(lambda: not window.is_busy)


def test_a_damaged_photo_leaves_the_open_one(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.jpg"
    damaged.write_bytes(b"\xff\xd8\xff")
    before = opened.editor.document
    opened.open_path(damaged)
    qtbot.waitUntil(lambda: "damaged.jpg" in opened.message_bar.text)
    assert opened.editor.document is before
    assert not opened.is_busy


def test_a_damaged_photo_leaves_the_search_for_people_of_the_open_one(
    qtbot: QtBot, window: MainWindow, session, photo_file: Path, tmp_path: Path
) -> None:
    session.gate.clear()
    window.open_path(photo_file)
    qtbot.waitUntil(lambda: session.requests == 1)
    damaged = tmp_path / "damaged.jpg"
    damaged.write_bytes(b"\xff\xd8\xff")
    window.open_path(damaged)
    qtbot.waitUntil(lambda: "damaged.jpg" in window.message_bar.text)
    assert window.status.work.text() == "Finding people"
    assert window.status.work.isVisible()
    session.gate.set()
    qtbot.waitUntil(lambda: has_people(window))
    qtbot.waitUntil(lambda: not window.is_busy)
    assert session.requests == 1
    assert not window.status.work.isVisible()


def test_news_of_a_photo_do_not_outlive_it(
    qtbot: QtBot, window: MainWindow, session, photo_file: Path, image_file: Path, monkeypatch
) -> None:
    gate = threading.Event()

    def read_late(path: Path) -> Photo:
        gate.wait(10)
        return read_photo(path)

    session.gate.clear()
    session.lefts = ()
    window.open_path(photo_file)
    qtbot.waitUntil(lambda: session.requests == 1)
    monkeypatch.setattr("himapp.gui.opened_file.read_known_photo", read_late)
    window.open_path(image_file)
    session.gate.set()
    qtbot.waitUntil(lambda: window.status.facts.text().startswith("0 people"))
    assert window.message_bar.text == ""
    gate.set()
    qtbot.waitUntil(lambda: window.editor.document.photo.path == image_file)
    qtbot.waitUntil(lambda: not window.is_busy)


def test_people_found_again_leave_the_steps_before(qtbot: QtBot, opened: MainWindow) -> None:
    opened.editor.select([1])
    opened.side_bar.edit.sliders["exposure_stops"].number.setValue(1)
    opened.actions_by_name["select_all"].trigger()
    opened.actions_by_name["remove"].trigger()
    assert not has_people(opened)
    opened.actions_by_name["find_people"].trigger()
    qtbot.waitUntil(lambda: has_people(opened))
    qtbot.waitUntil(lambda: not opened.is_busy)
    assert opened.editor.document.find_layer(1).adjustments.is_neutral
    opened.editor.undo_stack.undo()
    assert opened.editor.document.find_layer(1).adjustments.exposure_stops == 1


def test_a_missing_photo_is_said(window: MainWindow, tmp_path: Path) -> None:
    window.open_path(tmp_path / "gone.jpg")
    assert window.message_bar.text == "“gone.jpg” does not exist."


def test_missing_weights_are_said(
    qtbot: QtBot, window: MainWindow, session, photo_file: Path
) -> None:
    session.error = WeightsError("The weights are missing.")
    window.open_path(photo_file)
    qtbot.waitUntil(lambda: window.message_bar.text == "The weights are missing.")
    assert window.canvas.isVisible()
    assert window.actions_by_name["find_people"].isEnabled()


def test_of_a_folder_the_first_photo_opens(
    qtbot: QtBot, drop, window: MainWindow, session, photo_file: Path, image_file: Path
) -> None:
    session.lefts = ()
    drop(window, photo_file.parent)
    note = window.message_bar.text
    qtbot.waitUntil(lambda: window.editor.document is not None)
    assert window.editor.document.photo.path == image_file
    assert note == "“red.png” is open, the first of 2 photos; one is edited at a time."
    qtbot.waitUntil(lambda: not window.is_busy)


def test_of_a_photo_and_its_side_files_the_photo_opens(
    qtbot: QtBot, drop, window: MainWindow, session, photo_file: Path
) -> None:
    session.lefts = ()
    side_files = [photo_file.with_suffix(suffix) for suffix in (".aux", ".xmp")]
    for path in side_files:
        path.write_text("about the photo")
    drop(window, *side_files, photo_file)
    assert window.message_bar.text == ""
    qtbot.waitUntil(lambda: window.editor.document is not None)
    assert window.editor.document.photo.path == photo_file
    qtbot.waitUntil(lambda: not window.is_busy)


def test_closing_while_people_are_found_ends_cleanly(
    qtbot: QtBot, window: MainWindow, session, photo_file: Path
) -> None:
    session.gate.clear()
    window.open_path(photo_file)
    qtbot.waitUntil(lambda: session.requests == 1)
    assert window.close()
    assert not window.is_busy


def test_unsaved_edits_are_asked_about(
    qtbot: QtBot, opened: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [QMessageBox.StandardButton.Cancel, QMessageBox.StandardButton.Discard]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop(0))
    qtbot.mouseClick(opened.side_bar.background.buttons["none"], LEFT)
    assert opened.isWindowModified()
    assert not opened.close()
    assert opened.isVisible()
    opened.close_photo()
    assert opened.editor.document is None
    assert opened.welcome.isVisible()


@pytest.mark.parametrize("answer", ["Cancel", "Discard", "Save"])
def test_edits_made_while_another_photo_is_read_are_asked_about(
    qtbot: QtBot, opened: MainWindow, session, image_file: Path, project_file, monkeypatch, answer
) -> None:
    gate = threading.Event()

    def read_late(path: Path) -> Photo:
        gate.wait(10)
        return read_photo(path)

    button, asked, session.lefts = QMessageBox.StandardButton[answer], [], ()
    monkeypatch.setattr("himapp.gui.opened_file.read_known_photo", read_late)
    monkeypatch.setattr(QMessageBox, "question", lambda *_: asked.append(answer) or button)
    opened.open_path(image_file)
    qtbot.mouseClick(opened.side_bar.background.buttons["none"], LEFT)
    gate.set()
    qtbot.waitUntil(lambda: asked == [answer])
    qtbot.waitUntil(lambda: not opened.is_busy)
    is_left = opened.editor.document.photo.path == image_file
    assert is_left == (answer != "Cancel")
    assert project_file.exists() == (answer == "Save")
    assert opened.isWindowModified() == (answer == "Cancel")


def test_without_edits_nobody_is_asked(opened: MainWindow) -> None:
    assert opened.close()


def test_a_click_on_the_photo_selects_in_the_list(qtbot: QtBot, opened: MainWindow) -> None:
    qtbot.mouseClick(opened.canvas, LEFT, pos=opened.canvas.rect().center())
    assert opened.editor.selection == {2}
    assert opened.side_bar.edit.note.text() == "Person 2"


def test_keys_zoom(qtbot: QtBot, opened: MainWindow) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Plus, control)
    assert opened.status.zoom.text() != "100 %"
    qtbot.keyClick(opened.canvas, Qt.Key.Key_1, control)
    assert opened.status.zoom.text() == "100 %"


def test_undo_and_redo_by_keys(qtbot: QtBot, opened: MainWindow) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    opened.editor.select([1])
    opened.side_bar.edit.sliders["exposure_stops"].number.setValue(1)
    assert opened.actions_by_name["undo"].text() == "&Undo exposure of Person 1"
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Z, control)
    assert opened.editor.document.find_layer(1).adjustments.is_neutral
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Y, control)
    assert opened.editor.document.find_layer(1).adjustments.exposure_stops == 1


def test_recent_files_folder_and_place_are_kept(opened: MainWindow, photo_file: Path) -> None:
    opened.resize(780, 720)  # the offscreen platform's screen is 800 by 800
    opened.close()
    settings = load_settings()
    assert settings.recent_files[0] == str(photo_file.resolve())
    assert settings.photo_folder == str(photo_file.parent.resolve())
    assert settings.window_geometry
    again = MainWindow(lambda: None)
    assert again.size() == opened.size()
    assert again.welcome.recent_buttons[0].text() == "three.png"
    again.deleteLater()


def test_a_recent_file_that_cannot_be_looked_at_is_left_out(window: MainWindow) -> None:
    window.welcome.show_recent(("x" * 5000, str(Path(__file__))))
    assert [button.text() for button in window.welcome.recent_buttons] == ["test_shell.py"]


def test_an_ampersand_in_the_name_of_a_recent_file_is_no_shortcut(
    window: MainWindow, photo_file: Path
) -> None:
    path = photo_file.rename(photo_file.with_name("Tom & Ann.png"))
    window.welcome.show_recent((str(path),))
    assert window.welcome.recent_buttons[0].text() == "Tom && Ann.png"
    assert window.welcome.recent_buttons[0].shortcut().isEmpty()


def test_every_action_has_a_tooltip_with_its_key(window: MainWindow) -> None:
    for spec in ACTIONS:
        action = window.actions_by_name[spec.name]
        assert action.toolTip()
        if spec.shortcuts:
            assert (
                f"({action.shortcut().toString(action.shortcut().SequenceFormat.NativeText)})"
                in (action.toolTip())
            )


def test_no_two_lines_of_a_menu_have_the_same_letter(window: MainWindow) -> None:
    for title in window.menuBar().actions():
        texts = [line.text().split("&") for line in title.menu().actions() if line.text()]
        letters = [text[1][0].lower() for text in texts if len(text) > 1]
        assert sorted(letters) == sorted(set(letters)), title.text()


def test_f1_lists_every_key(window: MainWindow) -> None:
    listed = set(KEYS.replace(",", " ").split())
    undo_and_redo = {"Ctrl+Z", "Ctrl+Shift+Z"}
    assert {spec.shortcuts[0] for spec in ACTIONS if spec.shortcuts} | undo_and_redo <= listed


def test_a_recent_file_whose_name_is_no_text_shows_that(window: MainWindow) -> None:
    window._recent_menu.show_files(("/photos/\udcff.png",))
    assert window._recent_menu.actions()[0].text() == "?.png"


def test_no_key_is_bound_twice(window: MainWindow) -> None:
    keys = [
        sequence.toString()
        for action in window.actions_by_name.values()
        for sequence in action.shortcuts()
    ]
    assert sorted(keys) == sorted(set(keys))
