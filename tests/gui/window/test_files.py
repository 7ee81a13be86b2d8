"""The names that the dialogs for files give back."""

from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from himapp.gui.dialogs import files


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    parent = QWidget()
    qtbot.addWidget(parent)
    return parent


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Anna", "Anna.himapp"),
        ("Anna 12.5.2026", "Anna 12.5.2026.himapp"),
        ("anna.HIMAPP", "anna.HIMAPP"),
    ],
)
def test_a_project_always_gets_its_suffix(
    parent: QWidget, tmp_path: Path, name: str, expected: str
) -> None:
    def type_name() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QFileDialog)
        dialog.findChild(QLineEdit, "fileNameEdit").setText(name)
        dialog.accept()

    QTimer.singleShot(0, parent, type_name)
    chosen = files.ask_project(parent, "Save the project", tmp_path / "three.himapp")
    assert chosen == tmp_path / expected


def test_a_project_that_the_suffix_would_replace_is_asked_about(
    parent: QWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "Anna 12.5.himapp"
    there.touch()
    asked: list[str] = []
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    proposed: list[str] = []

    def answer(_parent: object, _title: str, question: str, *_: object) -> object:
        asked.append(question)
        return answers.pop(0)

    monkeypatch.setattr(QMessageBox, "question", answer)
    # As the system's own dialog may: it knows nothing of the suffix.
    monkeypatch.setattr(QFileDialog, "selectFile", lambda _, name: proposed.append(name))
    monkeypatch.setattr(QFileDialog, "exec", lambda _: QFileDialog.DialogCode.Accepted)
    monkeypatch.setattr(QFileDialog, "selectedFiles", lambda _: [str(tmp_path / "Anna 12.5")])
    assert files.ask_project(parent, "Save the project", tmp_path / "three.himapp") == there
    assert asked == ["“Anna 12.5.himapp” exists already. Replace it?"] * 2
    assert proposed == ["three.himapp", "Anna 12.5.himapp"]
