"""Long names leave the window as wide as it is."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from himapp.document.background import ImageBackground
from himapp.gui.long_texts import ElidedLabel, shorten_name, shorten_words
from himapp.gui.main_window import MainWindow

NAMES = ["W" * 120, "名" * 60, "a " * 60]


@pytest.fixture
def narrow(opened: MainWindow) -> MainWindow:
    opened.resize(900, 600)
    return opened


def is_narrow(window: MainWindow) -> bool:
    QApplication.processEvents()
    return window.width() == 900 and window.minimumSizeHint().width() <= 900


@pytest.mark.parametrize("name", NAMES)
def test_a_long_name_in_a_message_widens_nothing(narrow: MainWindow, name: str) -> None:
    narrow.message_bar.show_message(f"“{name}” is in one piece.")
    assert is_narrow(narrow)
    assert narrow.message_bar.label.height() >= narrow.message_bar.label.heightForWidth(
        narrow.message_bar.label.width()
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_long_name_in_the_status_bar_widens_nothing(
    narrow: MainWindow, name: str, tmp_path: Path
) -> None:
    narrow.status.show_facts(name)
    narrow.status.show_work(f"Opening {name}", 0, 1)
    narrow.status.show_written(f"“{name}” saved", tmp_path)
    assert is_narrow(narrow)
    assert narrow.status.cancel_button.isVisible()
    narrow.status.end_work()


def test_the_hint_of_a_tool_widens_nothing(narrow: MainWindow) -> None:
    narrow.actions_by_name["add_person"].setChecked(True)
    assert is_narrow(narrow)


@pytest.mark.parametrize("name", NAMES)
def test_a_long_name_of_an_image_fits_the_panel(narrow: MainWindow, name: str) -> None:
    pixels = narrow.editor.document.photo.pixels
    narrow.side_bar.background.set_image(ImageBackground(pixels, path=f"/x/{name}.png"))
    QApplication.processEvents()
    assert narrow.side_bar.widget().width() == narrow.side_bar.viewport().width()


def test_recent_files_fit_a_small_window(window: MainWindow, tmp_path: Path) -> None:
    files = [tmp_path / f"{letter * 200}.png" for letter in "WXYZ"]
    for file in files:
        file.touch()
    window.resize(900, 600)
    window.welcome.show_recent(tuple(map(str, files)))
    assert is_narrow(window)
    assert window.height() == 600
    assert window.welcome.recent_buttons[0].text().endswith("W.png")


def test_a_cut_line_is_whole_in_its_text_and_plain(qtbot: QtBot) -> None:
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.setText("<b>bold</b> " * 20)
    label.resize(80, 20)
    assert label.text() == "<b>bold</b> " * 20
    assert label.shown_text.endswith("…")
    assert label.textFormat() == Qt.TextFormat.PlainText


def test_only_long_words_lack_their_middle() -> None:
    assert shorten_words("“short.jpg” is open.") == "“short.jpg” is open."
    assert shorten_words(f"“{'x' * 60}.jpg” is open.") == f"“{'x' * 19}…{'x' * 14}.jpg” is open."
    assert shorten_name("A short name.jpg") == "A short name.jpg"
    assert len(shorten_name("A long name " * 20)) == 60
