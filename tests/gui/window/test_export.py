"""Exporting through the dialog: what it shows, what it writes, what it remembers."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from himapp.gui.dialogs import files
from himapp.gui.dialogs.export_dialog import ExportDialog
from himapp.gui.main_window import MainWindow
from himapp.imaging.photo_io import read_photo
from himapp.inference.session import CancelToken

LEFT = Qt.MouseButton.LeftButton


def ask(window: MainWindow, action: str, folder: Path) -> ExportDialog:
    window.actions_by_name[action].trigger()
    dialog = window.export_flow.dialog
    assert dialog is not None
    dialog.place_page.folder_field.setText(str(folder))
    return dialog


def preview_of(dialog: ExportDialog) -> list[str]:
    return [dialog.preview.item(i).text().split()[0] for i in range(dialog.preview.count())]


def export(qtbot: QtBot, window: MainWindow, dialog: ExportDialog) -> None:
    with qtbot.waitSignal(window.exporting.written):
        qtbot.mouseClick(dialog.export_button, LEFT)
    qtbot.waitUntil(lambda: not window.is_busy)


def test_three_actions_cut_everybody_out(qtbot: QtBot, opened: MainWindow, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    dialog = ask(opened, "export_people", folder)
    expected = [f"three-person-0{i}.png" for i in (1, 2, 3)]
    assert preview_of(dialog) == expected
    assert dialog.summary.text() == "3 files, 235 kB at most"
    export(qtbot, opened, dialog)
    assert sorted(path.name for path in folder.iterdir()) == expected
    assert read_photo(folder / expected[0]).pixels.shape == (80, 40, 3)
    assert opened.status.written.text() == "3 files written to “out”"
    assert opened.status.folder_button.isVisible()
    assert opened.status.facts.text().startswith("3 people · CPU (2 threads)")


def test_files_are_proposed_beside_the_photo_and_a_samples_at_home(
    qtbot: QtBot, opened: MainWindow, photo_file: Path, session
) -> None:
    proposed = []
    session.lefts = ()
    for path in (photo_file, opened.welcome._samples[0]):
        opened.open_path(path)
        qtbot.waitUntil(lambda: not opened.is_busy)
        opened.actions_by_name["export_composite"].trigger()
        proposed.append(opened.export_flow.dialog.request.folder)
        opened.export_flow.dialog.reject()
    assert proposed == [photo_file.parent, Path.home()]


def test_the_last_folder_is_proposed_while_it_is_there(
    qtbot: QtBot, opened: MainWindow, photo_file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "stick"
    export(qtbot, opened, ask(opened, "export_people", folder))
    proposed = []
    for _ in range(2):
        opened.actions_by_name["export_people"].trigger()
        proposed.append(opened.export_flow.dialog.request.folder)
        opened.export_flow.dialog.reject()
        shutil.rmtree(folder, ignore_errors=True)
    assert proposed == [folder, photo_file.parent]


def test_a_short_path_goes_on_from_the_folder_proposed(
    opened: MainWindow, photo_file: Path, tmp_path: Path
) -> None:
    dialog = ask(opened, "export_people", Path("cut/outs"))
    assert dialog.request.folder == photo_file.parent / "cut" / "outs"
    dialog.place_page.folder_field.setText("~/outs")
    assert dialog.request.folder == Path.home() / "outs"
    dialog.place_page.folder_field.setText(str(tmp_path / "whole"))
    assert dialog.request.folder == tmp_path / "whole"
    dialog.reject()


def test_the_selected_in_the_full_frame(qtbot: QtBot, opened: MainWindow, tmp_path: Path) -> None:
    opened.editor.select([2])
    dialog = ask(opened, "export_people", tmp_path / "out")
    dialog.content_page.people_box.setCurrentIndex(1)
    dialog.content_page.cropped_box.setChecked(False)
    dialog.place_page.template_field.setText("x {index} ")
    assert not dialog.content_page.margin_box.isEnabled()
    export(qtbot, opened, dialog)
    (file,) = (tmp_path / "out").iterdir()
    assert file.name == "x 2.png"
    assert read_photo(file).pixels.shape == (120, 180, 3)


def test_hidden_people_are_left_out(opened: MainWindow, tmp_path: Path) -> None:
    opened.editor.select([1, 2, 3])
    opened.actions_by_name["toggle_eye"].trigger()
    dialog = ask(opened, "export_people", tmp_path)
    assert dialog.summary.text() == "Nobody is shown: there is nothing to write."
    assert not dialog.export_button.isEnabled()
    dialog.reject()


def test_the_picture_as_a_jpeg(qtbot: QtBot, opened: MainWindow, tmp_path: Path) -> None:
    dialog = ask(opened, "export_composite", tmp_path / "out")
    assert not dialog.content_page.cropped_box.isEnabled()
    dialog.content_page.format_box.choose("jpeg")
    export(qtbot, opened, dialog)
    written = read_photo(tmp_path / "out" / "three-composite.jpg")
    original = opened.editor.document.photo.pixels
    difference = np.abs(written.pixels.astype(int) - original.astype(int))
    assert written.format == "JPEG"
    assert difference.mean() < 1  # rounding of a JPEG at quality 95


def test_mattes_are_grey(qtbot: QtBot, opened: MainWindow, tmp_path: Path) -> None:
    dialog = ask(opened, "export_mattes", tmp_path / "out")
    assert preview_of(dialog)[2] == "three-person-03-matte.png"
    export(qtbot, opened, dialog)
    matte = read_photo(tmp_path / "out" / "three-person-03-matte.png")
    assert matte.source_mode == "L"
    assert np.all(matte.pixels == 255)


def test_the_last_choices_are_remembered(qtbot: QtBot, opened: MainWindow, tmp_path: Path) -> None:
    dialog = ask(opened, "export_people", tmp_path / "out")
    dialog.content_page.cropped_box.setChecked(False)
    export(qtbot, opened, dialog)
    opened.actions_by_name["export"].trigger()
    again = opened.export_flow.dialog
    assert again.place_page.folder_field.text() == str(tmp_path / "out")
    assert not again.content_page.cropped_box.isChecked()
    assert preview_of(again)[0] == "three-person-01-2.png"
    again.place_page.collision_box.choose("overwrite")
    assert preview_of(again)[0] == "three-person-01.png"
    again.reject()


@pytest.mark.parametrize(
    ("template", "name", "problem"),
    [
        ("a/b:{index}", "a-b-1.png", ""),
        ("{date", None, "single brace"),
        ("{who}", None, "unknown field {who}"),
        ("", "three-person-01.png", ""),
    ],
)
def test_names_are_shown_while_they_are_typed(
    opened: MainWindow, tmp_path: Path, template: str, name: str | None, problem: str
) -> None:
    dialog = ask(opened, "export_people", tmp_path)
    dialog.place_page.template_field.setText(template)
    assert dialog.export_button.isEnabled() is not bool(problem)
    assert problem in dialog.summary.text()
    assert preview_of(dialog)[:1] == ([name] if name else [])
    dialog.reject()


def test_browsing_fills_in_the_folder(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ask_folder", lambda *_: tmp_path / "chosen")
    dialog = ask(opened, "export_people", tmp_path)
    qtbot.mouseClick(dialog.place_page.browse_button, LEFT)
    assert dialog.place_page.folder_field.text() == str(tmp_path / "chosen")
    dialog.reject()


def test_a_folder_that_cannot_be_made_is_said(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    dialog = ask(opened, "export_people", tmp_path / "file" / "out")
    qtbot.mouseClick(dialog.export_button, LEFT)
    qtbot.waitUntil(lambda: "cannot be made" in opened.message_bar.text)
    qtbot.waitUntil(lambda: not opened.is_busy)
    assert not opened.status.cancel_button.isVisible()
    export(qtbot, opened, ask(opened, "export_people", tmp_path / "out"))
    assert opened.message_bar.text == ""  # what failed has been done now


def test_an_export_can_be_cancelled(qtbot: QtBot, opened: MainWindow, tmp_path: Path) -> None:
    dialog = ask(opened, "export_people", tmp_path / "out")
    ended = qtbot.waitSignal(opened.exporting.ended)
    with ended:
        qtbot.mouseClick(dialog.export_button, LEFT)
        assert opened.status.cancel_button.isVisible()
        qtbot.mouseClick(opened.status.cancel_button, LEFT)
    assert ended.args == [True]
    assert not opened.is_busy
    assert opened.message_bar.text == "The export was cancelled; files that were done stay."
    export(qtbot, opened, ask(opened, "export_people", tmp_path / "out"))
    assert opened.message_bar.text == ""


@pytest.fixture
def held_export(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Hold exports back until the event is set."""
    gate = threading.Event()

    def wait(*_: object, cancel: CancelToken, **_others: object) -> tuple[Path, ...]:
        while not gate.wait(0.01):
            cancel.raise_if_cancelled()
        return ()

    monkeypatch.setattr("himapp.gui.exporting.run_export", wait)
    yield gate
    gate.set()


def test_while_files_are_written_no_other_export_can_withdraw_them(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path, held_export: threading.Event
) -> None:
    qtbot.mouseClick(ask(opened, "export_people", tmp_path).export_button, LEFT)
    names = ("export", "export_people", "export_composite", "export_mattes", "export_layers")
    assert not any(opened.actions_by_name[name].isEnabled() for name in names)
    held_export.set()
    qtbot.waitUntil(lambda: not opened.is_busy)
    assert all(opened.actions_by_name[name].isEnabled() for name in names)


def test_files_written_while_people_are_found_stay_said(
    qtbot: QtBot,
    opened: MainWindow,
    session,
    photo_file: Path,
    tmp_path: Path,
    held_export: threading.Event,
) -> None:
    qtbot.mouseClick(ask(opened, "export_people", tmp_path).export_button, LEFT)
    session.gate.clear()
    opened.open_path(photo_file)
    qtbot.waitUntil(lambda: session.requests == 2)
    qtbot.waitUntil(lambda: opened.status.work.text() == "Finding people … edges 2 of 3")
    opened.exporting.worked.emit("Writing files", 1, 3)
    held_export.set()
    qtbot.waitUntil(lambda: not opened.exporting.is_busy)
    assert opened.status.work.text() == "Finding people … edges 2 of 3"
    session.gate.set()
    qtbot.waitUntil(lambda: not opened.is_busy)
    assert opened.status.written.isVisible()
    opened.open_path(photo_file)
    assert not opened.status.written.isVisible()
    qtbot.waitUntil(lambda: not opened.is_busy)


def test_closing_while_files_are_written_asks(
    qtbot: QtBot,
    opened: MainWindow,
    tmp_path: Path,
    held_export: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [QMessageBox.StandardButton.Cancel, QMessageBox.StandardButton.Close]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop(0))
    qtbot.mouseClick(ask(opened, "export_people", tmp_path).export_button, LEFT)
    assert not opened.close()
    assert opened.exporting.is_busy
    assert opened.close()
    assert not opened.exporting.is_busy
    assert answers == []


@pytest.mark.parametrize("folder", ["~nobody-of-that-name/out", "y" * 300])
def test_what_the_disk_cannot_take_is_said_and_not_met_while_typing(
    qtbot: QtBot,
    opened: MainWindow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    folder: str,
) -> None:
    (tmp_path / "~nobody-of-that-name").write_text("in the way")
    monkeypatch.chdir(tmp_path)
    dialog = ask(opened, "export_people", Path(folder))
    assert dialog.summary.text().startswith("3 files")
    with qtbot.waitSignal(opened.exporting.failed):
        qtbot.mouseClick(dialog.export_button, LEFT)
    assert any(words in opened.message_bar.text for words in ("cannot be made", "was not saved"))
    qtbot.waitUntil(lambda: not opened.is_busy)


def test_people_found_while_the_dialog_is_open_can_be_exported(
    qtbot: QtBot, window: MainWindow, session, photo_file: Path, tmp_path: Path
) -> None:
    session.gate.clear()
    window.open_path(photo_file)
    qtbot.waitUntil(lambda: session.requests == 1)
    dialog = ask(window, "export", tmp_path / "out")
    assert not dialog.content_page.contents["cut-out"].isEnabled()
    session.gate.set()
    qtbot.waitUntil(lambda: dialog.content_page.contents["cut-out"].isEnabled())
    dialog.content_page.contents["cut-out"].setChecked(True)
    assert len(preview_of(dialog)) == 3
    qtbot.waitUntil(lambda: not window.is_busy)
    dialog.reject()


def test_the_dialog_goes_with_its_photo(
    qtbot: QtBot, opened: MainWindow, session, image_file: Path, tmp_path: Path
) -> None:
    session.lefts = ()
    opened.open_path(image_file)
    ask(opened, "export", tmp_path / "out")
    qtbot.waitUntil(lambda: opened.editor.document.photo.path == image_file)
    assert opened.export_flow.dialog is None
    assert not opened.exporting.is_busy
    qtbot.waitUntil(lambda: not opened.is_busy)


def test_exported_edits_are_not_saved_yet(qtbot: QtBot, opened: MainWindow, tmp_path: Path) -> None:
    qtbot.mouseClick(opened.side_bar.background.buttons["none"], LEFT)
    assert not opened.editor.undo_stack.isClean()
    export(qtbot, opened, ask(opened, "export_composite", tmp_path / "out"))
    assert not opened.editor.undo_stack.isClean()
