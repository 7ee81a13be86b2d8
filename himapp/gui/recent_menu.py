"""The menu of the files opened last."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from himapp.gui.long_texts import shorten_name
from himapp.gui.mnemonics import without_mnemonic
from himapp.paths import display_name


class RecentMenu(QMenu):
    """Lists files by name.

    Signals:
        chosen: the ``Path``.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Open &recent", parent)
        self.setToolTipsVisible(True)
        self.triggered.connect(self._on_triggered)

    def show_files(self, files: tuple[str, ...]) -> None:
        """List these files, the latest first."""
        self.clear()
        for file in files:
            action = self.addAction(without_mnemonic(shorten_name(display_name(Path(file)))))
            action.setToolTip(file)
            action.setData(file)
        self.setEnabled(bool(files))

    def _on_triggered(self, action: QAction) -> None:
        self.chosen.emit(Path(action.data()))
