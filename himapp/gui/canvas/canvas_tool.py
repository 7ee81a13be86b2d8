"""A tool of the canvas: takes clicks and drags instead of the selection, and shows what it does."""

from typing import Literal, Protocol

from PySide6.QtCore import QObject, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication

from himapp.gui.canvas.tool_painting import Band, paint_band, paint_spinner
from himapp.gui.canvas.view_state import ViewState

_FRAME_MS = 40
_TURN_PER_FRAME = 15


class ToolSurface(Protocol):
    """The canvas as a tool sees it; points of the widget in its own (logical) pixels."""

    def photo_point(self, point: QPointF) -> QPointF:
        """Return the point of the photo at a point of the widget, moved inside the photo."""

    def photo_at(self, point: QPointF) -> tuple[int, int] | None:
        """Return the pixel of the photo at a point of the widget; None beside the photo."""

    def update(self) -> None:
        """Paint soon."""


class CanvasTool(QObject):
    """Points at places of the photo by clicks, and draws boxes or lines by drags.

    Args:
        shape: what a drag draws.
        parent: the owner.

    Signals:
        clicked: ``(x, y, alt)`` in photo pixels; whether Alt was held.
        dragged: ``(x0, y0, x1, y1)`` in photo pixels, from press to release.
        left: the user wants to put the tool away.
    """

    clicked = Signal(float, float, bool)
    dragged = Signal(float, float, float, float)
    left = Signal()

    def __init__(self, shape: Literal["box", "line"], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shape = shape
        self._surface: ToolSurface | None = None
        self._pressed_at: QPointF | None = None
        self._has_alt = False
        self._band: Band | None = None
        self._waiting_at: Band | None = None
        self._turn = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._on_frame)

    @property
    def band(self) -> Band | None:
        """The box or line that is being drawn, or that is waited for; None for a click."""
        return self._band or self._waiting_at

    @property
    def is_waiting(self) -> bool:
        """Whether a spinner is shown."""
        return self._waiting_at is not None

    def attach(self, surface: ToolSurface | None) -> None:
        """Work on this canvas from now on; None puts the tool away."""
        self._forget_press()
        self._surface = surface

    def wait_at(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Show a spinner in the middle of two photo points until ``end_waiting``."""
        self._waiting_at = Band(QPointF(x0, y0), QPointF(x1, y1))
        self._timer.start()
        self._repaint()

    def end_waiting(self) -> None:
        """Show no spinner."""
        self._waiting_at = None
        self._timer.stop()
        self._repaint()

    def press(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Begin a click or a drag at a point of the widget.

        A drag may begin beside the photo, for people who are cut by its edge; a click may not.
        """
        if self._surface is not None:
            self._pressed_at = point
            self._has_alt = bool(modifiers & Qt.KeyboardModifier.AltModifier)

    def move(self, point: QPointF) -> None:
        """Go on with a drag; with Alt held there are clicks only."""
        if self._pressed_at is None or self._surface is None or self._has_alt:
            return
        way = (point - self._pressed_at).manhattanLength()
        if self._band is not None or way >= QApplication.startDragDistance():
            ends = (self._surface.photo_point(end) for end in (self._pressed_at, point))
            self._band = Band(*ends)
            self._repaint()

    def release(self) -> None:
        """End a click or a drag and say what it meant."""
        pressed_at, band, surface = self._pressed_at, self._band, self._surface
        self._forget_press()
        if surface is None or pressed_at is None:
            return
        if band is not None:
            self.dragged.emit(band.start.x(), band.start.y(), band.end.x(), band.end.y())
        elif surface.photo_at(pressed_at) is not None:
            place = surface.photo_point(pressed_at)
            self.clicked.emit(place.x(), place.y(), self._has_alt)

    def cancel(self) -> None:
        """Drop the drag; without one, ask to be put away."""
        if self._pressed_at is not None:
            self._forget_press()
        else:
            self.left.emit()

    def paint(self, painter: QPainter, view: ViewState, pixel_ratio: float) -> None:
        """Draw the live box or line, and the spinner."""
        band = self.band
        if band is not None and not band.is_point:
            paint_band(painter, view, band, self._shape, pixel_ratio)
        if self._waiting_at is not None:
            paint_spinner(painter, view, self._waiting_at.middle, self._turn, pixel_ratio)

    def _forget_press(self) -> None:
        self._pressed_at = self._band = None
        self._repaint()

    def _repaint(self) -> None:
        if self._surface is not None:
            self._surface.update()

    def _on_frame(self) -> None:
        self._turn = (self._turn + _TURN_PER_FRAME) % 360
        self._repaint()
