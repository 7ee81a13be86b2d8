"""Colours, sizes and the style of every widget: dark, neutral, one accent.

Offscreen and on some platforms Qt ignores a wish for a dark colour scheme, so the palette is our
own, on the Fusion style.
"""

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

GRID_PX = 8
"""Distances between widgets are multiples of this."""

TEXT_PX = 13

CANVAS = QColor(51, 51, 51)
"""20 % grey behind the photo: neutral, so that it tints no judgement of colour."""

WINDOW = QColor(40, 40, 40)
FIELD = QColor(30, 30, 30)
BUTTON = QColor(58, 58, 58)
LINE = QColor(74, 74, 74)
TEXT = QColor(226, 226, 226)
MUTED_TEXT = QColor(160, 160, 160)
DISABLED_TEXT = QColor(112, 112, 112)
ACCENT = QColor(61, 133, 214)
ACCENT_TEXT = QColor(255, 255, 255)
ERROR = QColor(224, 108, 96)

CHECKER_LIGHT = QColor(118, 118, 118)
CHECKER_DARK = QColor(92, 92, 92)

PERSON_COLOURS = (
    QColor(230, 159, 0),
    QColor(86, 180, 233),
    QColor(0, 158, 115),
    QColor(240, 228, 66),
    QColor(204, 121, 167),
    QColor(213, 94, 0),
    QColor(0, 114, 178),
)
"""Okabe and Ito's colours, which colour-blind readers can tell apart; their black would not show.

Reference: M. Okabe, K. Ito, "Color Universal Design", 2008, https://jfly.uni-koeln.de/color/.
"""

_STYLE_SHEET = f"""
QToolTip {{
    background: {FIELD.name()}; color: {TEXT.name()};
    border: 1px solid {LINE.name()}; padding: 4px;
}}
"""


def person_colour(colour_index: int) -> QColor:
    """Return the colour of a person's swatch, overlay and outline; the palette repeats."""
    return PERSON_COLOURS[colour_index % len(PERSON_COLOURS)]


def apply_theme(app: QApplication) -> None:
    """Give the application its style, palette and text size."""
    app.setStyle("Fusion")
    app.setPalette(make_palette())
    font = app.font()
    font.setPixelSize(TEXT_PX)
    app.setFont(font)
    app.setStyleSheet(_STYLE_SHEET)


def make_palette() -> QPalette:
    """Return the dark palette."""
    role = QPalette.ColorRole
    palette = QPalette()
    for name, colour in (
        (role.Window, WINDOW),
        (role.WindowText, TEXT),
        (role.Base, FIELD),
        (role.AlternateBase, WINDOW),
        (role.ToolTipBase, FIELD),
        (role.ToolTipText, TEXT),
        (role.Text, TEXT),
        (role.PlaceholderText, MUTED_TEXT),
        (role.Button, BUTTON),
        (role.ButtonText, TEXT),
        (role.BrightText, ACCENT_TEXT),
        (role.Link, ACCENT.lighter(130)),
        (role.LinkVisited, ACCENT.lighter(130)),
        (role.Highlight, ACCENT),
        (role.HighlightedText, ACCENT_TEXT),
        (role.Accent, ACCENT),
        (role.Light, BUTTON.lighter(125)),
        (role.Midlight, BUTTON.lighter(110)),
        (role.Mid, LINE),
        (role.Dark, FIELD),
        (role.Shadow, QColor(16, 16, 16)),
    ):
        palette.setColor(name, colour)
    _mute_disabled(palette)
    return palette


def _mute_disabled(palette: QPalette) -> None:
    role = QPalette.ColorRole
    for name in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, DISABLED_TEXT)
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, LINE)
