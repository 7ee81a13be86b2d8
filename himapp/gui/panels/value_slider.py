"""A label, a slider and a number that say one value."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QSlider, QWidget

from himapp.gui.panels.window_keys import is_left_to_window

_STEPS = 1000
_LABEL_WIDTH = 72
_NUMBER_WIDTH = 80


@dataclass(frozen=True, slots=True)
class ValueSpec:
    """What a slider stands for.

    Attributes:
        label: the word before it.
        low: the lowest value.
        high: the highest value.
        neutral: where a reset goes.
        step: by how much arrows change the value.
        decimals: digits shown.
        suffix: the unit shown after the number.
        shown_per_value: the number shows the value times this, e.g. 100 for per cent.
        curve: 1 for an even slider; above, low values get more of its length.
    """

    label: str
    low: float
    high: float
    neutral: float = 0.0
    step: float = 1.0
    decimals: int = 0
    suffix: str = ""
    shown_per_value: float = 1.0
    curve: float = 1.0

    def to_position(self, value: float) -> int:
        """Return the slider's position for a value."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(_STEPS * math.pow(share, 1 / self.curve))

    def to_value(self, position: int) -> float:
        """Return the value of a slider's position, rounded to the digits shown."""
        value = self.low + (self.high - self.low) * math.pow(position / _STEPS, self.curve)
        return round(value * self.shown_per_value, self.decimals) / self.shown_per_value


class _NumberField(QDoubleSpinBox):
    """Leaves to the window the keys that are not about what is being typed."""

    def event(self, event: QEvent) -> bool:
        """Decide on a key that may be the window's; all else as ever."""
        if event.type() == QEvent.Type.ShortcutOverride and self._is_documents(event):
            event.ignore()
            return False
        is_taken = super().event(event)
        if is_left_to_window(event):
            self.interpretText()
        return is_taken

    def _is_documents(self, event: QEvent) -> bool:
        """Whether undo or redo is asked for and no typing is there to be taken back."""
        if not isinstance(event, QKeyEvent):
            return False
        field, key = self.lineEdit(), QKeySequence.StandardKey
        is_typing = field.isUndoAvailable() or field.isRedoAvailable()
        return not is_typing and (event.matches(key.Undo) or event.matches(key.Redo))


class ValueSlider(QWidget):
    """Shows a value and tells when the user moves it; it never decides what the value is.

    Signals:
        moved: the new value, live.
        reset: the label was double-clicked.
        released: the gesture is over.
    """

    moved = Signal(float)
    reset = Signal()
    released = Signal()

    def __init__(self, spec: ValueSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec = spec
        self.label = QLabel(spec.label)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.number = _NumberField()
        self._build()
        self._connect()
        self.show_value(spec.neutral)

    @property
    def value(self) -> float:
        """The value shown."""
        return self.number.value() / self._spec.shown_per_value

    def show_value(self, value: float) -> None:
        """Show a value without telling anybody."""
        with QSignalBlocker(self.slider), QSignalBlocker(self.number):
            if self._spec.to_value(self.slider.value()) != value:
                self.slider.setValue(self._spec.to_position(value))
            self.number.setValue(value * self._spec.shown_per_value)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Reset by a double click on the label; leave the wheel to the panel without focus."""
        if watched is self.label and event.type() == QEvent.Type.MouseButtonDblClick:
            return self._on_label_double_click(event)
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget):
            event.ignore()
            return not watched.hasFocus()
        if event.type() == QEvent.Type.FocusOut:
            self.released.emit()
        return super().eventFilter(watched, event)

    def _build(self) -> None:
        spec = self._spec
        self.label.setFixedWidth(_LABEL_WIDTH)
        self.label.setToolTip("Double-click to reset")
        self.label.setBuddy(self.number)
        self.slider.setRange(0, _STEPS)
        self.slider.setPageStep(_STEPS // 20)
        self.slider.setSingleStep(_STEPS // 100)
        self.number.setDecimals(spec.decimals)
        self.number.setRange(spec.low * spec.shown_per_value, spec.high * spec.shown_per_value)
        self.number.setSingleStep(spec.step * spec.shown_per_value)
        self.number.setSuffix(spec.suffix)
        self.number.setKeyboardTracking(False)
        self.number.setFixedWidth(_NUMBER_WIDTH)
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget, stretch in ((self.label, 0), (self.slider, 1), (self.number, 0)):
            row.addWidget(widget, stretch)
        for widget in (self.slider, self.number):
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            widget.setAccessibleName(spec.label)

    def _connect(self) -> None:
        self.slider.valueChanged.connect(self._on_slider_moved)
        self.slider.sliderReleased.connect(self.released)
        self.number.valueChanged.connect(self._on_number_changed)
        self.number.editingFinished.connect(self.released)
        for widget in (self.label, self.slider, self.number):
            widget.installEventFilter(self)

    def _on_slider_moved(self, position: int) -> None:
        value = self._spec.to_value(position)
        with QSignalBlocker(self.number):
            self.number.setValue(value * self._spec.shown_per_value)
        self.moved.emit(value)

    def _on_number_changed(self, shown: float) -> None:
        value = shown / self._spec.shown_per_value
        with QSignalBlocker(self.slider):
            self.slider.setValue(self._spec.to_position(value))
        self.moved.emit(value)

    def _on_label_double_click(self, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            self.reset.emit()
            return True
        return False
