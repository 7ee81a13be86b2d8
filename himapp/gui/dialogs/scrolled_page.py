"""A part of a dialog that is shown whole where the screen has room, else scrolls."""

from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

_BESIDE: Final = QSize(48, 128)
"""What a dialog has around it: margins, a row of buttons and the system's title bar."""


class ScrolledPage(QScrollArea):
    """Keeps the buttons of a dialog on a small or much enlarged screen.

    Args:
        page: what is shown.
        parent: the dialog.
    """

    def __init__(self, page: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._page = page
        self.setWidget(page)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)

    def bring_in(self, part: QWidget) -> None:
        """Scroll to a part at the page's right that was shown just now."""
        self._page.adjustSize()  # else it has its place only when the events are done
        self.horizontalScrollBar().setValue(part.x())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the page's own least size, as far as the screen has room for it."""
        wanted = self._page.minimumSizeHint()
        room = self._find_room()
        if wanted.height() > room.height():
            wanted += QSize(self.verticalScrollBar().sizeHint().width(), 0)
        if wanted.width() > room.width():
            wanted += QSize(0, self.horizontalScrollBar().sizeHint().height())
        return wanted.boundedTo(room)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size the page would like."""
        return self.minimumSizeHint()

    def _find_room(self) -> QSize:
        dialog = self.window()
        place = dialog.parentWidget() or dialog
        return place.screen().availableGeometry().size() - _BESIDE
