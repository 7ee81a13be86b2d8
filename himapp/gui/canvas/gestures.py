"""What mouse, touchpad, touch screen and keys mean on the canvas."""

import sys
from typing import Protocol

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QGestureEvent, QPinchGesture, QWidget

from himapp.gui.canvas.canvas_tool import CanvasTool

ZOOM_STEP = 2**0.5
"""A key press, or two notches of the wheel, zoom by this factor."""

_WHEEL_NOTCH = 120
"""Qt's unit: one notch of a mouse wheel."""

_PAN_SHARE = 1 / 8
"""An arrow key moves the photo by this share of the canvas."""

_ARROWS = {
    Qt.Key.Key_Left: (1, 0),
    Qt.Key.Key_Right: (-1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}
_CONTROL = Qt.KeyboardModifier.ControlModifier


class Surface(Protocol):
    """What gestures act on; points and distances in the widget's own (logical) pixels."""

    def pan_by(self, delta: QPointF) -> None:
        """Move the photo with the hand."""

    def zoom_by(self, factor: float, anchor: QPointF | None = None) -> None:
        """Zoom while the anchor stays; None means the middle."""

    def zoom_to(self, zoom: float) -> None:
        """Zoom to a scale; 1 is 100 %."""

    def fit(self) -> None:
        """Show the whole photo."""

    def toggle_fit(self, anchor: QPointF) -> None:
        """Change between the whole photo and 100 % at the anchor."""

    def hover_at(self, point: QPointF | None) -> None:
        """Point at a place; None means nowhere."""

    def click_at(self, point: QPointF, *, add: bool) -> None:
        """Select who is there; with ``add`` besides those selected already."""


class CanvasGestures:
    """Follows the events of one canvas and calls what they mean.

    Args:
        widget: whose pointer shape follows the gesture.
        surface: what is moved, zoomed and clicked.
    """

    def __init__(self, widget: QWidget, surface: Surface) -> None:
        self._widget = widget
        self._surface = surface
        self._space_is_down = False
        self._pan_button = Qt.MouseButton.NoButton
        self._last_point = QPointF()
        self._pressed_at: QPointF | None = None
        self._tool: CanvasTool | None = None

    def take_tool(self, tool: CanvasTool | None) -> None:
        """Let clicks and drags be a tool's from now on; None lets them select people."""
        self._tool = tool
        self._pressed_at = None
        self._show_pointer()

    def listen(self) -> None:
        """Ask Qt for the events that it sends on request."""
        self._widget.setMouseTracking(True)
        if sys.platform != "darwin":  # there the touchpad's pinch is a native gesture
            self._widget.grabGesture(Qt.GestureType.PinchGesture)

    def press(self, event: QMouseEvent) -> None:
        """Begin to pan, or a click."""
        button, point = event.button(), event.position()
        by_hand = button == Qt.MouseButton.LeftButton and self._space_is_down
        if button == Qt.MouseButton.MiddleButton or by_hand:
            self._pan_button = button
            self._last_point = point
            self._pressed_at = None
            self._surface.hover_at(None)
            self._show_pointer()
        elif button == Qt.MouseButton.LeftButton and self._tool is not None:
            self._tool.press(point, event.modifiers())
        elif button == Qt.MouseButton.LeftButton:
            self._pressed_at = point

    def move(self, event: QMouseEvent) -> None:
        """Pan, or point at what is there."""
        point = event.position()
        if self._pan_button != Qt.MouseButton.NoButton:
            self._surface.pan_by(point - self._last_point)
            self._last_point = point
            return
        if self._tool is not None:
            self._tool.move(point)
        if self._pressed_at is not None:
            way = (point - self._pressed_at).manhattanLength()
            if way >= QApplication.startDragDistance():
                self._pressed_at = None
        self._surface.hover_at(point)

    def release(self, event: QMouseEvent) -> None:
        """End to pan, or click."""
        if event.button() == self._pan_button:
            self._pan_button = Qt.MouseButton.NoButton
            self._show_pointer()
        elif event.button() == Qt.MouseButton.LeftButton and self._tool is not None:
            self._tool.release()
        elif event.button() == Qt.MouseButton.LeftButton and self._pressed_at is not None:
            add = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._surface.click_at(self._pressed_at, add=add)
            self._pressed_at = None

    def double_click(self, event: QMouseEvent) -> None:
        """Change between the whole photo and 100 %."""
        self._pressed_at = None
        is_free = self._tool is None and not self._space_is_down
        if event.button() == Qt.MouseButton.LeftButton and is_free:
            self._surface.toggle_fit(event.position())
        else:
            self.press(event)

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom to the pointer."""
        notches = event.angleDelta().y() / _WHEEL_NOTCH
        if notches:
            self._surface.zoom_by(ZOOM_STEP ** (notches / 2), event.position())
        event.accept()

    def leave(self) -> None:
        """Point nowhere."""
        self._surface.hover_at(None)

    def lose_focus(self) -> None:
        """Let go of a key whose release will not be heard."""
        self._space_is_down = False
        self._show_pointer()

    def press_key(self, event: QKeyEvent) -> bool:
        """Do what a key means and return True, or return False if it means nothing here."""
        key, modifiers = Qt.Key(event.key()), event.modifiers()
        if key == Qt.Key.Key_Space:
            self._space_is_down = True
            self._show_pointer()
        elif modifiers & _CONTROL and key == Qt.Key.Key_0:
            self._surface.fit()
        elif modifiers & _CONTROL and key == Qt.Key.Key_1:
            self._surface.zoom_to(1.0)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._surface.zoom_by(ZOOM_STEP)
        elif key in (Qt.Key.Key_Minus, Qt.Key.Key_Underscore):
            self._surface.zoom_by(1 / ZOOM_STEP)
        elif key in _ARROWS:
            dx, dy = _ARROWS[key]
            size = self._widget.size() * _PAN_SHARE
            self._surface.pan_by(QPointF(dx * size.width(), dy * size.height()))
        else:
            return False
        return True

    def release_key(self, event: QKeyEvent) -> bool:
        """Let go of the hand and return True, or return False if the key means nothing here."""
        if Qt.Key(event.key()) != Qt.Key.Key_Space:
            return False
        if not event.isAutoRepeat():
            self._space_is_down = False
            self._show_pointer()
        return True

    def pinch(self, event: QEvent) -> bool:
        """Zoom by two fingers and return True, or return False for any other event."""
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
                return False
            self._surface.zoom_by(max(1 + event.value(), 0.1), event.position())
            return True
        if not isinstance(event, QGestureEvent):
            return False
        gesture = event.gesture(Qt.GestureType.PinchGesture)
        if not isinstance(gesture, QPinchGesture):
            return False
        anchor = QPointF(self._widget.mapFromGlobal(gesture.hotSpot().toPoint()))
        self._surface.pan_by(gesture.centerPoint() - gesture.lastCenterPoint())
        if gesture.scaleFactor() > 0:
            self._surface.zoom_by(gesture.scaleFactor(), anchor)
        event.accept(gesture)
        return True

    def _show_pointer(self) -> None:
        if self._pan_button != Qt.MouseButton.NoButton:
            self._widget.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._space_is_down:
            self._widget.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self._tool is not None:
            self._widget.setCursor(Qt.CursorShape.CrossCursor)
        else:
            self._widget.unsetCursor()
