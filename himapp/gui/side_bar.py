"""The panels at the right of the photo, one below the other."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from himapp.gui import theme
from himapp.gui.editor import Editor
from himapp.gui.panels.background_panel import BackgroundPanel
from himapp.gui.panels.edit_panel import EditPanel
from himapp.gui.panels.panel import PANEL_STYLE
from himapp.gui.panels.people_panel import PeoplePanel

_WIDTH = 336


class SideBar(QScrollArea):
    """People, the edits of the selected, the background; scrolls on a low screen."""

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.people = PeoplePanel(editor)
        self.edit = EditPanel(editor)
        self.background = BackgroundPanel(editor)
        self._build()
        self.background.opened_up.connect(self._show_background)

    def _build(self) -> None:
        holder = self._holder = QWidget()
        holder.setStyleSheet(PANEL_STYLE)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 8)
        column.setSpacing(0)
        column.addWidget(self.people, 1)
        for panel in (self.edit, self.background):
            column.addWidget(_make_line())
            column.addWidget(panel)
        self.setWidget(holder)
        self.setWidgetResizable(True)
        self.setFixedWidth(_WIDTH)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def _show_background(self) -> None:
        """Scroll to the end, where the background is set up, in a window too low for all."""
        self._holder.adjustSize()  # else the panel has its height only when the events are done
        self.ensureWidgetVisible(self.background, 0, 0)


def _make_line() -> QWidget:
    line = QFrame()
    line.setFixedHeight(1)
    line.setStyleSheet(f"background: {theme.LINE.name()};")
    return line
