"""Saving, opening, autosave and recovery of projects in the window."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from himapp.document.document import Document
from himapp.document.project_file import load_project, save_project
from himapp.document.render import render
from himapp.document.render_cache import RenderCache
from himapp.errors import ChangedPhotoError, MissingPhotoError
from himapp.gui.dialogs import files, photo_question
from himapp.gui.main_window import MainWindow
from himapp.imaging.image_files import write_png
from himapp.imaging.photo_io import read_photo
from himapp.settings import load_settings

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


def brighten(window: MainWindow, stops: float = 1.0) -> None:
    window.editor.select([2])
    window.side_bar.edit.sliders["exposure_stops"].number.setValue(stops)


def save(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.saving.saved):
        qtbot.keyClick(window, Qt.Key.Key_S, CONTROL)


def open_file(qtbot: QtBot, window: MainWindow, path: Path) -> None:
    with qtbot.waitSignal(window.opening.file_opened):
        window.open_path(path)
    qtbot.waitUntil(lambda: not window.is_busy)


def test_control_s_saves_and_the_project_opens_again(
    qtbot: QtBot, opened: MainWindow, project_file: Path, session
) -> None:
    brighten(opened)
    assert opened.isWindowModified()
    save(qtbot, opened)
    assert not opened.isWindowModified()
    assert opened.windowTitle() == "mine.himapp[*] – himapp"
    assert opened.status.written.text() == "“mine.himapp” saved"
    document = opened.editor.document
    opened.close_photo()
    assert opened.project.path is None
    assert opened.windowTitle() == "himapp[*]"
    requests = session.requests
    open_file(qtbot, opened, project_file)
    again = opened.editor.document
    assert session.requests == requests
    assert not opened.isWindowModified()
    pixels = [render(each, each.frame, cache=RenderCache()) for each in (document, again)]
    assert np.array_equal(*pixels)
    assert load_settings().recent_files[0] == str(project_file.resolve())


def test_a_second_save_asks_for_no_name_and_save_as_does(
    qtbot: QtBot, opened: MainWindow, project_file: Path, tmp_path: Path, monkeypatch
) -> None:
    save(qtbot, opened)
    other = tmp_path / "other.himapp"
    monkeypatch.setattr(files, "ask_project", lambda *_: other)
    brighten(opened, 2)
    save(qtbot, opened)
    assert not other.exists()
    assert load_project(project_file).find_layer(2).adjustments.exposure_stops == 2
    with qtbot.waitSignal(opened.saving.saved):
        opened.actions_by_name["save_as"].trigger()
    assert opened.project.path == other
    assert other.exists()


def test_a_name_given_to_a_photo_is_no_other_ones(
    opened: MainWindow, photo_file: Path, tmp_path: Path, monkeypatch
) -> None:
    path = tmp_path / "three.himapp"

    def answer_late(*_: object) -> Path:
        opened.editor.open_document(Document.for_photo(read_photo(photo_file)))
        return path

    monkeypatch.setattr(files, "ask_project", answer_late)
    assert not opened.project.save()
    assert not opened.saving.is_busy
    assert not path.exists()


def test_undo_back_to_the_saved_state_takes_the_star_away(
    qtbot: QtBot, opened: MainWindow, project_file: Path
) -> None:
    brighten(opened)
    save(qtbot, opened)
    opened.side_bar.edit.sliders["saturation"].number.setValue(50)
    assert opened.isWindowModified()
    opened.editor.undo_stack.undo()
    assert not opened.isWindowModified()
    opened.editor.undo_stack.undo()
    assert opened.isWindowModified()


def test_edits_made_while_it_is_saved_are_not_saved(
    qtbot: QtBot, opened: MainWindow, project_file: Path
) -> None:
    brighten(opened)
    with qtbot.waitSignal(opened.saving.saved):
        opened.actions_by_name["save"].trigger()
        brighten(opened, 3)
    assert opened.isWindowModified()
    assert load_project(project_file).find_layer(2).adjustments.exposure_stops == 1


def test_a_project_opens_by_dropping_and_by_the_recent_files(
    qtbot: QtBot, opened: MainWindow, project_file: Path, drop: Callable[..., None]
) -> None:
    save(qtbot, opened)
    opened.close_photo()
    with qtbot.waitSignal(opened.opening.file_opened):
        drop(opened, project_file)
    opened.close_photo()
    with qtbot.waitSignal(opened.opening.file_opened):
        qtbot.mouseClick(opened.welcome.recent_buttons[0], LEFT)
    assert opened.project.path == project_file


def test_a_photo_after_a_project_has_no_name_yet(
    qtbot: QtBot, opened: MainWindow, project_file: Path, photo_file: Path
) -> None:
    save(qtbot, opened)
    open_file(qtbot, opened, photo_file)
    assert opened.project.path is None
    assert opened.windowTitle() == "three.png[*] – himapp"


def test_the_photo_goes_into_the_project_on_wish(
    qtbot: QtBot, opened: MainWindow, project_file: Path, photo_file: Path
) -> None:
    opened.actions_by_name["embed_photo"].setChecked(True)
    save(qtbot, opened)
    photo_file.unlink()
    opened.close_photo()
    assert not opened.actions_by_name["embed_photo"].isChecked()
    open_file(qtbot, opened, project_file)
    assert opened.actions_by_name["embed_photo"].isChecked()


def test_the_wish_for_the_photo_is_to_be_saved_too(
    qtbot: QtBot, opened: MainWindow, project_file: Path
) -> None:
    embed = opened.actions_by_name["embed_photo"]
    embed.trigger()
    assert not opened.isWindowModified()  # there is no project yet that could hold it
    save(qtbot, opened)
    embed.trigger()
    assert opened.isWindowModified()
    save(qtbot, opened)
    assert not opened.isWindowModified()
    with zipfile.ZipFile(project_file) as archive:
        assert "photo/file" not in archive.namelist()


def test_the_photo_stays_in_a_project_that_is_edited_on_another_computer(
    qtbot: QtBot, opened: MainWindow, project_file: Path, photo_file: Path
) -> None:
    opened.actions_by_name["embed_photo"].setChecked(True)
    save(qtbot, opened)
    content = photo_file.read_bytes()
    photo_file.unlink()
    open_file(qtbot, opened, project_file)
    brighten(opened)
    save(qtbot, opened)
    with zipfile.ZipFile(project_file) as archive:
        assert archive.read("photo/file") == content
        assert "photo/pixels.png" not in archive.namelist()


def test_closing_offers_to_save_and_closes_then(
    qtbot: QtBot, opened: MainWindow, project_file: Path, monkeypatch
) -> None:
    answer = QMessageBox.StandardButton.Save
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answer)
    brighten(opened)
    assert not opened.close()
    qtbot.waitUntil(lambda: not opened.isVisible())
    assert load_project(project_file).find_layer(2).adjustments.exposure_stops == 1


def test_another_photo_opens_after_the_edits_are_saved(
    qtbot: QtBot, opened: MainWindow, project_file: Path, image_file: Path, monkeypatch, session
) -> None:
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Save)
    brighten(opened)
    session.lefts = ()
    open_file(qtbot, opened, image_file)
    assert opened.editor.document.photo.path == image_file
    assert project_file.exists()


def test_a_save_that_is_not_wanted_or_fails_keeps_the_window_open(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path, monkeypatch
) -> None:
    answer = QMessageBox.StandardButton.Save
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answer)
    monkeypatch.setattr(files, "ask_project", lambda *_: None)
    brighten(opened)
    assert not opened.close()
    monkeypatch.setattr(files, "ask_project", lambda *_: tmp_path / "gone" / "a.himapp")
    with qtbot.waitSignal(opened.saving.failed):
        opened.close()
    assert opened.isVisible()
    assert opened.message_bar.text == (
        "“a.himapp” was not saved: the folder “gone” does not exist."
    )
    assert opened.isWindowModified()
    (tmp_path / "gone").mkdir()
    with qtbot.waitSignal(opened.saving.saved):
        opened.actions_by_name["save"].trigger()
    assert opened.message_bar.text == ""


def test_a_save_takes_back_no_sentence_about_something_else(
    qtbot: QtBot, opened: MainWindow, project_file: Path
) -> None:
    opened.opening.failed.emit("The weights are missing.")
    with qtbot.waitSignal(opened.saving.saved):
        opened.actions_by_name["save"].trigger()
    assert opened.message_bar.text == "The weights are missing."


def test_a_broken_project_leaves_the_open_document(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    before = opened.editor.document
    broken = tmp_path / "broken.himapp"
    broken.write_bytes(b"PK\x03\x04")
    opened.open_path(broken)
    qtbot.waitUntil(lambda: "“broken.himapp” is damaged" in opened.message_bar.text)
    assert opened.editor.document is before
    assert opened.windowTitle() == "three.png[*] – himapp"


def test_a_missing_photo_is_asked_for(
    qtbot: QtBot, opened: MainWindow, project_file: Path, photo_file: Path, monkeypatch
) -> None:
    save(qtbot, opened)
    opened.close_photo()
    moved = photo_file.with_name("moved.png")
    photo_file.rename(moved)
    asked = []

    def ask(_parent, error):
        asked.append(error)
        return "locate"

    monkeypatch.setattr(photo_question, "ask_about_photo", ask)
    monkeypatch.setattr(files, "ask_photo", lambda *_: moved)
    open_file(qtbot, opened, project_file)
    assert [type(error) for error in asked] == [MissingPhotoError]
    assert opened.editor.document.photo.path == moved
    assert opened.project.path == project_file
    assert opened.isWindowModified()  # the file still says where the photo was
    save(qtbot, opened)
    open_file(qtbot, opened, project_file)
    assert len(asked) == 1


def test_a_changed_photo_is_used_if_the_user_says_so(
    qtbot: QtBot, opened: MainWindow, project_file: Path, photo_file: Path, monkeypatch
) -> None:
    save(qtbot, opened)
    opened.close_photo()
    write_png(photo_file, np.full((120, 180, 3), 9, np.uint8))
    answers = ["cancel", "use"]
    asked = []

    def ask(_parent, error):
        asked.append(error)
        return answers.pop(0)

    monkeypatch.setattr(photo_question, "ask_about_photo", ask)
    with qtbot.waitSignal(opened.opening.gave_up):
        opened.open_path(project_file)
    assert opened.editor.document is None
    open_file(qtbot, opened, project_file)
    assert all(isinstance(error, ChangedPhotoError) for error in asked)
    assert (opened.editor.document.photo.pixels == 9).all()


def test_the_question_about_a_photo_offers_what_is_possible(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch
) -> None:
    shown: list[list[str]] = []

    def press(box: QMessageBox) -> None:
        shown.append([button.text() for button in box.buttons()])

    monkeypatch.setattr(QMessageBox, "exec", press)
    for has_same_size in (True, False):
        error = ChangedPhotoError("It changed.", tmp_path, has_same_size=has_same_size)
        assert photo_question.ask_about_photo(window, error) == "cancel"
    assert ["&Use it anyway" in buttons for buttons in shown] == [True, False]
    assert all("&Locate…" in buttons for buttons in shown)


def test_a_project_without_people_is_changed_when_they_are_found(
    qtbot: QtBot, window: MainWindow, photo_file: Path, tmp_path: Path
) -> None:
    window.opening.cancel()
    open_file(qtbot, window, photo_file)
    path = tmp_path / "nobody.himapp"
    document = window.editor.document
    save_project(type(document).for_photo(document.photo), path)
    open_file(qtbot, window, path)
    assert not window.isWindowModified()
    window.actions_by_name["find_people"].trigger()
    qtbot.waitUntil(lambda: not window.is_busy)
    assert len(window.editor.document.layers) == 3
    assert window.isWindowModified()


def test_a_project_is_proposed_beside_its_photo_and_a_samples_at_home(
    qtbot: QtBot, opened: MainWindow, photo_file: Path, session, monkeypatch
) -> None:
    proposed = []
    monkeypatch.setattr(files, "ask_project", lambda *args: proposed.append(args[2]))
    opened.actions_by_name["save"].trigger()
    session.lefts = ()
    open_file(qtbot, opened, opened.welcome._samples[0])
    opened.actions_by_name["save"].trigger()
    assert proposed == [photo_file.with_suffix(".himapp"), Path.home() / "astronaut.himapp"]
