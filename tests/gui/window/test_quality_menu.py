"""The choice of quality: kept, said, and in force from the next search on."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from himapp import app
from himapp.gui.main_window import MainWindow
from himapp.settings import load_settings


def action_of(window: MainWindow, quality: str) -> QAction:
    action = window.findChild(QAction, f"quality_{quality}")
    assert isinstance(action, QAction)
    return action


def test_a_choice_is_kept_and_holds_from_the_next_photo_on(
    qapp: QApplication, qtbot: QtBot, photo_file: Path, session: Any
) -> None:
    opened: list[str] = []

    def open_session() -> Any:
        opened.append(load_settings().quality)
        return session

    window = MainWindow(open_session)
    qtbot.addWidget(window)
    window.show()
    assert action_of(window, "normal").isChecked()
    for _ in range(2):
        with qtbot.waitSignal(window.opening.people_found):
            window.open_path(photo_file)
    assert opened == ["normal"]
    action_of(window, "best").trigger()
    assert load_settings().quality == "best"
    assert "Best quality" in window.message_bar.text
    with qtbot.waitSignal(window.opening.people_found):
        window.open_path(photo_file)
    assert opened == ["normal", "best"]
    window.editor.undo_stack.setClean()
    window.close()
    again = MainWindow(open_session)
    qtbot.addWidget(again)
    assert action_of(again, "best").isChecked()
    again.close()


def test_the_same_choice_again_opens_no_session(window: MainWindow) -> None:
    window.message_bar.hide()
    action_of(window, "normal").trigger()
    assert window.message_bar.isHidden()


def test_the_application_opens_a_session_of_the_chosen_quality(
    monkeypatch: pytest.MonkeyPatch, window: MainWindow
) -> None:
    action_of(window, "draft").trigger()
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(app, "open_session", lambda *choices: asked.append(choices))
    app.open_chosen_session()
    assert asked == [("auto", "draft")]
