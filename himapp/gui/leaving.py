"""Ask before a document or the window is left with something undone."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QMessageBox, QWidget

from himapp.document.document import Document
from himapp.gui.editor import Editor
from himapp.gui.exporting import Exporting
from himapp.gui.project_flow import ProjectFlow
from himapp.gui.project_saving import ProjectSaving

_TITLE: Final = "himapp"
_ROLE: Final = QMessageBox.StandardButton


class Leaving(QObject):
    """Asks whether edits are to be saved and an export be stopped; lets a save end.

    Args:
        editor: its undo stack says whether there are edits that no project holds.
        exporting: says whether files are being written.
        project: saves the edits, if the user wants that.
        saving: tells when that is done.
        parent: the window over which is asked.
    """

    def __init__(
        self,
        editor: Editor,
        exporting: Exporting,
        project: ProjectFlow,
        saving: ProjectSaving,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._editor = editor
        self._exporting = exporting
        self._project = project
        self._saving = saving
        self._parent = parent
        self._then: Callable[[], object] | None = None
        self._given_up: Document | None = None
        saving.saved.connect(self._on_saved)
        saving.ended.connect(self._on_saving_ended)
        saving.failed.connect(self._forget)

    def may_leave_document(self, then: Callable[[], object]) -> bool:
        """Ask before edits are lost that no project holds.

        Args:
            then: is called later if the user wants the edits saved first, and they are.

        Returns:
            Whether the document may be left at once.
        """
        given_up = self._given_up
        self._forget()
        if self._editor.undo_stack.isClean() or self._editor.document is given_up:
            return True
        if self._saving.is_saving_current:
            self._then = then
            return False
        answer = self._ask(
            "The edits of this photo are not saved. Save them as a project?",
            _ROLE.Save | _ROLE.Discard | _ROLE.Cancel,
            _ROLE.Save,
        )
        if answer == _ROLE.Save and self._project.save():
            self._then = then
        return answer == _ROLE.Discard

    def may_close(self, then: Callable[[], object]) -> bool:
        """Ask before edits are lost or an export is left undone, and let a save end.

        Args:
            then: is called later if something is being saved, and once it is.

        Returns:
            Whether the window may be closed at once.
        """
        return self.may_leave_document(then) and self._has_saved(then) and self._may_stop_export()

    def _has_saved(self, then: Callable[[], object]) -> bool:
        if not self._saving.is_busy:
            return True
        # Edits since then are not wanted: that was asked before, and is not asked again.
        is_clean = self._editor.undo_stack.isClean()
        self._then, self._given_up = then, None if is_clean else self._editor.document
        return False

    def _may_stop_export(self) -> bool:
        question = "Files are still being written. Stop that and close?"
        return not self._exporting.is_busy or (
            self._ask(question, _ROLE.Close | _ROLE.Cancel, _ROLE.Cancel) == _ROLE.Close
        )

    def _ask(
        self,
        question: str,
        buttons: QMessageBox.StandardButton,
        default: QMessageBox.StandardButton,
    ) -> QMessageBox.StandardButton:
        return QMessageBox.question(self._parent, _TITLE, question, buttons, default)

    @Slot(object)
    def _on_saved(self, _path: object) -> None:
        then, self._then = self._then, None
        if then is not None:
            then()

    @Slot(bool)
    def _on_saving_ended(self, is_cancelled: bool) -> None:  # noqa: FBT001 - a Qt slot
        if is_cancelled:
            self._forget()

    @Slot()
    def _forget(self) -> None:
        self._then, self._given_up = None, None
