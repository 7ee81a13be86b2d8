"""Edits that no project holds yet are kept, and offered after a crash."""

import shutil
import zipfile
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from himapp.document.project_file import load_project, read_project_facts
from himapp.document.recovery import find_left_edits
from himapp.gui import autosaving
from himapp.gui.dialogs import photo_question
from himapp.gui.main_window import MainWindow
from himapp.paths import recovery_dir

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


def brighten(window: MainWindow, stops: float = 1.0) -> None:
    window.editor.select([2])
    window.side_bar.edit.sliders["exposure_stops"].number.setValue(stops)


def save(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.saving.saved):
        qtbot.keyClick(window, Qt.Key.Key_S, CONTROL)


def exposure_of(window: MainWindow) -> float:
    return float(window.editor.document.find_layer(2).adjustments.exposure_stops)


def keep_edits(qtbot: QtBot, window: MainWindow) -> Path:
    window.autosaving.save_now()
    qtbot.waitUntil(lambda: not window.autosaving.is_busy)
    assert window.autosaving.path is not None
    return window.autosaving.path


def test_an_edit_is_kept_after_a_while(
    qtbot: QtBot, monkeypatch, opened: MainWindow, photo_file: Path
) -> None:
    assert not opened.autosaving.is_waiting
    assert autosaving.AUTOSAVE_MS < 60_000
    opened.autosaving._timer.setInterval(1)
    brighten(opened)
    assert opened.autosaving.is_waiting
    qtbot.waitUntil(lambda: opened.autosaving.path is not None and opened.autosaving.path.exists())
    qtbot.waitUntil(lambda: not opened.autosaving.is_busy)
    kept = load_project(opened.autosaving.path)
    assert kept.find_layer(2).adjustments.exposure_stops == 1
    assert read_project_facts(opened.autosaving.path).origin is None


def test_what_is_saved_or_undone_needs_no_recovery_file(
    qtbot: QtBot, opened: MainWindow, project_file: Path
) -> None:
    brighten(opened)
    kept = keep_edits(qtbot, opened)
    save(qtbot, opened)
    qtbot.waitUntil(lambda: not kept.exists())
    brighten(opened, 2)
    kept = keep_edits(qtbot, opened)
    assert read_project_facts(kept).origin == project_file
    opened.editor.undo_stack.undo()
    qtbot.waitUntil(lambda: not kept.exists())
    assert not opened.autosaving.is_waiting
    qtbot.waitUntil(lambda: not opened.autosaving.is_busy)


def test_steps_that_undo_drops_leave_the_recovery_file(
    qtbot: QtBot, opened: MainWindow, monkeypatch
) -> None:
    monkeypatch.setattr(opened.editor, "_undo_budget_bytes", 1)
    brighten(opened)
    kept = keep_edits(qtbot, opened)
    opened.editor.end_gesture()
    brighten(opened, 2)
    assert opened.editor.undo_stack.count() == 1
    assert opened.autosaving.path == kept
    qtbot.waitUntil(lambda: not opened.autosaving.is_busy)
    assert kept.exists()


def test_a_clean_close_leaves_nothing(qtbot: QtBot, opened: MainWindow, monkeypatch) -> None:
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Discard)
    brighten(opened)
    keep_edits(qtbot, opened)
    assert opened.close()
    assert list(recovery_dir().iterdir()) == []


def test_edits_are_kept_before_an_export(qtbot: QtBot, opened: MainWindow, tmp_path: Path) -> None:
    brighten(opened)
    opened.exporting.worked.emit("Writing files", 0, 1)
    assert opened.autosaving.is_busy
    qtbot.waitUntil(lambda: not opened.autosaving.is_busy)
    assert opened.autosaving.path.exists()
    opened.exporting.ended.emit(False)


def crash(qtbot: QtBot, window: MainWindow) -> None:
    """Leave behind what a killed window leaves, and close this one cleanly."""
    kept = keep_edits(qtbot, window)
    shutil.copy(kept, kept.with_name(f"0{kept.name}"))
    window.editor.undo_stack.setClean()
    qtbot.waitUntil(lambda: not kept.exists())
    qtbot.waitUntil(lambda: not window.autosaving.is_busy)
    window.close_photo()


def test_what_a_crash_left_behind_is_offered_and_restored(
    qtbot: QtBot, opened: MainWindow, photo_file: Path
) -> None:
    brighten(opened)
    crash(qtbot, opened)
    opened.recovering.start()
    assert opened.recovery_bar.isVisible()
    assert "the edits of “three.png” were saved" in opened.recovery_bar.label.text()
    with qtbot.waitSignal(opened.opening.file_opened):
        qtbot.mouseClick(opened.recovery_bar.restore_button, LEFT)
    assert not opened.recovery_bar.isVisible()
    assert exposure_of(opened) == 1
    assert opened.isWindowModified()
    assert opened.windowTitle() == "three.png[*] – himapp"
    assert opened.autosaving.path is not None
    assert opened.autosaving.path.exists()  # until the edits are saved
    opened.editor.undo_stack.setClean()
    qtbot.waitUntil(lambda: list(recovery_dir().iterdir()) == [])
    qtbot.waitUntil(lambda: not opened.autosaving.is_busy)


def test_edits_of_a_project_are_restored_under_its_name(
    qtbot: QtBot, opened: MainWindow, project_file: Path
) -> None:
    save(qtbot, opened)
    brighten(opened)
    crash(qtbot, opened)
    opened.recovering.start()
    assert "“mine.himapp”" in opened.recovery_bar.label.text()
    with qtbot.waitSignal(opened.opening.file_opened):
        qtbot.mouseClick(opened.recovery_bar.restore_button, LEFT)
    assert opened.project.path == project_file
    assert load_project(project_file).find_layer(2).adjustments.is_neutral
    save(qtbot, opened)
    assert load_project(project_file).find_layer(2).adjustments.exposure_stops == 1


@pytest.mark.parametrize("is_on_disk", [True, False])
def test_a_photo_in_a_project_is_still_there_after_a_crash(
    qtbot: QtBot, opened: MainWindow, project_file: Path, photo_file: Path, *, is_on_disk: bool
) -> None:
    opened.actions_by_name["embed_photo"].setChecked(True)
    save(qtbot, opened)
    content = photo_file.read_bytes()
    if not is_on_disk:
        photo_file.unlink()
        with qtbot.waitSignal(opened.opening.file_opened):
            opened.open_path(project_file)
    brighten(opened)
    crash(qtbot, opened)
    opened.recovering.start()
    with qtbot.waitSignal(opened.opening.file_opened):
        qtbot.mouseClick(opened.recovery_bar.restore_button, LEFT)
    assert opened.actions_by_name["embed_photo"].isChecked()
    save(qtbot, opened)
    with zipfile.ZipFile(project_file) as archive:
        assert archive.read("photo/file") == content


def test_what_is_put_off_is_offered_again_until_it_is_discarded(
    qtbot: QtBot, opened: MainWindow
) -> None:
    brighten(opened)
    crash(qtbot, opened)
    opened.recovering.start()
    qtbot.mouseClick(opened.recovery_bar.close_button, LEFT)
    assert not opened.recovery_bar.isVisible()
    opened.recovering.start()
    assert opened.recovery_bar.isVisible()
    qtbot.mouseClick(opened.recovery_bar.discard_button, LEFT)
    assert not opened.recovery_bar.isVisible()
    opened.recovering.start()
    assert not opened.recovery_bar.isVisible()
    assert list(recovery_dir().iterdir()) == []


def test_a_living_window_keeps_its_own(qtbot: QtBot, opened: MainWindow) -> None:
    brighten(opened)
    kept = keep_edits(qtbot, opened)
    assert find_left_edits(recovery_dir()) == []
    opened.recovering.start()
    assert not opened.recovery_bar.isVisible()
    assert kept.exists()


def test_edits_whose_photo_is_gone_stay_on_offer(
    qtbot: QtBot, opened: MainWindow, photo_file: Path, monkeypatch
) -> None:
    brighten(opened)
    crash(qtbot, opened)
    photo_file.unlink()
    monkeypatch.setattr(photo_question, "ask_about_photo", lambda *_: "cancel")
    opened.recovering.start()
    with qtbot.waitSignal(opened.opening.gave_up):
        qtbot.mouseClick(opened.recovery_bar.restore_button, LEFT)
    assert opened.recovery_bar.isVisible()
    assert opened.editor.document is None


def test_a_file_that_is_no_project_is_not_offered(window: MainWindow) -> None:
    recovery_dir().mkdir(parents=True)
    (recovery_dir() / "broken.himapp").write_bytes(b"half")
    (recovery_dir() / "idle.lock").touch()
    window.recovering.start()
    assert not window.recovery_bar.isVisible()


def test_a_recovery_folder_that_cannot_be_written_is_said_once(
    qtbot: QtBot, opened: MainWindow
) -> None:
    recovery_dir().parent.mkdir(parents=True, exist_ok=True)
    recovery_dir().write_text("in the way")
    brighten(opened)
    opened.autosaving.save_now()
    assert "Edits cannot be kept for a crash" in opened.message_bar.text
    opened.message_bar.hide()
    opened.autosaving.save_now()
    assert opened.message_bar.text == ""
