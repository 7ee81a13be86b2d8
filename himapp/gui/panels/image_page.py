"""The controls of an image behind the people: which, how it fills the frame, which part shows."""

from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QPushButton, QVBoxLayout, QWidget

from himapp.document.background import Fit, ImageBackground
from himapp.gui.icons import icon
from himapp.gui.mnemonics import without_mnemonic
from himapp.gui.panels.panel import SPACING
from himapp.gui.panels.value_slider import ValueSlider, ValueSpec

FITS: Final[tuple[tuple[Fit, str], ...]] = (
    ("fill", "Fill the frame"),
    ("fit", "Show the whole image"),
    ("stretch", "Stretch"),
)
_ACROSS: Final = ValueSpec("Across", 0, 1, neutral=0.5, step=0.05, suffix=" %", shown_per_value=100)
_DOWN: Final = ValueSpec("Down", 0, 1, neutral=0.5, step=0.05, suffix=" %", shown_per_value=100)

_NAME_PX: Final = 232


class ImagePage(QWidget):
    """Tells what the user wants of the image.

    Signals:
        asked: another image is to be chosen.
        fit_chosen: how it fills the frame.
        position_moved: ``(across, down)``, each 0..1, live.
        released: the gesture is over.
    """

    asked = Signal()
    fit_chosen = Signal(str)
    position_moved = Signal(float, float)
    released = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choose_button = QPushButton(icon("image"), "Choose an image…")
        self.choose_button.setToolTip("Choose an image, or drop one on this panel")
        self.fit_box = QComboBox()
        self.across = ValueSlider(_ACROSS)
        self.down = ValueSlider(_DOWN)
        self._build()

    def show_background(self, background: ImageBackground) -> None:
        """Show an image's choices without telling anybody."""
        name = Path(background.path).name if background.path else "Choose an image…"
        self.choose_button.setText(without_mnemonic(self._elide(name)))
        with QSignalBlocker(self.fit_box):
            self.fit_box.setCurrentIndex([fit for fit, _ in FITS].index(background.fit))
        for slider, share in zip((self.across, self.down), background.position, strict=True):
            slider.show_value(share)
            slider.setEnabled(background.fit != "stretch")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Leave the wheel to the panel while the box has no focus."""
        if watched is self.fit_box and event.type() == QEvent.Type.Wheel:
            event.ignore()
            return not self.fit_box.hasFocus()
        return super().eventFilter(watched, event)

    def _build(self) -> None:
        for fit, words in FITS:
            self.fit_box.addItem(words, fit)
        self.fit_box.setAccessibleName("How the image fills the frame")
        self.fit_box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.fit_box.installEventFilter(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        for widget in (self.choose_button, self.fit_box, self.across, self.down):
            column.addWidget(widget)
        self.choose_button.clicked.connect(self.asked)
        self.fit_box.currentIndexChanged.connect(self._on_fit_chosen)
        for slider in (self.across, self.down):
            slider.moved.connect(self._on_position_moved)
            slider.released.connect(self.released)
        self.across.reset.connect(self._on_across_reset)
        self.down.reset.connect(self._on_down_reset)

    def _elide(self, name: str) -> str:
        metrics = self.choose_button.fontMetrics()
        return metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, _NAME_PX)

    def _on_fit_chosen(self, index: int) -> None:
        self.fit_chosen.emit(FITS[index][0])

    def _on_position_moved(self) -> None:
        self.position_moved.emit(self.across.value, self.down.value)

    def _on_across_reset(self) -> None:
        self.position_moved.emit(_ACROSS.neutral, self.down.value)
        self.released.emit()

    def _on_down_reset(self) -> None:
        self.position_moved.emit(self.across.value, _DOWN.neutral)
        self.released.emit()
