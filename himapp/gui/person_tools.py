"""The canvas tools of the Person menu: which one is held, and what clicks and drags with it do."""

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction

from himapp.gui.canvas import CanvasView
from himapp.gui.canvas.canvas_tool import CanvasTool
from himapp.gui.editor import Editor
from himapp.gui.message_bar import MessageBar
from himapp.gui.person_commands import PersonCommands
from himapp.gui.pointing import Pointing
from himapp.gui.status_line import StatusLine

HINTS: Final = {
    "add_person": "Click a missed person, or drag a box around them. Alt-click takes a place away"
    " from a person. Esc ends.",
    "split_line": "Draw a line across the selected person. Esc ends.",
}


class PersonTools(QObject):
    """Keeps the canvas, the checked action and the hint in the status bar in step.

    A tool is put away when its action cannot be used any more: another photo, nobody selected.

    Signals:
        changed: a tool was taken in hand or put away.
    """

    changed = Signal()

    def __init__(
        self,
        canvas: CanvasView,
        status: StatusLine,
        actions_by_name: Mapping[str, QAction],
        editor: Editor,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._status = status
        self._actions = {name: actions_by_name[name] for name in HINTS}
        self.pointer = CanvasTool("box", self)
        self.cutter = CanvasTool("line", self)
        self._tools = {"add_person": self.pointer, "split_line": self.cutter}
        self._current: str | None = None
        for name, tool in self._tools.items():
            self._actions[name].toggled.connect(self._on_toggled)
            self._actions[name].enabledChanged.connect(self._on_enabled_changed)
            tool.left.connect(self.put_away)
        editor.document_changed.connect(self._on_document_changed)

    @property
    def current(self) -> str | None:
        """The name of the held tool's action; None while clicks select people."""
        return self._current

    def drive(self, pointing: Pointing, commands: PersonCommands, messages: MessageBar) -> None:
        """Let clicks and drags do their work from now on."""
        self._messages = messages
        self.pointer.clicked.connect(pointing.point_at)
        self.pointer.dragged.connect(pointing.draw_box)
        pointing.asked.connect(self._on_asked)
        pointing.ended.connect(self._on_ended)
        self.cutter.dragged.connect(commands.split_line)
        self.cutter.dragged.connect(self.put_away)
        for owner in (pointing, commands):
            owner.noted.connect(self._on_noted)

    def cancel(self) -> None:
        """Drop the held tool's drag; without one, put it away."""
        if self._current is not None:
            self._tools[self._current].cancel()

    @Slot()
    def put_away(self) -> None:
        """Let clicks select people again."""
        if self._current is not None:
            self._actions[self._current].setChecked(False)

    @Slot(bool)
    def _on_toggled(self, _is_on: bool) -> None:  # noqa: FBT001 - a Qt slot
        on = [name for name, action in self._actions.items() if action.isChecked()]
        # Of two the newer one is meant; letting go of the other comes here again.
        newer = [name for name in on if name != self._current] or on
        self._hold(newer[0] if newer else None)

    def _hold(self, name: str | None) -> None:
        before, self._current = self._current, name
        if before == name:
            return
        if before is not None:
            self._actions[before].setChecked(False)
        self._canvas.take_tool(self._tools[name] if name is not None else None)
        self._status.show_hint(HINTS[name] if name is not None else "")
        if name is not None:
            self._canvas.setFocus()
        self.changed.emit()

    @Slot(bool)
    def _on_enabled_changed(self, _is_enabled: bool) -> None:  # noqa: FBT001 - a Qt slot
        if self._current is not None and not self._actions[self._current].isEnabled():
            self.put_away()

    def _on_document_changed(self, _document: object, changes: object) -> None:
        if changes is None:
            self.put_away()

    @Slot(float, float, float, float)
    def _on_asked(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self._messages.hide()
        self.pointer.wait_at(x0, y0, x1, y1)

    @Slot(bool)
    def _on_ended(self, _is_cancelled: bool) -> None:  # noqa: FBT001 - a Qt slot
        self.pointer.end_waiting()

    @Slot(str)
    def _on_noted(self, sentence: str) -> None:
        self._messages.show_message(sentence, is_passing=True)
