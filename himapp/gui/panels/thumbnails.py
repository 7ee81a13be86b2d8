"""Small pictures of people and of what stands behind them, made when they are first drawn."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

from himapp.document.document import Document
from himapp.document.layers import PersonLayer
from himapp.document.regions import Region
from himapp.document.render import pick_level, render_level, render_person
from himapp.document.render_cache import RenderCache
from himapp.gui import theme
from himapp.gui.qimage import to_qimage
from himapp.gui.screen_color import show_pixels

_CHECKER_PX = 6
_SHOWN_ALPHA = 0.1
_BACKGROUND: Final = "background"


class Thumbnails:
    """Keeps one thumbnail per row and makes it again when what it shows has changed.

    Args:
        cache: the renderer's.
        side_px: of the square, in the widget's own (logical) pixels.
    """

    def __init__(self, cache: RenderCache, side_px: int) -> None:
        self._cache = cache
        self._side_px = side_px
        self._pixel_ratio = 1.0
        self._kept: dict[object, tuple[tuple[object, ...], QPixmap]] = {}

    def follow_screen(self, pixel_ratio: float) -> None:
        """Take over how many pixels the screen has for one of the widget's."""
        if pixel_ratio != self._pixel_ratio:
            self._pixel_ratio = pixel_ratio
            self.clear()

    def clear(self) -> None:
        """Forget all of them."""
        self._kept.clear()

    def of_person(self, document: Document, layer: PersonLayer) -> QPixmap:
        """Return a person's cut-out on a checkerboard."""
        shows = (document.photo, layer.matte, layer.adjustments)
        return self._fetch(layer.id, shows, lambda: self._draw_person(document, layer))

    def of_background(self, document: Document) -> QPixmap:
        """Return what stands behind the people; a blurred photo is shown as the photo."""
        alone = replace(document, layers=())
        shows = (document.photo, document.background)
        return self._fetch(_BACKGROUND, shows, lambda: self._draw_background(alone))

    def _fetch(
        self, key: object, shows: tuple[object, ...], draw: Callable[[], QPixmap]
    ) -> QPixmap:
        kept = self._kept.get(key)
        if kept is not None and kept[0] == shows:
            return kept[1]
        pixmap = draw()
        self._kept[key] = (shows, pixmap)
        return pixmap

    def _draw_person(self, document: Document, layer: PersonLayer) -> QPixmap:
        if layer.bounds.is_empty:
            return self._compose(None)
        # A matte's faint ends would make the person small.
        bounds = layer.matte.find_bounds(_SHOWN_ALPHA)
        level = self._pick_level(bounds)
        rgba = render_person(document, layer.id, bounds.at_level(level), level, cache=self._cache)
        return self._compose(to_qimage(show_pixels(rgba, document.photo)))

    def _draw_background(self, document: Document) -> QPixmap:
        level = self._pick_level(document.frame)
        region = document.frame.at_level(level)
        pixels = render_level(document, region, level, cache=self._cache)
        return self._compose(to_qimage(show_pixels(pixels, document.photo)))

    def _pick_level(self, bounds: Region) -> int:
        wanted = self._side_px * self._pixel_ratio
        return pick_level(min(wanted / max(bounds.width, bounds.height), 1.0))

    def _compose(self, image: QImage | None) -> QPixmap:
        side = round(self._side_px * self._pixel_ratio)
        pixmap = QPixmap(side, side)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        _draw_checker(painter, pixmap.rect())
        if image is not None:
            size = image.size().scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRect(0, 0, max(size.width(), 1), max(size.height(), 1))
            target.moveCenter(pixmap.rect().center())
            painter.drawImage(target, image)
        painter.end()
        pixmap.setDevicePixelRatio(self._pixel_ratio)
        return pixmap


def _draw_checker(painter: QPainter, area: QRect) -> None:
    painter.fillRect(area, theme.CHECKER_LIGHT)
    for row in range(0, area.height(), _CHECKER_PX):
        shift = (row // _CHECKER_PX) % 2 * _CHECKER_PX
        for column in range(shift, area.width(), 2 * _CHECKER_PX):
            painter.fillRect(column, row, _CHECKER_PX, _CHECKER_PX, theme.CHECKER_DARK)
