"""Offer the edits that a crash left behind, without standing in anybody's way."""

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from himapp.document.recovery import LeftEdits, find_left_edits
from himapp.gui import theme
from himapp.gui.icons import icon
from himapp.gui.long_texts import let_wrap, shorten_words
from himapp.gui.opened_file import FileWish, OpenedFile
from himapp.gui.panels.panel import make_tool_button
from himapp.paths import display_name


class RecoveryBar(QFrame):
    """A line with one document's edits, and what can be done about them.

    Signals:
        restore_asked: open them.
        discard_asked: remove them for good.
        put_off: ask again at the next start.
    """

    restore_asked = Signal()
    discard_asked = Signal()
    put_off = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = QLabel(textFormat=Qt.TextFormat.PlainText)  # it names a file
        self.restore_button = QPushButton("Restore")
        self.discard_button = QPushButton("Discard")
        self.close_button = make_tool_button("x", "Ask again at the next start")
        self._build()
        self.hide()

    def show_edits(self, left: LeftEdits, count: int) -> None:
        """Show edits.

        Args:
            left: what was left behind.
            count: how many documents there are, this one included.
        """
        more = f" {count - 1} more after this one." if count > 1 else ""
        when = describe_time(left.saved_at)
        name = shorten_words(display_name(Path(left.name)))
        self.label.setText(
            f"himapp ended before the edits of “{name}” were saved, {when}.{more}"
            if name
            else f"himapp ended before the edits of a photo were saved, {when}.{more}"
        )
        self.show()

    def _build(self) -> None:
        self.setObjectName("recoveryBar")
        self.setStyleSheet(
            f"#recoveryBar {{ background: {theme.BUTTON.name()};"
            f" border-bottom: 1px solid {theme.LINE.name()}; }}"
        )
        picture = QLabel()
        picture.setPixmap(icon("clock-counter-clockwise", theme.TEXT).pixmap(20, 20))
        let_wrap(self.label)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(picture)
        row.addWidget(self.label, 1)
        for button in (self.restore_button, self.discard_button, self.close_button):
            row.addWidget(button)
        self.restore_button.clicked.connect(self.restore_asked)
        self.discard_button.clicked.connect(self.discard_asked)
        self.close_button.clicked.connect(self.put_off)


class Recovering(QObject):
    """Finds what was left behind and lets the user decide, one document after the other.

    Args:
        bar: asks.
        folder: the recovery folder.
        parent: the owner.

    Signals:
        wanted: a :class:`FileWish`; to be opened if the open document may be left.
    """

    wanted = Signal(object)

    def __init__(self, bar: RecoveryBar, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bar = bar
        self._folder = folder
        self._left: list[LeftEdits] = []
        bar.restore_asked.connect(self._on_restore)
        bar.discard_asked.connect(self._on_discard)
        bar.put_off.connect(self._on_put_off)

    def start(self) -> None:
        """Look for edits and offer them."""
        self._left = find_left_edits(self._folder)
        self._show_next()

    def shutdown(self) -> None:
        """Leave what was not decided for the next start."""
        for left in self._left:
            left.place.leave()
        self._left = []

    @Slot(object)
    def take(self, opened: OpenedFile) -> None:
        """Stop offering what was opened."""
        if opened.left in self._left:
            self._left.remove(opened.left)
            self._show_next()

    @Slot(object)
    def offer_again(self, wish: FileWish) -> None:
        """Go on offering what was not opened in the end."""
        if wish.left is not None:
            self._show_next()

    @Slot()
    def _on_restore(self) -> None:
        left = self._left[0]
        self._bar.hide()
        self.wanted.emit(FileWish(left.place.path, left=left))

    @Slot()
    def _on_discard(self) -> None:
        self._left.pop(0).place.discard()
        self._show_next()

    @Slot()
    def _on_put_off(self) -> None:
        self._left.pop(0).place.leave()
        self._show_next()

    def _show_next(self) -> None:
        self._bar.setVisible(bool(self._left))
        if self._left:
            self._bar.show_edits(self._left[0], len(self._left))


def describe_time(moment: datetime) -> str:
    """Return a time in the user's own way, without seconds."""
    seconds = int(moment.timestamp())
    short = QLocale.FormatType.ShortFormat
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(seconds), short)
