"""Which actions are enabled: the needs of the action table against what is open and under way."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction

from himapp.gui import actions
from himapp.gui.background_work import BackgroundWork
from himapp.gui.editor import Editor
from himapp.gui.exporting import Exporting
from himapp.gui.opening import PhotoOpening
from himapp.gui.person_tools import PersonTools


class ActionStates(QObject):
    """Enables and disables the actions of the window."""

    def __init__(
        self, actions_by_name: Mapping[str, QAction], editor: Editor, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._actions = actions_by_name
        self._editor = editor

    def follow(
        self,
        work: BackgroundWork,
        opening: PhotoOpening,
        exporting: Exporting,
        tools: PersonTools,
    ) -> None:
        """Refresh with the editor, the background work and the tools from now on."""
        self._work, self._opening, self._exporting = work, opening, exporting
        self._tools = tools
        self._editor.document_changed.connect(self.refresh)
        self._editor.selection_changed.connect(self.refresh)
        work.changed.connect(self.refresh)
        tools.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Enable what can be done now."""
        met = self._list_met_needs()
        for spec in actions.ACTIONS:
            self._actions[spec.name].setEnabled(spec.needs in met)
        if self._exporting.is_busy:  # another export would withdraw the one under way
            for name in ("export", *actions.EXPORT_MENU):
                self._actions[name].setEnabled(False)

    def _list_met_needs(self) -> frozenset[actions.Need]:
        document = self._editor.document
        people = document.layers if document is not None else ()
        states: dict[actions.Need, bool] = {
            "nothing": True,
            "photo": document is not None,
            "quiet": document is not None and not self._opening.is_busy,
            "people": bool(people),
            "selection": bool(self._editor.selection),
            "several": len(self._editor.selection) > 1,
            "work": self._work.is_busy or self._tools.current is not None,
        }
        return frozenset(need for need, is_met in states.items() if is_met)
