"""What happens while a project is being written: edits, other photos, other saves, closing."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from himapp.document.document import Document
from himapp.document.project_file import load_project, save_project
from himapp.gui import project_saving
from himapp.gui.dialogs import files
from himapp.gui.main_window import MainWindow

Asked = list[str]


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Holds every save back until it is set, as a slow disk would."""
    gate = threading.Event()

    def save_slowly(
        document: Document, path: Path, *, advance: Callable[[int, int], None], **choices: Any
    ) -> None:
        def wait(done: int, of: int) -> None:
            while not gate.wait(0.01):
                advance(done, of)
            advance(done, of)

        save_project(document, path, advance=wait, **choices)

    monkeypatch.setattr(project_saving, "save_project", save_slowly)
    yield gate
    gate.set()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The questions; each is answered by Cancel."""
    asked: Asked = []

    def answer(_parent: object, _title: str, question: str, *_: object) -> object:
        asked.append(question)
        return QMessageBox.StandardButton.Cancel

    monkeypatch.setattr(QMessageBox, "question", answer)
    return asked


def brighten(window: MainWindow, stops: float = 1.0) -> None:
    window.editor.select([2])
    window.side_bar.edit.sliders["exposure_stops"].number.setValue(stops)


def begin_save(window: MainWindow) -> None:
    window.actions_by_name["save"].trigger()
    assert window.saving.is_busy


def let_end(qtbot: QtBot, window: MainWindow, gate: threading.Event) -> None:
    gate.set()
    qtbot.waitUntil(lambda: not window.is_busy)


def exposure_in(path: Path) -> float:
    return float(load_project(path).find_layer(2).adjustments.exposure_stops)


def test_a_photo_opened_meanwhile_does_not_get_the_projects_name(
    qtbot: QtBot, opened: MainWindow, project_file: Path, image_file: Path, gate, session
) -> None:
    begin_save(opened)
    session.lefts = ()
    with qtbot.waitSignal(opened.opening.file_opened):
        opened.open_path(image_file)
    let_end(qtbot, opened, gate)
    assert opened.project.path is None
    assert opened.windowTitle() == "red.png[*] – himapp"
    assert len(load_project(project_file).layers) == 3


def test_the_next_photos_save_lets_the_one_before_end(
    qtbot: QtBot,
    opened: MainWindow,
    project_file: Path,
    image_file: Path,
    gate,
    session,
    monkeypatch,
) -> None:
    begin_save(opened)
    session.lefts = ()
    with qtbot.waitSignal(opened.opening.file_opened):
        opened.open_path(image_file)
    other = project_file.with_name("other.himapp")
    monkeypatch.setattr(files, "ask_project", lambda *_: other)
    begin_save(opened)
    let_end(qtbot, opened, gate)
    assert opened.project.path == other
    assert len(load_project(project_file).layers) == 3
    assert load_project(other).photo.path == image_file


def test_a_second_save_takes_the_star_away(
    qtbot: QtBot, opened: MainWindow, project_file: Path, gate, asked: Asked
) -> None:
    brighten(opened)
    begin_save(opened)
    begin_save(opened)
    let_end(qtbot, opened, gate)
    assert exposure_in(project_file) == 1
    assert not opened.isWindowModified()
    assert opened.close()
    assert asked == []


def test_people_found_meanwhile_are_not_saved(
    qtbot: QtBot, window: MainWindow, photo_file: Path, project_file: Path, gate, asked, session
) -> None:
    session.gate.clear()
    with qtbot.waitSignal(window.opening.file_opened):
        window.open_path(photo_file)
    begin_save(window)
    with qtbot.waitSignal(window.opening.people_found):
        session.gate.set()
    assert not window.close()  # it waits for the save
    let_end(qtbot, window, gate)
    assert load_project(project_file).layers == ()
    assert window.isVisible()
    assert window.isWindowModified()
    assert len(asked) == 1


def test_undo_to_what_was_saved_before_is_not_what_is_saved(
    qtbot: QtBot, opened: MainWindow, project_file: Path, gate
) -> None:
    brighten(opened)
    begin_save(opened)
    opened.editor.undo_stack.undo()
    assert not opened.isWindowModified()
    let_end(qtbot, opened, gate)
    assert exposure_in(project_file) == 1
    assert opened.isWindowModified()


def test_closing_waits_for_a_save_without_a_question(
    qtbot: QtBot, opened: MainWindow, project_file: Path, gate, asked: Asked
) -> None:
    begin_save(opened)
    assert not opened.close()
    assert opened.isVisible()
    gate.set()
    qtbot.waitUntil(lambda: not opened.isVisible())
    assert project_file.exists()
    assert asked == []


def test_closing_without_the_latest_edits_waits_for_those_before(
    qtbot: QtBot, opened: MainWindow, project_file: Path, gate, monkeypatch
) -> None:
    answers = [QMessageBox.StandardButton.Discard]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop())
    brighten(opened)
    begin_save(opened)
    brighten(opened, 2)
    assert not opened.close()
    gate.set()
    qtbot.waitUntil(lambda: not opened.isVisible())
    assert exposure_in(project_file) == 1


def test_a_save_that_is_withdrawn_leaves_the_window_open(
    opened: MainWindow, project_file: Path, gate, asked: Asked
) -> None:
    begin_save(opened)
    assert not opened.close()
    opened.actions_by_name["cancel"].trigger()
    assert not opened.saving.is_busy
    assert opened.isVisible()
    assert not project_file.exists()
