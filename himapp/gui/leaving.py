"""Ask before a document or the window is left with something undone."""

from typing import Final

from PySide6.QtWidgets import QMessageBox, QWidget

from himapp.gui.editor import Editor
from himapp.gui.exporting import Exporting

_TITLE: Final = "himapp"


class Leaving:
    """Asks whether edits may be lost and an export be stopped.

    Args:
        editor: its undo stack says whether there are edits that no file holds.
        exporting: says whether files are being written.
        parent: the window over which is asked.
    """

    def __init__(self, editor: Editor, exporting: Exporting, parent: QWidget) -> None:
        self._editor = editor
        self._exporting = exporting
        self._parent = parent

    def may_leave_document(self) -> bool:
        """Ask before edits are lost that no file holds."""
        return self._editor.undo_stack.isClean() or self._ask(
            "The edits of this photo were not exported. Close it all the same?"
        )

    def may_stop_export(self) -> bool:
        """Ask before an export is left undone."""
        return not self._exporting.is_busy or self._ask(
            "Files are still being written. Stop that and close?"
        )

    def _ask(self, question: str) -> bool:
        role = QMessageBox.StandardButton
        buttons = role.Close | role.Cancel
        return (
            QMessageBox.question(self._parent, _TITLE, question, buttons, role.Cancel) == role.Close
        )
