"""The background, by clicking."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from himapp.document.background import (
    PHOTO_BACKGROUND,
    BlurBackground,
    ColourBackground,
    ImageBackground,
    PhotoBackground,
    TransparentBackground,
)
from himapp.document.document import Document
from himapp.gui.dialogs import files
from himapp.gui.main_window import MainWindow
from himapp.gui.panels.background_panel import BackgroundPanel
from himapp.gui.panels.colour_row import READY_COLOURS
from himapp.gui.screen_color import take_colour
from himapp.imaging.photo import Photo
from himapp.imaging.photo_io import read_photo
from himapp.imaging.working_spaces import profile_of

LEFT = Qt.MouseButton.LeftButton
COPY, MOVE = Qt.DropAction.CopyAction, Qt.DropAction.MoveAction


def panel_of(window: MainWindow) -> BackgroundPanel:
    return window.side_bar.background


def background_of(window: MainWindow) -> object:
    return window.editor.document.background


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("none", TransparentBackground),
        ("colour", ColourBackground),
        ("blur", BlurBackground),
    ],
)
def test_a_click_sets_the_kind(qtbot: QtBot, opened: MainWindow, kind: str, expected: type) -> None:
    panel = panel_of(opened)
    qtbot.mouseClick(panel.buttons[kind], LEFT)
    assert isinstance(background_of(opened), expected)
    assert panel.buttons[kind].isChecked()
    qtbot.mouseClick(panel.buttons["photo"], LEFT)
    assert isinstance(background_of(opened), PhotoBackground)
    assert opened.editor.undo_stack.count() == 2


def test_a_kind_remembers_how_it_was_set_up(qtbot: QtBot, opened: MainWindow) -> None:
    panel = panel_of(opened)
    qtbot.mouseClick(panel.buttons["blur"], LEFT)
    panel.radius.number.setValue(60)
    qtbot.mouseClick(panel.buttons["none"], LEFT)
    qtbot.mouseClick(panel.buttons["blur"], LEFT)
    assert background_of(opened) == BlurBackground(60)


def test_colours_tried_in_the_dialog_are_one_step(qtbot: QtBot, opened: MainWindow) -> None:
    panel = panel_of(opened)
    qtbot.mouseClick(panel.buttons["colour"], LEFT)
    qtbot.mouseClick(panel.colour_row.button, LEFT)
    dialog = panel.colour_row.dialog
    for red in (10, 20, 30):
        dialog.setCurrentColor(QColor(red, 0, 0))
    assert background_of(opened) == ColourBackground((30, 0, 0))
    dialog.accept()
    assert background_of(opened) == ColourBackground((30, 0, 0))
    assert opened.editor.undo_stack.count() == 2
    qtbot.waitUntil(lambda: panel.colour_row.dialog is None)


def test_a_cancelled_colour_dialog_leaves_no_step(qtbot: QtBot, opened: MainWindow) -> None:
    panel = panel_of(opened)
    qtbot.mouseClick(panel.buttons["colour"], LEFT)
    before = background_of(opened)
    qtbot.mouseClick(panel.colour_row.button, LEFT)
    panel.colour_row.dialog.setCurrentColor(QColor(1, 2, 3))
    panel.colour_row.dialog.reject()
    assert background_of(opened) == before
    assert opened.editor.undo_stack.count() == 1
    qtbot.waitUntil(lambda: panel.colour_row.dialog is None)


def test_the_colour_dialog_goes_with_its_photo(
    qtbot: QtBot, opened: MainWindow, photo_file: Path
) -> None:
    panel = panel_of(opened)
    qtbot.mouseClick(panel.buttons["colour"], LEFT)
    qtbot.mouseClick(panel.colour_row.button, LEFT)
    panel.colour_row.dialog.setCurrentColor(QColor(1, 2, 3))
    opened.editor.open_document(Document.for_photo(read_photo(photo_file)))
    qtbot.waitUntil(lambda: panel.colour_row.dialog is None)
    assert background_of(opened) == PHOTO_BACKGROUND
    assert opened.editor.undo_stack.count() == 0


def test_an_image_chosen_for_a_photo_goes_behind_no_other_one(
    qtbot: QtBot, opened: MainWindow, photo_file: Path, image_file: Path, monkeypatch
) -> None:
    def answer_late(*_: object) -> Path:
        opened.editor.open_document(Document.for_photo(read_photo(photo_file)))
        return image_file

    monkeypatch.setattr(files, "ask_photo", answer_late)
    qtbot.mouseClick(panel_of(opened).buttons["image"], LEFT)
    assert not opened.background_image.is_busy
    assert background_of(opened) == PHOTO_BACKGROUND


def test_image_asks_for_a_file(
    qtbot: QtBot, opened: MainWindow, image_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ask_photo", lambda *_: image_file)
    panel = panel_of(opened)
    qtbot.mouseClick(panel.buttons["image"], LEFT)
    qtbot.waitUntil(lambda: isinstance(background_of(opened), ImageBackground))
    assert background_of(opened).path == str(image_file)
    assert panel.image_page.choose_button.text() == "red.png"
    panel.image_page.fit_box.setCurrentIndex(1)
    panel.image_page.across.number.setValue(0)
    assert background_of(opened).fit == "fit"
    assert background_of(opened).position == (0, 0.5)
    qtbot.waitUntil(lambda: not opened.is_busy)


def test_an_ampersand_in_the_name_of_an_image_is_no_shortcut(
    qtbot: QtBot, drop, opened: MainWindow, image_file: Path
) -> None:
    drop(panel_of(opened), image_file.rename(image_file.with_name("Tom & Ann.png")))
    qtbot.waitUntil(lambda: isinstance(background_of(opened), ImageBackground))
    button = panel_of(opened).image_page.choose_button
    assert button.text() == "Tom && Ann.png"
    assert button.shortcut().isEmpty()
    qtbot.waitUntil(lambda: not opened.is_busy)


def test_the_wheel_over_the_fit_scrolls_the_panel(opened: MainWindow) -> None:
    panel = panel_of(opened)
    panel.set_image(ImageBackground(opened.editor.document.photo.pixels))
    box, middle = panel.image_page.fit_box, QPointF(5, 5)
    place, no = box.mapToGlobal(middle), Qt.MouseButton.NoButton
    down = (QPoint(), QPoint(0, -120), no, Qt.KeyboardModifier.NoModifier)
    event = QWheelEvent(middle, place, *down, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(box, event)
    assert background_of(opened).fit == "fill"


def test_no_file_chosen_leaves_the_background(
    qtbot: QtBot, opened: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ask_photo", lambda *_: None)
    qtbot.mouseClick(panel_of(opened).buttons["image"], LEFT)
    assert isinstance(background_of(opened), PhotoBackground)
    assert panel_of(opened).buttons["photo"].isChecked()


def test_a_dropped_image_stands_behind_the_people(
    qtbot: QtBot, drop, opened: MainWindow, image_file: Path
) -> None:
    drop(panel_of(opened), image_file)
    qtbot.waitUntil(lambda: isinstance(background_of(opened), ImageBackground))
    assert np.all(background_of(opened).pixels == (200, 10, 10))
    assert panel_of(opened).buttons["image"].isChecked()
    qtbot.waitUntil(lambda: not opened.is_busy)


def test_an_image_offered_as_a_move_is_copied(
    qtbot: QtBot, offer, opened: MainWindow, image_file: Path
) -> None:
    assert not any(answer.isAccepted() for answer in offer(panel_of(opened), image_file, MOVE))
    answers = offer(panel_of(opened), image_file, COPY | MOVE)
    assert all(answer.isAccepted() and answer.dropAction() == COPY for answer in answers)
    qtbot.waitUntil(lambda: isinstance(background_of(opened), ImageBackground))
    qtbot.waitUntil(lambda: not opened.is_busy)


def test_a_dropped_text_is_refused_in_a_sentence(
    qtbot: QtBot, drop, opened: MainWindow, tmp_path: Path
) -> None:
    text = tmp_path / "notes.png"
    text.write_text("no picture")
    drop(panel_of(opened), text)
    qtbot.waitUntil(lambda: "notes.png" in opened.message_bar.text)
    assert isinstance(background_of(opened), PhotoBackground)


@pytest.fixture
def wide(window: MainWindow) -> MainWindow:
    """The window with a photo in Adobe RGB."""
    photo = Photo(np.full((400, 600, 3), 120, np.uint8), icc=profile_of("adobe-rgb"))
    window.editor.open_document(Document.for_photo(photo))
    return window


def test_a_picked_colour_is_the_screens_and_the_documents_is_the_photos(
    qtbot: QtBot, wide: MainWindow
) -> None:
    panel = panel_of(wide)
    green = next(rgb for name, rgb in READY_COLOURS if name == "Green screen")
    panel.colour_row.chosen.emit(green, True)
    taken = background_of(wide).rgb
    assert taken == take_colour(green, wide.editor.document.photo)
    assert taken[0] > green[0] + 50  # this green is paler in Adobe RGB's numbers
    shown = QColor(panel.colour_row.button.text().strip())
    difference = np.subtract((shown.red(), shown.green(), shown.blue()), green)
    assert np.abs(difference).max() <= 2  # 8 bit, there and back


def test_an_image_is_brought_to_the_photos_colours(
    qtbot: QtBot, drop, wide: MainWindow, image_file: Path
) -> None:
    drop(panel_of(wide), image_file)
    qtbot.waitUntil(lambda: isinstance(background_of(wide), ImageBackground))
    red = take_colour((200, 10, 10), wide.editor.document.photo)
    assert red != (200, 10, 10)
    assert np.all(background_of(wide).pixels == red)
    qtbot.waitUntil(lambda: not wide.is_busy)


@pytest.mark.parametrize("height", [720, 600, 460])
def test_how_an_image_is_set_up_is_seen_in_a_low_window(
    qtbot: QtBot, drop, opened: MainWindow, image_file: Path, height: int
) -> None:
    opened.resize(1280, height)
    drop(panel_of(opened), image_file)
    qtbot.waitUntil(lambda: isinstance(background_of(opened), ImageBackground))
    page = panel_of(opened).image_page
    for widget in (page.choose_button, page.fit_box, page.across, page.down):
        qtbot.waitUntil(lambda: widget.visibleRegion().boundingRect() == widget.rect())  # noqa: B023
    qtbot.waitUntil(lambda: not opened.is_busy)
