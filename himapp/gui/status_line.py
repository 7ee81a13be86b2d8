"""The status bar: what was found and how, what is being done, and the zoom."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStatusBar,
    QToolButton,
    QWidget,
)

from himapp.gui import theme
from himapp.gui.long_texts import ElidedLabel
from himapp.gui.panels.panel import make_tool_button

_BAR_WIDTH = 120
_ZOOM_WIDTH = 56


class StatusLine(QStatusBar):
    """Shows facts at the left, work under way and the zoom at the right.

    Signals:
        cancel_asked: the user wants the work under way to stop.
    """

    cancel_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder: Path | None = None
        self.facts = ElidedLabel()
        self.hint = ElidedLabel()
        self.written = ElidedLabel()
        self.folder_button = QPushButton("Open folder")
        self.work = ElidedLabel()
        self.bar = QProgressBar()
        self.cancel_button = make_tool_button("x", "Cancel (Esc)")
        self.zoom = QLabel()
        self._zoom_box = QWidget()
        self._build()
        self.end_work()

    def show_facts(self, text: str) -> None:
        """Show what is known about photo and people."""
        self.facts.setText(text)

    def show_hint(self, text: str) -> None:
        """Show how to use a tool in place of the facts; an empty text brings these back."""
        self.hint.setText(text)
        self.facts.setVisible(not text)
        self.hint.setVisible(bool(text))

    def show_written(self, text: str, folder: Path) -> None:
        """Say that files were written and offer to open their folder, until that is forgotten."""
        self.written.setText(text)
        self._folder = folder
        for widget in (self.written, self.folder_button):
            widget.show()

    def forget_written(self) -> None:
        """Say no more that files were written."""
        self._folder = None
        for widget in (self.written, self.folder_button):
            widget.hide()

    def show_work(self, text: str, done: int, of: int) -> None:
        """Show work under way; of an unknown length if ``of`` is 1 or less."""
        self.work.setText(text)
        self.bar.setRange(0, of if of > 1 else 0)
        self.bar.setValue(done)
        for widget in (self.work, self.bar, self.cancel_button):
            widget.show()

    def end_work(self) -> None:
        """Show that nothing is under way."""
        self.bar.setRange(0, 1)
        for widget in (self.work, self.bar, self.cancel_button):
            widget.hide()

    def show_zoom(self, factor: float) -> None:
        """Show the zoom; 1 is one photo pixel on one screen pixel."""
        self.zoom.setText(f"{factor * 100:.0f} %")

    def add_zoom(self, zoom_out: QAction, zoom_in: QAction, fit: QAction) -> None:
        """Add the zoom with its buttons."""
        row = QHBoxLayout(self._zoom_box)
        row.setContentsMargins(8, 0, 4, 0)
        row.setSpacing(2)
        for widget in (_make_button(zoom_out), self.zoom, _make_button(zoom_in), _make_button(fit)):
            row.addWidget(widget)
        self.addPermanentWidget(self._zoom_box)

    def show_zoom_box(self, *, is_shown: bool) -> None:
        """Show the zoom only where there is something to zoom."""
        self._zoom_box.setVisible(is_shown)

    def _build(self) -> None:
        self.setSizeGripEnabled(False)
        self.setStyleSheet(
            f"QStatusBar {{ border-top: 1px solid {theme.LINE.name()}; }}"
            " QStatusBar::item { border: none; }"
        )
        self.facts.setContentsMargins(8, 0, 0, 0)
        self.facts.setObjectName("facts")
        self.hint.setContentsMargins(8, 0, 0, 0)
        self.hint.setObjectName("hint")
        self.work.setObjectName("work")
        self.bar.setFixedWidth(_BAR_WIDTH)
        self.bar.setFixedHeight(8)
        self.bar.setTextVisible(False)
        self.zoom.setFixedWidth(_ZOOM_WIDTH)
        self.zoom.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.addWidget(self.facts)
        self.addWidget(self.hint)
        self.hint.hide()
        self.addWidget(self.written)
        self.addWidget(self.folder_button)
        for widget in (self.work, self.bar, self.cancel_button):
            self.addPermanentWidget(widget)
        self.cancel_button.clicked.connect(self.cancel_asked)
        self.folder_button.clicked.connect(self._open_folder)
        self.forget_written()

    def _open_folder(self) -> None:
        if self._folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))


def _make_button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setAutoRaise(True)
    return button
