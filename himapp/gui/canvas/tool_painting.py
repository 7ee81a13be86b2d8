"""How the tools of the canvas show what they do, in view pixels."""

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from himapp.gui.canvas.view_state import ViewState
from himapp.gui.theme import ACCENT_TEXT

_HALO = QColor(0, 0, 0, 160)
"""A dark rim keeps a light line visible on a light photo."""

_LINE_PX, _HALO_PX = 1.5, 3.5
_DASH = (5.0, 4.0)
_SPINNER_RADIUS_PX = 11.0
_SPINNER_ARC = 100
_DEGREE = 16
"""Qt counts angles in sixteenths of a degree."""


@dataclass(frozen=True, slots=True)
class Band:
    """What a drag draws, in photo pixels: from where it was pressed to where the pointer is."""

    start: QPointF
    end: QPointF

    @property
    def is_point(self) -> bool:
        """Whether it has no length."""
        return self.start == self.end

    @property
    def middle(self) -> QPointF:
        """The point between both ends."""
        return (self.start + self.end) / 2


def paint_band(
    painter: QPainter,
    view: ViewState,
    band: Band,
    shape: Literal["box", "line"],
    pixel_ratio: float,
) -> None:
    """Draw a box or a line, dashed in white with a dark rim."""
    start, end = (QPointF(*view.to_view(p.x(), p.y())) for p in (band.start, band.end))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(_HALO, _HALO_PX * pixel_ratio), _dashed(pixel_ratio)):
        painter.setPen(pen)
        if shape == "box":
            painter.drawRect(QRectF(start, end).normalized())
        else:
            painter.drawLine(start, end)
    painter.restore()


def paint_spinner(
    painter: QPainter, view: ViewState, place: QPointF, turn: int, pixel_ratio: float
) -> None:
    """Draw an arc that turns round a photo point.

    Args:
        painter: draws in view pixels.
        view: what is seen.
        place: in photo pixels.
        turn: degrees.
        pixel_ratio: view pixels per logical pixel.
    """
    middle = QPointF(*view.to_view(place.x(), place.y()))
    radius = _SPINNER_RADIUS_PX * pixel_ratio
    ring = QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(_HALO, 5 * pixel_ratio))
    painter.drawEllipse(ring)
    pen = QPen(ACCENT_TEXT, 3 * pixel_ratio)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawArc(ring, -turn * _DEGREE, _SPINNER_ARC * _DEGREE)
    painter.restore()


def _dashed(pixel_ratio: float) -> QPen:
    pen = QPen(ACCENT_TEXT, _LINE_PX * pixel_ratio)
    pen.setDashPattern(_DASH)
    return pen
