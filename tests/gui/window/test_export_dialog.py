"""The export dialog's choices: presets, what excludes what, and what it remembers."""

from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QInputDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from himapp.document.export_options import (
    CodingOptions,
    CropOptions,
    ExportOptions,
    NamingOptions,
    SizeOptions,
)
from himapp.document.export_presets import BUILT_IN_PRESETS, read_options
from himapp.gui.dialogs.export_dialog import ExportDialog, ExportWish
from himapp.gui.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton
EVERYTHING = ExportOptions(
    "cut-out",
    is_decontaminated=False,
    crop=CropOptions(margin=7, margin_unit="percent", aspect="3:4"),
    size=SizeOptions(640, may_enlarge=True, dpi=240),
    coding=CodingOptions("webp", "8", 55, False, "display-p3", "copyright", (1, 2, 3)),
    naming=NamingOptions("{person} {w}", "overwrite", True),
)


def show(qtbot: QtBot, window: MainWindow, folder: Path, **wish: object) -> ExportDialog:
    options = wish.pop("options", ExportOptions())
    dialog = ExportDialog(window.editor.document, ExportWish(options, folder, **wish), window)
    qtbot.addWidget(dialog)
    return dialog


def open_dialog(window: MainWindow, action: str) -> ExportDialog:
    window.actions_by_name[action].trigger()
    dialog = window.export_flow.dialog
    assert dialog is not None
    return dialog


def test_every_choice_is_shown_and_read_back(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    dialog = show(qtbot, opened, tmp_path)
    for options in (EVERYTHING, *(preset.options for preset in BUILT_IN_PRESETS), EVERYTHING):
        dialog.show_options(options)
        assert dialog.options == options


def test_a_preset_fills_the_dialog_in_and_a_change_leaves_it(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    dialog = show(qtbot, opened, tmp_path)
    box = dialog.preset_bar.box
    assert box.currentText() == "Own choices"
    for preset in BUILT_IN_PRESETS:
        box.choose(preset.name)
        box.activated.emit(box.currentIndex())
        assert dialog.options == preset.options
        assert box.currentText() == preset.name
    dialog.more_page.sidecar_box.toggle()
    assert box.currentText() == "Own choices"


def test_a_preset_leaves_the_choice_of_people(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    dialog = show(qtbot, opened, tmp_path, selected=(2,))
    dialog.content_page.people_box.setCurrentIndex(1)
    box = dialog.preset_bar.box
    for name in ("Layered PSD", "Shop JPEG"):
        box.choose(name)
        box.activated.emit(box.currentIndex())
    assert dialog.options.people == (2,)
    assert box.currentText() == "Shop JPEG"


def test_ones_own_presets_are_kept_renamed_and_deleted(
    opened: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = iter(["Parents", "Web PNG", "Families"])
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: (next(names), True))
    told = []
    monkeypatch.setattr(QMessageBox, "information", lambda *args: told.append(args[2]))
    dialog = open_dialog(opened, "export_people")
    bar, settings = dialog.preset_bar, opened.settings
    assert not bar.rename_action.isEnabled()
    assert "of your own" in bar.delete_action.toolTip()
    dialog.more_page.depth_box.choose("16")
    bar.save_action.trigger()
    assert bar.box.currentText() == "Parents"
    bar.save_action.trigger()
    assert told == ["“Web PNG” is one of the program's presets."]
    bar.rename_action.trigger()
    (kept,) = settings.value.export_presets.items()
    assert kept[0] == "Families"
    assert read_options(kept[1]) == dialog.options
    bar.delete_action.trigger()
    assert settings.value.export_presets == {}
    assert bar.box.currentText() == "Own choices"
    dialog.reject()


def test_layers_are_a_psd_and_the_format_comes_back(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    dialog = show(qtbot, opened, tmp_path)
    page = dialog.content_page
    page.format_box.choose("tiff")
    page.format_box.activated.emit(page.format_box.currentIndex())
    page.contents["layered"].setChecked(True)
    assert dialog.options.coding.image_format == "psd"
    assert dialog.place_page.template_field.text() == "{stem}-layers"
    for box in (page.people_box, page.cropped_box, page.size_box, dialog.more_page.zip_box):
        assert not box.isEnabled()
        assert box.toolTip().endswith(".")
    page.contents["cut-out"].setChecked(True)
    assert dialog.options.coding.image_format == "tiff"


def test_what_cannot_be_chosen_says_why(qtbot: QtBot, opened: MainWindow, tmp_path: Path) -> None:
    dialog = show(
        qtbot, opened, tmp_path, options=ExportOptions(coding=CodingOptions("tiff", "16"))
    )
    page, more = dialog.content_page, dialog.more_page
    tip = Qt.ItemDataRole.ToolTipRole
    assert "A PSD holds everybody" in page.format_box.itemData(4, tip)
    assert "Only JPEG and WebP" in more.quality_box.toolTip()
    page.format_box.choose("jpeg")
    assert more.depth_box.itemData(2, tip) == "JPEG has 8 bit only."
    assert dialog.options.coding.bit_depth == "keep"
    assert more.quality_box.isEnabled()
    assert more.colour_row.isEnabled()
    more.zip_box.setChecked(True)
    assert not dialog.options.is_zipped
    assert "two PNG files" in more.zip_box.toolTip()
    page.format_box.choose("png")
    assert dialog.options.is_zipped


def test_files_that_are_there_are_shown(qtbot: QtBot, opened: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "three-person-02.png").write_bytes(b"mine")
    dialog = show(qtbot, opened, tmp_path)

    def second() -> str:
        return dialog.preview.item(1).text()

    assert second() == "three-person-02-2.png   40 × 80"
    dialog.place_page.collision_box.choose("overwrite")
    assert second() == "three-person-02.png   40 × 80   replaces the file"
    dialog.place_page.collision_box.choose("skip")
    assert second() == "three-person-02.png   40 × 80   is there: skipped"
    assert dialog.summary.text().startswith("2 files")
    for number in (1, 3):
        (tmp_path / f"three-person-0{number}.png").write_bytes(b"mine")
    dialog.place_page.template_field.textChanged.emit("")
    assert not dialog.export_button.isEnabled()
    assert dialog.summary.text().startswith("All of these files are there")


def test_fields_are_inserted(qtbot: QtBot, opened: MainWindow, tmp_path: Path) -> None:
    dialog = show(qtbot, opened, tmp_path)
    place = dialog.place_page
    place.template_field.setText("x ")
    place.fields_button.menu().actions()[1].trigger()
    assert place.template_field.text() == "x {person}"
    assert dialog.preview.item(0).text().startswith("x Person 1.png")


def test_the_rarer_choices_open_and_stay_open(qtbot: QtBot, opened: MainWindow) -> None:
    dialog = open_dialog(opened, "export_people")
    assert not dialog.more_page.depth_box.isVisible()
    narrow = dialog.width()
    qtbot.mouseClick(dialog.more_button, LEFT)
    assert dialog.more_page.depth_box.isVisible()
    assert narrow < dialog.width() <= 1240
    qtbot.mouseClick(dialog.more_button, LEFT)
    assert dialog.width() == narrow
    qtbot.mouseClick(dialog.more_button, LEFT)
    dialog.reject()
    assert open_dialog(opened, "export_composite").more_page.depth_box.isVisible()
    opened.export_flow.dialog.reject()


def test_the_buttons_stay_on_a_small_screen(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = opened.screen().availableGeometry().size()
    beside = room - QSize(640, 300)
    monkeypatch.setattr("himapp.gui.dialogs.scrolled_page._BESIDE", beside)
    dialog = show(qtbot, opened, tmp_path)
    dialog.open()
    qtbot.waitExposed(dialog)
    for is_more in (False, True):
        dialog.more_button.setChecked(is_more)
        assert dialog.width() <= 640 + 48
        assert dialog.height() <= 300 + 128
        assert dialog.rect().contains(dialog.buttons.geometry())
    qtbot.waitUntil(lambda: not dialog.more_page.depth_box.visibleRegion().isEmpty())
    dialog.reject()


def test_the_wheel_changes_a_box_only_where_that_has_the_focus(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    dialog = show(qtbot, opened, tmp_path)
    dialog.open()
    qtbot.waitExposed(dialog)
    box = dialog.content_page.format_box
    dialog.place_page.folder_field.setFocus()
    roll(box)
    assert box.value == "png"
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    roll(box)
    assert box.value == "webp"
    dialog.reject()


def roll(widget: QWidget) -> None:
    point, down = QPointF(widget.rect().center()), QPoint(0, -120)
    buttons, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    phase, place = Qt.ScrollPhase.NoScrollPhase, widget.mapToGlobal(point)
    QApplication.sendEvent(
        widget, QWheelEvent(point, place, QPoint(), down, buttons, keys, phase, False)
    )


def test_each_content_has_its_own_last_choices(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    dialog = open_dialog(opened, "export_composite")
    dialog.place_page.show_folder(tmp_path / "out")
    dialog.content_page.format_box.choose("webp")
    with qtbot.waitSignal(opened.exporting.written):
        qtbot.mouseClick(dialog.export_button, LEFT)
    qtbot.waitUntil(lambda: not opened.is_busy)
    with Image.open(tmp_path / "out" / "three-composite.webp") as image:
        assert image.format == "WEBP"
    people = open_dialog(opened, "export_people")
    assert people.options.coding.image_format == "png"
    people.reject()
    again = open_dialog(opened, "export_composite")
    assert again.options.coding.image_format == "webp"
    again.reject()


def test_layers_are_written(qtbot: QtBot, opened: MainWindow, tmp_path: Path) -> None:
    dialog = open_dialog(opened, "export_layers")
    dialog.place_page.show_folder(tmp_path / "out")
    assert dialog.summary.text() == "1 file"
    with qtbot.waitSignal(opened.exporting.written):
        qtbot.mouseClick(dialog.export_button, LEFT)
    qtbot.waitUntil(lambda: not opened.is_busy)
    assert (tmp_path / "out" / "three-layers.psd").read_bytes()[:4] == b"8BPS"


def test_without_people_the_picture_is_what_there_is(
    qtbot: QtBot, window: MainWindow, photo_file: Path, tmp_path: Path, session: object
) -> None:
    session.lefts = ()
    window.open_path(photo_file)
    qtbot.waitUntil(lambda: window.editor.document is not None and not window.is_busy)
    dialog = open_dialog(window, "export")
    assert dialog.content_page.content == "composite"
    assert "Nobody is in the list" in dialog.content_page.contents["cut-out"].toolTip()
    dialog.reject()


def test_a_project_is_never_replaced(qtbot: QtBot, opened: MainWindow, tmp_path: Path) -> None:
    project = tmp_path / "three-composite.png"
    project.write_bytes(b"a project under this name")

    class Project:
        path = project

    opened.export_flow.protect(Project())
    dialog = open_dialog(opened, "export_composite")
    dialog.place_page.show_folder(tmp_path)
    dialog.place_page.collision_box.choose("overwrite")
    assert dialog.preview.item(0).text().startswith("three-composite-2.png")
    dialog.reject()
