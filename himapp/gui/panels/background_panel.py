"""What stands behind the people: the photo, nothing, a colour, an image or the photo blurred."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, Literal

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from himapp.document.background import (
    PHOTO_BACKGROUND,
    Background,
    BlurBackground,
    ColourBackground,
    Fit,
    ImageBackground,
    PhotoBackground,
    TransparentBackground,
)
from himapp.document.document import Document
from himapp.document.edits import set_background
from himapp.gui.dialogs.files import take_dropped_files
from himapp.gui.editor import Editor
from himapp.gui.icons import icon
from himapp.gui.panels.colour_row import READY_COLOURS, ColourRow, Rgb
from himapp.gui.panels.image_page import ImagePage
from himapp.gui.panels.panel import Panel
from himapp.gui.panels.value_slider import ValueSlider, ValueSpec
from himapp.gui.screen_color import show_colour, take_colour

Kind = Literal["photo", "none", "colour", "image", "blur"]

KINDS: Final[dict[Kind, tuple[str, str, str]]] = {
    "photo": ("Photo", "camera", "The original photo"),
    "none": ("None", "circle-dashed", "Nothing: transparent"),
    "colour": ("Colour", "palette", "One colour"),
    "image": ("Image", "image", "Another image"),
    "blur": ("Blur", "drop", "The photo, blurred without the people"),
}
"""Word, icon and tooltip of every kind of background."""

BLUR_SPEC: Final = ValueSpec(
    "Radius", 1, 500, neutral=20, step=1, decimals=1, suffix=" px", curve=3
)
_KIND_OF: Final[dict[type, Kind]] = {
    PhotoBackground: "photo",
    TransparentBackground: "none",
    ColourBackground: "colour",
    ImageBackground: "image",
    BlurBackground: "blur",
}


class BackgroundPanel(Panel):
    """Chooses the background and sets it up; a kind that was left remembers how it was set up.

    Signals:
        image_asked: the user wants to choose an image file.
        image_dropped: an image file was dropped, its ``Path``.
        opened_up: another kind was chosen, and how it is set up is shown now.
    """

    image_asked = Signal()
    image_dropped = Signal(object)
    opened_up = Signal()

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__("Background", parent)
        self._editor = editor
        self._remembered: dict[Kind, Background] = {}
        self._before_dialog: Background | None = None
        self.buttons = {kind: _make_kind_button(kind) for kind in KINDS}
        self.colour_row = ColourRow()
        self.image_page = ImagePage()
        self.radius = ValueSlider(BLUR_SPEC)
        self._pages = QStackedWidget()
        self._build()
        self._connect()
        self._forget()
        editor.document_changed.connect(self._on_document_changed)
        self._on_document_changed(editor.document, None)

    def set_image(self, background: ImageBackground) -> None:
        """Put an image behind the people, fitted as the last one was."""
        last = self._remembered.get("image")
        if isinstance(last, ImageBackground):
            background = replace(background, fit=last.fit)
        self._editor.end_gesture()
        self._apply(background, "background image")
        self.opened_up.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take image files when there is a photo to put them behind."""
        if self._editor.document is not None:
            take_dropped_files(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Put the first dropped file behind the people."""
        files = take_dropped_files(event)
        if files:
            self.image_dropped.emit(Path(files[0]))

    def _build(self) -> None:
        self.setAcceptDrops(True)
        row = QHBoxLayout()
        row.setSpacing(4)
        self._group = QButtonGroup(self)
        for button in self.buttons.values():
            self._group.addButton(button)
            row.addWidget(button, 1)
        self.content.addLayout(row)
        self._empty_page = QWidget()
        for page in (self._empty_page, self.colour_row, self.image_page, self.radius):
            page.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
            self._pages.addWidget(page)
        self.content.addWidget(self._pages)

    def _connect(self) -> None:
        for kind, button in self.buttons.items():
            button.clicked.connect(partial(self._on_kind_clicked, kind))
        self.colour_row.chosen.connect(self._on_colour_chosen)
        self.colour_row.withdrawn.connect(self._on_colour_withdrawn)
        self.image_page.asked.connect(self.image_asked)
        self.image_page.fit_chosen.connect(self._on_fit_chosen)
        self.image_page.position_moved.connect(self._on_position_moved)
        self.image_page.released.connect(self._editor.end_gesture)
        self.radius.moved.connect(self._on_radius_moved)
        self.radius.reset.connect(self._on_radius_reset)
        self.radius.released.connect(self._editor.end_gesture)

    def _forget(self) -> None:
        self._remembered = {
            "photo": PHOTO_BACKGROUND,
            "none": TransparentBackground(),
            "colour": ColourBackground(READY_COLOURS[1][1]),
            "blur": BlurBackground(BLUR_SPEC.neutral),
        }

    def _on_kind_clicked(self, kind: Kind) -> None:
        self._editor.end_gesture()
        wanted = self._remembered.get(kind)
        if wanted is None:
            self._follow()
            self.image_asked.emit()
            return
        self._apply(wanted, "background")
        self.opened_up.emit()

    def _on_colour_chosen(self, rgb: Rgb, is_final: bool) -> None:  # noqa: FBT001 - a Qt slot
        if self._before_dialog is None and not is_final and self._editor.document is not None:
            self._editor.end_gesture()
            self._before_dialog = self._editor.document.background
        if self._editor.document is not None:
            rgb = take_colour(rgb, self._editor.document.photo)
        self._apply(ColourBackground(rgb), "background colour", "colour")
        if is_final:
            self._end_colour()

    def _on_colour_withdrawn(self) -> None:
        if self._before_dialog is not None:
            self._apply(self._before_dialog, "background colour", "colour")
        self._end_colour()

    def _end_colour(self) -> None:
        self._before_dialog = None
        self._editor.end_gesture()

    def _on_fit_chosen(self, fit: Fit) -> None:
        self._editor.end_gesture()
        background = self._current()
        if isinstance(background, ImageBackground):
            self._apply(replace(background, fit=fit), "fit of the image")

    def _on_position_moved(self, across: float, down: float) -> None:
        background = self._current()
        if isinstance(background, ImageBackground):
            moved = replace(background, position=(across, down))
            self._apply(moved, "position of the image", "position")

    def _on_radius_moved(self, radius_px: float) -> None:
        self._apply(BlurBackground(radius_px), "blur of the background", "radius")

    def _on_radius_reset(self) -> None:
        self._editor.end_gesture()
        self._apply(BlurBackground(BLUR_SPEC.neutral), "blur of the background")

    def _apply(self, background: Background, text: str, gesture: str | None = None) -> None:
        document = self._editor.document
        if document is None:
            return
        key = ("background", gesture) if gesture is not None else None
        self._editor.apply(set_background(document, background), text, key)
        self._follow()

    def _current(self) -> Background | None:
        return self._editor.document.background if self._editor.document is not None else None

    def _on_document_changed(self, document: Document | None, changes: object) -> None:
        if changes is None:
            self._before_dialog = None  # it was another document's
            self.colour_row.close_dialog()
            self._forget()
        for button in self.buttons.values():
            button.setEnabled(document is not None)
        self._follow()

    def _follow(self) -> None:
        """Show the document's background."""
        background = self._current() or PHOTO_BACKGROUND
        kind = _KIND_OF[type(background)]
        self._remembered[kind] = background
        self.buttons[kind].setChecked(True)
        match background:
            case ColourBackground(rgb):
                self._show_colour(rgb)
            case ImageBackground():
                self.image_page.show_background(background)
                self._show_page(self.image_page)
            case BlurBackground(radius_px):
                self.radius.show_value(radius_px)
                self._show_page(self.radius)
            case _:
                self._show_page(self._empty_page)

    def _show_colour(self, rgb: Rgb) -> None:
        document = self._editor.document
        if document is not None:
            rgb = show_colour(rgb, document.photo)
        self.colour_row.show_colour(rgb)
        self._show_page(self.colour_row)

    def _show_page(self, page: QWidget) -> None:
        """Show one page and take only its height."""
        self._pages.setCurrentWidget(page)
        self._pages.setFixedHeight(page.sizeHint().height() if page is not self._empty_page else 0)


def _make_kind_button(kind: Kind) -> QToolButton:
    word, icon_name, tip = KINDS[kind]
    button = QToolButton()
    button.setObjectName(kind)
    button.setText(word)
    button.setIcon(icon(icon_name))
    button.setIconSize(QSize(20, 20))
    button.setToolTip(tip)
    button.setCheckable(True)
    button.setProperty("isKind", True)
    button.setMinimumWidth(1)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
    button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return button
