"""The page before a photo is open: where to drop one, the samples and the recent files."""

import os
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QIcon, QImageReader, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from himapp.gui import theme
from himapp.gui.icons import icon
from himapp.gui.long_texts import shorten_name
from himapp.gui.mnemonics import without_mnemonic
from himapp.imaging.photo_io import PHOTO_SUFFIXES
from himapp.paths import display_name

_SAMPLE_SIZE = QSize(168, 112)
_RECENT_SHOWN = 4
_STYLE: Final = f"""
#dropArea {{
    border: 2px dashed {theme.LINE.name()}; border-radius: 12px; background: {theme.WINDOW.name()};
}}
#dropArea[isOver="true"] {{ border-color: {theme.ACCENT.name()}; }}
#headline {{ font-size: 22px; }}
#quiet {{ color: {theme.MUTED_TEXT.name()}; }}
#openButton {{
    background: {theme.ACCENT.darker(115).name()}; color: {theme.ACCENT_TEXT.name()};
    border: none; border-radius: 4px; padding: 8px 24px;
}}
#openButton:hover {{ background: {theme.ACCENT.name()}; }}
#openButton:focus {{ border: 1px solid {theme.TEXT.name()}; }}
#sample {{
    border: 1px solid transparent; border-radius: 6px; padding: 4px; color: {theme.TEXT.name()};
}}
#sample:hover, #sample:focus {{ border-color: {theme.ACCENT.name()}; }}
#recent {{ border: none; text-align: left; padding: 2px 4px; color: {theme.TEXT.name()}; }}
#recent:hover, #recent:focus {{ color: {theme.ACCENT.lighter(130).name()}; }}
"""


class WelcomePage(QScrollArea):
    """Offers every way to open a photo; scrolls in a low window.

    Signals:
        chosen: the ``Path`` of a sample or a recent file.
    """

    chosen = Signal(object)

    def __init__(self, samples: Path, open_action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._samples = sorted(
            path for path in samples.glob("*") if path.suffix.lower() in PHOTO_SUFFIXES
        )
        self.drop_area = QFrame()
        self.open_button = QPushButton("Open a photo")
        self.sample_buttons = [self._make_sample_button(path) for path in self._samples]
        self.recent_buttons: list[QPushButton] = []
        self._recent_column = QVBoxLayout()
        self._build(open_action)

    def show_recent(self, files: tuple[str, ...]) -> None:
        """List the files opened last, those that are still there."""
        for button in self.recent_buttons:
            button.hide()
            button.deleteLater()
        there = [Path(file) for file in files if os.path.isfile(file)]
        self.recent_buttons = [self._make_recent_button(path) for path in there[:_RECENT_SHOWN]]
        for button in self.recent_buttons:
            self._recent_column.addWidget(button)
        self._recent_title.setVisible(bool(self.recent_buttons))

    def show_drag(self, *, is_over: bool) -> None:
        """Show whether a dragged file would be taken."""
        self.drop_area.setProperty("isOver", is_over)
        self.drop_area.style().unpolish(self.drop_area)
        self.drop_area.style().polish(self.drop_area)

    def _build(self, open_action: QAction) -> None:
        self.setObjectName("welcome")
        self.setStyleSheet(_STYLE)
        self.open_button.setObjectName("openButton")
        self.open_button.setToolTip(open_action.toolTip())
        self.open_button.clicked.connect(open_action.trigger)
        self._fill_drop_area()
        self._recent_title = _make_label("Recent", "quiet")
        self._recent_title.hide()
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setSpacing(16)
        column.addStretch(1)
        column.addWidget(self.drop_area, 0, Qt.AlignmentFlag.AlignHCenter)
        if self.sample_buttons:
            title = _make_label("Or try a sample", "quiet")
            column.addWidget(title, 0, Qt.AlignmentFlag.AlignHCenter)
            column.addLayout(self._lay_samples())
        column.addWidget(self._recent_title, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(self._recent_column)
        self._recent_column.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)
        self.setWidget(holder)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def _fill_drop_area(self) -> None:
        self.drop_area.setObjectName("dropArea")
        self.drop_area.setFixedSize(560, 240)
        picture = QLabel()
        picture.setPixmap(icon("users-three", theme.MUTED_TEXT).pixmap(56, 56))
        words = "Every person becomes a layer and a file of their own, on this computer alone."
        column = QVBoxLayout(self.drop_area)
        column.setSpacing(8)
        column.addStretch(1)
        for widget in (
            picture,
            _make_label("Drop a photo here", "headline"),
            _make_label(words, "quiet"),
            self.open_button,
        ):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.insertSpacing(4, 8)
        column.addStretch(1)

    def _lay_samples(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        for button in self.sample_buttons:
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _make_sample_button(self, path: Path) -> QToolButton:
        button = QToolButton()
        button.setObjectName("sample")
        button.setText(path.stem.replace("-", " ").capitalize())
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(_SAMPLE_SIZE)
        button.setIcon(QIcon(_read_thumbnail(path, _SAMPLE_SIZE, _find_sharpest_screen())))
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(partial(self._on_chosen, path))
        return button

    def _make_recent_button(self, path: Path) -> QPushButton:
        button = QPushButton(without_mnemonic(shorten_name(display_name(path))))
        button.setObjectName("recent")
        button.setToolTip(str(path))
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(partial(self._on_chosen, path))
        return button

    def _on_chosen(self, path: Path) -> None:
        self.chosen.emit(path)


def _make_label(text: str, name: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName(name)
    return label


def _find_sharpest_screen() -> float:
    """Return the most pixels that a screen has for one of a widget's."""
    return max(screen.devicePixelRatio() for screen in QGuiApplication.screens())


def _read_thumbnail(path: Path, shown_size: QSize, pixel_ratio: float) -> QPixmap:
    """Read a photo small, filling the size; a JPEG is not even decoded in full for that."""
    size = shown_size * pixel_ratio
    reader = QImageReader(str(path))
    whole = reader.size()
    scaled = whole.scaled(size, Qt.AspectRatioMode.KeepAspectRatioByExpanding)
    reader.setScaledSize(scaled)
    pixmap = QPixmap.fromImage(reader.read())
    # People stand with their heads in the upper part: cut off from below.
    left = (pixmap.width() - size.width()) // 2
    top = (pixmap.height() - size.height()) // 6
    thumbnail = pixmap.copy(left, top, size.width(), size.height())
    thumbnail.setDevicePixelRatio(pixel_ratio)
    return thumbnail
