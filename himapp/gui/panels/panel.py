"""The frame that all panels share: a heading, a note at its right, and the content below."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from himapp.gui import theme
from himapp.gui.icons import icon
from himapp.gui.long_texts import ElidedLabel

MARGIN = 12
SPACING = 8

PANEL_STYLE = f"""
#panelTitle {{ font-weight: bold; font-size: 11px; color: {theme.MUTED_TEXT.name()}; }}
#panelNote, #hint {{ color: {theme.MUTED_TEXT.name()}; }}
QToolButton[isKind="true"] {{
    background: {theme.BUTTON.name()}; border: 1px solid {theme.LINE.name()};
    border-radius: 4px; padding: 6px 0px 4px 0px; font-size: 12px;
}}
QToolButton[isKind="true"]:hover {{ background: {theme.BUTTON.lighter(125).name()}; }}
QToolButton[isKind="true"]:checked {{
    background: {theme.ACCENT.darker(140).name()}; border-color: {theme.ACCENT.name()};
}}
QToolButton[isKind="true"]:focus {{ border-color: {theme.ACCENT.name()}; }}
QToolButton[isKind="true"]:disabled {{ color: {theme.DISABLED_TEXT.name()}; }}
"""
"""The style sheet of the side bar."""


class Panel(QWidget):
    """A titled block of the side bar."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"{title.lower()}Panel")
        self._title = QLabel(title.upper())
        self._title.setObjectName("panelTitle")
        self.note = ElidedLabel()
        self.note.setObjectName("panelNote")
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._heading = QHBoxLayout()
        self._heading.setSpacing(SPACING)
        self._heading.addWidget(self._title)
        self._heading.addWidget(self.note, 1)
        self.content = QVBoxLayout(self)
        self.content.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        self.content.setSpacing(SPACING)
        self.content.addLayout(self._heading)

    def add_to_heading(self, button: QToolButton) -> None:
        """Put a small button at the heading's right end."""
        self._heading.addWidget(button)


def make_tool_button(icon_name: str, tip: str) -> QToolButton:
    """Return a flat button with an icon, a tooltip and a name for screen readers."""
    button = QToolButton()
    button.setIcon(icon(icon_name))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
