"""The widget that shows the photo with its people."""

from PySide6.QtCore import (
    QAbstractAnimation,
    QEvent,
    QPoint,
    QPointF,
    QSize,
    Qt,
    QVariantAnimation,
    Signal,
)
from PySide6.QtGui import (
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from himapp.document.changes import Changes
from himapp.document.document import Document
from himapp.gui.canvas.canvas_tool import CanvasTool
from himapp.gui.canvas.drawing_thread import DrawingThread, Drawn
from himapp.gui.canvas.gestures import ZOOM_STEP, CanvasGestures
from himapp.gui.canvas.looks import changes_look, has_clear_parts
from himapp.gui.canvas.mosaic import Mosaic
from himapp.gui.canvas.outlines import trace_outline
from himapp.gui.canvas.painting import (
    paint_checkerboard,
    paint_mosaic,
    paint_outline,
    paint_surround,
)
from himapp.gui.canvas.scene import Scene
from himapp.gui.canvas.view_state import ViewState
from himapp.gui.editor import Editor
from himapp.gui.theme import GRID_PX, person_colour

_FIT_MARGIN_PX = 2 * GRID_PX
_TINT_OPACITY = 0.45
_FADE_MS = 160


class CanvasView(QWidget):
    """Shows the editor's document at any zoom, and selects people.

    Attributes:
        zoom_changed: ``(zoom)``; 1 is 100 %: one photo pixel on one pixel of the screen.
    """

    zoom_changed = Signal(float)

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._scene: Scene | None = None
        self._view: ViewState | None = None
        self._overlay_is_shown = True
        self._outline: QPainterPath | None = None
        self._outline_key: object = None
        self._told_zoom = 0.0
        self._gestures = CanvasGestures(self, self)
        self._tool: CanvasTool | None = None
        self._drawing = DrawingThread(self)
        self._drawing.drawn.connect(self._on_drawn)
        self._fade = QVariantAnimation(self)
        self._fade.setDuration(_FADE_MS)
        self._fade.setStartValue(0.0)
        self._fade.setEndValue(1.0)
        self._fade.valueChanged.connect(self._on_fade_moved)
        self._set_up_widget()
        editor.document_changed.connect(self._on_document_changed)
        editor.selection_changed.connect(self._on_selection_changed)
        editor.hovered_changed.connect(self._on_hovered_changed)
        self._on_document_changed(editor.document, None)

    def _set_up_widget(self) -> None:
        self._gestures.listen()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(20 * GRID_PX, 15 * GRID_PX)
        self.setAccessibleName("Photo")
        self.setAccessibleDescription(
            "The photo with its people. Click a person to select, scroll to zoom, "
            "hold Space and drag to move."
        )

    @property
    def zoom(self) -> float:
        """Screen pixels per photo pixel; 1 while no photo is open."""
        return self._view.zoom if self._view is not None else 1.0

    @property
    def is_fitted(self) -> bool:
        """Whether the whole photo is shown, and stays so when the window changes."""
        return self._view is not None and self._view.is_fitted

    @property
    def is_complete(self) -> bool:
        """Whether everything that is seen is drawn, at full sharpness and up to date."""
        if self._scene is None or self._view is None:
            return True
        return self._scene.is_complete(self._view)

    @property
    def overlay_is_shown(self) -> bool:
        """Whether selected people are tinted."""
        return self._overlay_is_shown

    def show_overlay(self, *, shown: bool) -> None:
        """Tint selected people in their colours, or do not."""
        self._overlay_is_shown = shown
        self._fade_overlay(shown=shown)

    def fit(self) -> None:
        """Show the whole photo; small ones are not enlarged."""
        if self._view is not None:
            self._set_view(self._view.fit())

    def zoom_to(self, zoom: float) -> None:
        """Zoom to a scale, within limits; 1 is 100 %."""
        if self._view is not None:
            self._set_view(self._view.zoom_to(zoom))

    def zoom_in(self) -> None:
        """Zoom one step closer."""
        self.zoom_by(ZOOM_STEP)

    def zoom_out(self) -> None:
        """Zoom one step back."""
        self.zoom_by(1 / ZOOM_STEP)

    def zoom_by(self, factor: float, anchor: QPointF | None = None) -> None:
        """Zoom by a factor while a point of the widget stays; None means its middle."""
        if self._view is not None:
            self._set_view(self._view.zoom_to(self._view.zoom * factor, self._to_view(anchor)))

    def toggle_fit(self, anchor: QPointF) -> None:
        """Change between the whole photo and 100 % at a point of the widget."""
        if self._view is None:
            return
        to_fit = not self._view.is_fitted
        self._set_view(
            self._view.fit() if to_fit else self._view.zoom_to(1.0, self._to_view(anchor))
        )

    def pan_by(self, delta: QPointF) -> None:
        """Move the photo by widget pixels."""
        if self._view is not None:
            ratio = self.devicePixelRatioF()
            self._set_view(self._view.move(delta.x() * ratio, delta.y() * ratio))

    def photo_at(self, point: QPointF | QPoint) -> tuple[int, int] | None:
        """Return the ``(x, y)`` of the photo pixel at a point of the widget; None beside it."""
        view, place = self._view, self._to_view(point)
        if view is None or place is None:
            return None
        x, y = view.to_photo(*place)
        return (int(x), int(y)) if view.has_pixel(x, y) else None

    def photo_point(self, point: QPointF) -> QPointF:
        """Return the point of the photo at a point of the widget, moved inside the photo."""
        place = self._to_view(point)
        if self._view is None or place is None:
            return QPointF()
        (x, y), (width, height) = self._view.to_photo(*place), self._view.photo
        return QPointF(min(max(x, 0.0), width), min(max(y, 0.0), height))

    def widget_point(self, x: float, y: float) -> QPointF:
        """Return the point of the widget at which a photo point is shown."""
        if self._view is None:
            return QPointF()
        ratio = self.devicePixelRatioF()
        return QPointF(*self._view.to_view(x, y)) / ratio

    def take_tool(self, tool: CanvasTool | None) -> None:
        """Let a tool have clicks and drags; with None they select people again."""
        if self._tool is not None:
            self._tool.attach(None)
        self._tool = tool
        if tool is not None:
            tool.attach(self)
        self._gestures.take_tool(tool)
        self.update()

    def hover_at(self, point: QPointF | None) -> None:
        """Say who is at a point of the widget; None means nobody."""
        self._editor.hover(self._person_at(point) if point is not None else None)

    def click_at(self, point: QPointF, *, add: bool) -> None:
        """Select the topmost person at a point; nobody there means nobody selected."""
        found = self._person_at(point)
        if found is not None:
            self._editor.select([found], add=add)
        elif not add:
            self._editor.select([])

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's
        """Return the size the canvas would like."""
        return QSize(960, 640)

    # Events ------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Take in pinches and changes of the screen."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._fit_viewport()
        return self._gestures.pinch(event) or super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's
        """Paint what there is."""
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        painter.scale(1 / ratio, 1 / ratio)
        if self._view is None or self._scene is None:
            painter.fillRect(self.rect(), self.palette().window())
            return
        paint_surround(painter, self._view)
        if has_clear_parts(self._scene.document):
            paint_checkerboard(painter, self._view, ratio)
        mosaic = self._scene.compose(self._view, self._tint_opacity())
        if mosaic is not None:
            paint_mosaic(painter, self._view, mosaic)
            self._paint_hovered(painter, self._view, mosaic)
        if self._tool is not None:
            self._tool.paint(painter, self._view, ratio)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802, ARG002 - Qt's
        """Follow the new size."""
        self._fit_viewport()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's
        """Let the drawing thread rest."""
        self._drawing.stop()
        super().hideEvent(event)

    def showEvent(self, event: QEvent) -> None:  # noqa: N802, ARG002 - Qt's
        """Draw what is missing."""
        self._refresh()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's
        """Begin a gesture."""
        self._gestures.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's
        """Go on with a gesture."""
        self._gestures.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's
        """End a gesture."""
        self._gestures.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's
        """Change between the whole photo and 100 %."""
        self._gestures.double_click(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's
        """Zoom."""
        self._gestures.wheel(event)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802, ARG002 - Qt's
        """Point nowhere."""
        self._gestures.leave()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's
        """Let go of held keys."""
        self._gestures.lose_focus()
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's
        """Do what a key means."""
        if not self._gestures.press_key(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's
        """End what a held key means."""
        if not self._gestures.release_key(event):
            super().keyReleaseEvent(event)

    # Following the editor ----------------------------------------------------------------

    def _on_document_changed(self, document: Document | None, changes: Changes | None) -> None:
        if document is None:
            self._scene = self._view = None
        elif changes is None or changes.photo_changed or self._scene is None:
            self._open(document)
        else:
            self._scene.follow(document, changes)
            if changes_look(changes):
                # A tint would hide what the slider does; selecting again brings it back.
                self._fade_overlay(shown=False)
        self._refresh()

    def _open(self, document: Document) -> None:
        self._scene = Scene(document, self._editor.cache)
        self._scene.tint(self._editor.selection)
        photo = document.photo
        self._set_view(
            ViewState.for_photo((photo.width, photo.height), self._viewport(), self._margin())
        )

    def _on_selection_changed(self, selection: frozenset[int]) -> None:
        if self._scene is not None:
            self._scene.tint(selection)
            self._fade.stop()
            self._fade.setCurrentTime(0)
            self._fade_overlay(shown=self._overlay_is_shown)
            self._refresh()

    def _on_fade_moved(self, value: object) -> None:  # noqa: ARG002 - read when painting
        self.update()

    def _on_hovered_changed(self, layer_id: int | None) -> None:  # noqa: ARG002 - as above
        self.update()

    # Inside ------------------------------------------------------------------------------

    def _set_view(self, view: ViewState) -> None:
        self._view = view
        if view.zoom != self._told_zoom:
            self._told_zoom = view.zoom
            self.zoom_changed.emit(view.zoom)
        self._refresh()

    def _fit_viewport(self) -> None:
        if self._view is not None:
            self._set_view(self._view.resize(self._viewport(), self._margin()))

    def _refresh(self) -> None:
        """Paint what there is, and have drawn what is missing."""
        self.update()
        if self._drawing.is_busy:
            self._drawing.hurry()
        elif self._scene is not None and self._view is not None and self.isVisible():
            jobs = self._scene.next_jobs(self._view)
            if jobs:
                self._drawing.submit(jobs)

    def _on_drawn(self, tiles: tuple[Drawn, ...], is_last: bool) -> None:  # noqa: FBT001 - a slot
        self.update()
        if self._scene is None or self._view is None:
            return
        self._scene.finish(tiles)
        if is_last:
            self._refresh()
        elif self._scene.is_patchwork(self._view):
            self._scene.want_coarse()
            self._drawing.hurry()

    def _paint_hovered(self, painter: QPainter, view: ViewState, mosaic: Mosaic) -> None:
        hovered, document = self._editor.hovered, self._editor.document
        if hovered is None or document is None:
            return
        layer = document.find_layer(hovered)
        key = layer.matte, mosaic.region, mosaic.level
        if self._outline is None or key != self._outline_key:
            # Two pixels around, so that the line along a cut lies outside of what is seen.
            region = mosaic.region.grow(2).intersect(document.frame.at_level(mosaic.level))
            self._outline = trace_outline(layer.matte, region, mosaic.level, self._editor.cache)
            self._outline_key = key
        colour = person_colour(layer.colour_index)
        paint_outline(painter, view, self._outline, colour, self.devicePixelRatioF())

    def _person_at(self, point: QPointF) -> int | None:
        place, document = self.photo_at(point), self._editor.document
        return document.person_at(*place) if place is not None and document is not None else None

    def _tint_opacity(self) -> float:
        return _TINT_OPACITY * float(self._fade.currentValue() or 0.0)

    def _fade_overlay(self, *, shown: bool) -> None:
        way = QAbstractAnimation.Direction
        self._fade.setDirection(way.Forward if shown else way.Backward)
        is_there = self._fade.currentTime() == (_FADE_MS if shown else 0)
        if not is_there and self._fade.state() != QAbstractAnimation.State.Running:
            self._fade.start()

    def _to_view(self, point: QPointF | QPoint | None) -> tuple[float, float] | None:
        if point is None:
            return None
        ratio = self.devicePixelRatioF()
        return point.x() * ratio, point.y() * ratio

    def _viewport(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return max(round(self.width() * ratio), 1), max(round(self.height() * ratio), 1)

    def _margin(self) -> int:
        return round(_FIT_MARGIN_PX * self.devicePixelRatioF())
