"""Icons of one family, drawn from the Phosphor font that qtawesome brings.

The font is used without importing qtawesome: through qtpy that loads every class of Qt and takes
as long as all the rest of the window (measured: 0.2 s on an idle machine, of 1 s until visible).
"""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QGuiApplication,
    QIcon,
    QIconEngine,
    QPainter,
    QPalette,
    QPixmap,
)

_DISABLED_ALPHA = 90
_GLYPH_SHARE = 0.95
"""The glyph's height in the icon's; the font has no margin of its own."""


def icon(name: str, colour: QColor | None = None) -> QIcon:
    """Return an icon; disabled it is faint.

    Args:
        name: Phosphor's own name, e.g. ``"eye"``.
        colour: None for the palette's text colour.

    Raises:
        KeyError: there is no icon of this name.
    """
    text = QGuiApplication.palette().color(QPalette.ColorRole.WindowText)
    return QIcon(_GlyphEngine(_characters()[name], text if colour is None else colour))


class _GlyphEngine(QIconEngine):
    """Draws one character of the font at any size."""

    def __init__(self, character: str, colour: QColor) -> None:
        super().__init__()
        self._character = character
        self._colour = QColor(colour)

    def paint(self, painter: QPainter, area: QRect, mode: QIcon.Mode, _state: QIcon.State) -> None:
        colour = QColor(self._colour)
        if mode == QIcon.Mode.Disabled:
            colour.setAlpha(_DISABLED_ALPHA)
        font = QFont(_family())
        font.setPixelSize(max(round(area.height() * _GLYPH_SHARE), 1))
        painter.save()
        painter.setFont(font)
        painter.setPen(colour)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self._character)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _GlyphEngine(self._character, self._colour)


@cache
def _font_folder() -> Path:
    package = find_spec("qtawesome")
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("The icons are missing: qtawesome is not installed")
    return Path(package.submodule_search_locations[0]) / "fonts"


@cache
def _characters() -> dict[str, str]:
    """Return the font's characters by name."""
    path = next(_font_folder().glob("phosphor-charmap-*.json"))
    codes = json.loads(path.read_text(encoding="utf-8"))
    return {name: chr(int(code, 16)) for name, code in codes.items()}


@cache
def _family() -> str:
    """Load the font and return the name of its family."""
    path = next(_font_folder().glob("phosphor-*.ttf"))
    number = QFontDatabase.addApplicationFont(str(path))
    return QFontDatabase.applicationFontFamilies(number)[0]
