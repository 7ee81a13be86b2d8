"""Texts with names in them, which may be long: they never make the window wider."""

import re
from html import escape
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip, QWidget

_LONGEST_WORD: Final = 40
_LONGEST_NAME: Final = 60


class ElidedLabel(QLabel):
    """A line of plain text; where there is no room for all of it, it ends in an ellipsis.

    A text that is cut stands in the tooltip whole.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)

    @property
    def shown_text(self) -> str:
        """What there is room for."""
        width = self.contentsRect().width()
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, width)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a size that leaves the width to others."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw what there is room for."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), self.alignment(), self.shown_text)

    def event(self, event: QEvent) -> bool:
        """Show the whole text as a tooltip if it is cut."""
        if not isinstance(event, QHelpEvent) or event.type() != QEvent.Type.ToolTip:
            return super().event(event)
        if self.shown_text != self.text():
            QToolTip.showText(event.globalPos(), f"<p>{escape(self.text())}</p>", self)
        return True


def let_wrap(label: QLabel) -> None:
    """Let a label be as narrow as there is room for and use more lines."""
    label.setWordWrap(True)
    policy = label.sizePolicy()
    policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
    label.setSizePolicy(policy)


def shorten_words(text: str) -> str:
    """Return a text whose long words lack their middle, so that its lines can be broken."""
    return re.sub(r"\S+", lambda word: _shorten(word[0], _LONGEST_WORD), text)


def shorten_name(name: str) -> str:
    """Return a file's name for a button or a menu; a long one lacks its middle."""
    return _shorten(name, _LONGEST_NAME)


def _shorten(text: str, limit: int) -> str:
    half = limit // 2
    return text if len(text) <= limit else f"{text[:half]}…{text[1 - half :]}"
