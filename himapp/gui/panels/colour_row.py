"""A button that shows a colour and opens the colour dialog, and a row of ready colours."""

from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QColorDialog, QHBoxLayout, QPushButton, QToolButton, QWidget

Rgb = tuple[int, int, int]

READY_COLOURS: Final[tuple[tuple[str, Rgb], ...]] = (
    ("White", (255, 255, 255)),
    ("Light grey", (214, 214, 214)),
    ("Grey", (128, 128, 128)),
    ("Black", (0, 0, 0)),
    ("Green screen", (0, 177, 64)),
    ("Blue", (62, 104, 168)),
)
_SWATCH_PX = 16


class ColourRow(QWidget):
    """Lets the user choose a colour, live.

    Signals:
        chosen: ``(rgb, is_final)``; while the dialog is open the choice is not final.
        withdrawn: the dialog was cancelled; what was there before it is wanted back.
    """

    chosen = Signal(object, bool)
    withdrawn = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rgb: Rgb = READY_COLOURS[1][1]
        self.button = QPushButton()
        self.button.setToolTip("Choose a colour")
        self.button.clicked.connect(self._open_dialog)
        self.dialog: QColorDialog | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.button, 1)
        for name, rgb in READY_COLOURS:
            row.addWidget(self._make_ready_button(name, rgb))
        self.show_colour(self._rgb)

    def show_colour(self, rgb: Rgb) -> None:
        """Show a colour without telling anybody."""
        self._rgb = rgb
        self.button.setText(f" {QColor(*rgb).name().upper()}")
        self.button.setIcon(_make_swatch(rgb))

    def close_dialog(self) -> None:
        """Take the dialog away, as if it were cancelled."""
        if self.dialog is not None:
            self.dialog.reject()

    def _make_ready_button(self, name: str, rgb: Rgb) -> QToolButton:
        button = QToolButton()
        button.setIcon(_make_swatch(rgb))
        button.setToolTip(name)
        button.setAccessibleName(name)
        button.setAutoRaise(True)
        button.clicked.connect(partial(self._on_ready_clicked, rgb))
        return button

    def _on_ready_clicked(self, rgb: Rgb) -> None:
        self.chosen.emit(rgb, True)

    def _open_dialog(self) -> None:
        # Qt's own dialog: only it tells about every colour while the user still looks around.
        dialog = QColorDialog(QColor(*self._rgb), self)
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Colour of the background")
        dialog.currentColorChanged.connect(self._on_colour_tried)
        dialog.colorSelected.connect(self._on_colour_selected)
        dialog.rejected.connect(self.withdrawn)
        dialog.destroyed.connect(self._on_dialog_gone)
        self.dialog = dialog
        dialog.open()

    def _on_colour_tried(self, colour: QColor) -> None:
        self.chosen.emit(_to_rgb(colour), False)

    def _on_colour_selected(self, colour: QColor) -> None:
        self.chosen.emit(_to_rgb(colour), True)

    def _on_dialog_gone(self) -> None:
        self.dialog = None


def _to_rgb(colour: QColor) -> Rgb:
    return colour.red(), colour.green(), colour.blue()


def _make_swatch(rgb: Rgb) -> QIcon:
    pixmap = QPixmap(_SWATCH_PX, _SWATCH_PX)
    pixmap.fill(QColor(*rgb))
    return QIcon(pixmap)
