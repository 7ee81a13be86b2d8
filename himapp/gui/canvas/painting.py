"""How the canvas is painted, in view pixels; what to paint is decided elsewhere."""

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen, QPixmap, QTransform

from himapp.gui.canvas.mosaic import Mosaic
from himapp.gui.canvas.view_state import ViewState
from himapp.gui.theme import CANVAS, CHECKER_DARK, CHECKER_LIGHT

_CHECKER_PX = 8
_OUTLINE_PX = 2.0
_HALO_PX = 4.0
_HALO = QColor(0, 0, 0, 140)
"""A dark rim keeps a light outline visible on a light photo."""


def paint_surround(painter: QPainter, view: ViewState) -> None:
    """Fill the viewport with the neutral grey."""
    painter.fillRect(QRect(0, 0, *view.viewport), CANVAS)


def paint_checkerboard(painter: QPainter, view: ViewState, pixel_ratio: float) -> None:
    """Show squares where the photo is, for what is transparent."""
    brush = QBrush(_make_checkerboard(max(round(_CHECKER_PX * pixel_ratio), 1)))
    brush.setTransform(QTransform.fromTranslate(*view.origin))
    painter.fillRect(_photo_rect(view).intersected(QRectF(0, 0, *view.viewport)), brush)


def paint_mosaic(painter: QPainter, view: ViewState, mosaic: Mosaic) -> None:
    """Draw the picture: smooth, or as squares where each photo pixel is large."""
    scale = view.zoom * 2**mosaic.level
    left, top = view.origin
    region = mosaic.region
    target = QRectF(
        left + region.x * scale, top + region.y * scale, region.width * scale, region.height * scale
    )
    painter.save()
    # Coarse levels end up to one of their pixels beyond the photo.
    painter.setClipRect(_photo_rect(view))
    is_smooth = not view.is_pixelated and scale != 1
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
    painter.drawImage(target, mosaic.image)
    painter.restore()


def paint_outline(
    painter: QPainter, view: ViewState, path: QPainterPath, colour: QColor, pixel_ratio: float
) -> None:
    """Draw an outline given in photo coordinates, with a dark rim."""
    left, top = view.origin
    line = QTransform(view.zoom, 0, 0, view.zoom, left, top).map(path)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for ink, width in ((_HALO, _HALO_PX), (colour, _OUTLINE_PX)):
        pen = QPen(ink, width * pixel_ratio)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPath(line)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def _photo_rect(view: ViewState) -> QRectF:
    left, top = view.origin
    return QRectF(left, top, view.photo[0] * view.zoom, view.photo[1] * view.zoom)


def _make_checkerboard(side: int) -> QPixmap:
    image = QImage(2 * side, 2 * side, QImage.Format.Format_RGB32)
    image.fill(CHECKER_LIGHT)
    painter = QPainter(image)
    painter.fillRect(0, 0, side, side, CHECKER_DARK)
    painter.fillRect(side, side, side, side, CHECKER_DARK)
    painter.end()
    return QPixmap.fromImage(image)
