"""Icons of one family (Phosphor), drawn by qtawesome in the window's text colour."""

from functools import cache

from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPalette
from qtawesome.iconic_font import IconicFont

_DISABLED_ALPHA = 90


def icon(name: str, colour: QColor | None = None) -> QIcon:
    """Return an icon that follows the palette for enabled and disabled.

    Args:
        name: Phosphor's own name, e.g. ``"eye"``.
        colour: None for the palette's text colour.
    """
    palette = QGuiApplication.palette()
    text = palette.color(QPalette.ColorRole.WindowText) if colour is None else colour
    faint = QColor(text)
    faint.setAlpha(_DISABLED_ALPHA)
    drawn: QIcon = _font().icon(f"ph.{name}", color=text, color_disabled=faint)
    return drawn


@cache
def _font() -> IconicFont:
    """Load this one font: qtawesome's own ``icon`` would load and hash all twelve at start."""
    return IconicFont(("ph", "phosphor-1.3.0.ttf", "phosphor-charmap-1.3.0.json"))
