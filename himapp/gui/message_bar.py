"""A quiet line over the photo: that nobody was found, or what went wrong."""

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from himapp.gui import theme
from himapp.gui.icons import icon
from himapp.gui.long_texts import let_wrap, shorten_words
from himapp.gui.panels.panel import make_tool_button

Kind = Literal["info", "error"]


class MessageBar(QFrame):
    """One sentence, until it is closed or another one comes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = QLabel()
        self.label = QLabel(textFormat=Qt.TextFormat.PlainText)  # people's names are in sentences
        self.button = QPushButton()
        self.close_button = make_tool_button("x", "Close this message")
        self._action: QAction | None = None
        self._is_passing = False
        self._build()
        self.hide()

    @property
    def text(self) -> str:
        """The sentence shown; empty while the bar is hidden."""
        return "" if self.isHidden() else self.label.text()

    def show_message(
        self,
        text: str,
        kind: Kind = "info",
        action: QAction | None = None,
        *,
        is_passing: bool = False,
    ) -> None:
        """Show a sentence.

        Args:
            text: one sentence.
            kind: what it is about.
            action: offered as a button, if given.
            is_passing: whether it is about the document as it is now, and goes with the next edit.
        """
        self._is_passing = is_passing
        colour = theme.ERROR if kind == "error" else theme.TEXT
        name = "warning-circle" if kind == "error" else "info"
        self._icon.setPixmap(icon(name, colour).pixmap(20, 20))
        self.label.setText(shorten_words(text))
        self._action = action
        self.button.setVisible(action is not None)
        if action is not None:
            self.button.setText(action.text().replace("&", ""))
        self.show()

    def end_passing(self) -> None:
        """Take away what the document no longer is."""
        if self._is_passing:
            self.hide()

    def take_back(self, text: str) -> None:
        """Hide a sentence that holds no longer, if it is the one shown."""
        if self.label.text() == shorten_words(text):
            self.hide()

    def _build(self) -> None:
        self.setObjectName("messageBar")
        self.setStyleSheet(
            f"#messageBar {{ background: {theme.BUTTON.name()};"
            f" border-bottom: 1px solid {theme.LINE.name()}; }}"
        )
        let_wrap(self.label)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(8)
        for widget, stretch in (
            (self._icon, 0),
            (self.label, 1),
            (self.button, 0),
            (self.close_button, 0),
        ):
            row.addWidget(widget, stretch)
        self.button.clicked.connect(self._on_button_clicked)
        self.close_button.clicked.connect(self.hide)

    def _on_button_clicked(self) -> None:
        self.hide()
        # A tool that is in hand already is not to be put away.
        if self._action is not None and not self._action.isChecked():
            self._action.trigger()
