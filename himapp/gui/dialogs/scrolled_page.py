"""A part of a dialog that is shown whole where the screen has room, else scrolls."""

from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QFrame, QScrollArea, QWidget

_BESIDE: Final = QSize(48, 128)
"""What a dialog has around it: margins, a row of buttons and the system's title bar."""


class ScrolledPage(QScrollArea):
    """Keeps the buttons of a dialog on a small or much enlarged screen.

    The wheel scrolls; it changes a box only where that has the focus.

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
        for kind in (QComboBox, QAbstractSpinBox):
            for box in page.findChildren(kind):
                box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                box.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Leave the wheel over a box without focus to the page."""
        is_wheel = event.type() == QEvent.Type.Wheel
        if is_wheel and isinstance(watched, QComboBox | QAbstractSpinBox):
            event.ignore()
            return not watched.hasFocus()
        return super().eventFilter(watched, event)

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
