"""The list of people: who was found, their eyes, names, order and opacity."""

from collections.abc import Collection, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QModelIndex, Qt, Slot
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QSizePolicy, QToolButton, QWidget

from himapp.document.edits import reorder, set_opacity
from himapp.gui.editor import Editor
from himapp.gui.panels.panel import Panel, make_tool_button
from himapp.gui.panels.people_delegate import ROW_PX, PeopleDelegate, eye_rect
from himapp.gui.panels.people_model import PeopleModel
from himapp.gui.panels.value_slider import ValueSlider, ValueSpec
from himapp.gui.people import describe_people, find_selected

OPACITY_SPEC: Final = ValueSpec(
    "Opacity", 0, 1, neutral=1, step=0.05, suffix=" %", shown_per_value=100
)
_NO_UPDATE: Final = QItemSelectionModel.SelectionFlag.NoUpdate
_ROWS_SHOWN = 2
"""At least so many people stand in the list, however low the window is."""


class PeopleView(QListView):
    """The list; its selection is the editor's."""

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._is_following = False
        self._row_before = -1
        self.people = PeopleModel(editor, self)
        self.setModel(self.people)
        self.setItemDelegate(PeopleDelegate(editor, self))
        self._configure()
        self.entered.connect(self._on_entered)
        self.people.modelAboutToBeReset.connect(self._on_about_to_be_reset)
        self.people.modelReset.connect(self._on_reset)
        self.selectionModel().selectionChanged.connect(self._on_selection_changed)
        editor.selection_changed.connect(self._follow_selection)

    @Slot()
    def rename_current(self) -> None:
        """Open the name of the first selected person for typing."""
        people = find_selected(self._editor)
        if people:
            index = self.people.index_of(people[0].id)
            self.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.scrollTo(index)
            self.edit(index)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Toggle an eye without selecting the row; a press on the background selects nobody."""
        index = self.indexAt(event.position().toPoint())
        layer = self.people.layer_at(index)
        in_eye = eye_rect(self.visualRect(index)).contains(event.position().toPoint())
        if layer is not None and in_eye and event.button() == Qt.MouseButton.LeftButton:
            alone = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            self.people.toggle_eye(layer.id, alone=alone)
            return
        super().mousePressEvent(event)
        if layer is None:
            self._editor.select(())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take the second click on an eye as another click."""
        index = self.indexAt(event.position().toPoint())
        if eye_rect(self.visualRect(index)).contains(event.position().toPoint()):
            self.mousePressEvent(event)
        else:
            super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Toggle the current person's eye by the space bar."""
        layer = self.people.layer_at(self.currentIndex())
        if event.key() == Qt.Key.Key_Space and layer is not None:
            alone = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            self.people.toggle_eye(layer.id, alone=alone)
            return
        super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 - Qt's name
        """Go to the person whose name begins so; the background's does not count."""
        selection, current = self._editor.selection, self.currentIndex()
        super().keyboardSearch(search)
        if self.people.layer_at(self.currentIndex()) is None:
            self.selectionModel().setCurrentIndex(current, _NO_UPDATE)
            self._editor.select(selection)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """End the hover when the pointer leaves the list."""
        self._editor.hover(None)
        super().leaveEvent(event)

    def _configure(self) -> None:
        self.setObjectName("peopleList")
        self.setAccessibleName("People")
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDropIndicatorShown(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight((_ROWS_SHOWN + 1) * ROW_PX)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def _on_entered(self, index: QModelIndex) -> None:
        layer = self.people.layer_at(index)
        self._editor.hover(layer.id if layer is not None else None)

    def _on_about_to_be_reset(self) -> None:
        self._row_before = self.currentIndex().row()

    def _on_reset(self) -> None:
        """Let the arrow keys go on where they were, for one who takes people off by keys."""
        row = min(self._row_before, self.people.people - 1)
        if row >= 0:
            self.selectionModel().setCurrentIndex(self.people.index(row), _NO_UPDATE)
        self._follow_selection()

    def _on_selection_changed(self) -> None:
        if self._is_following:
            return
        rows = self.selectionModel().selectedRows()
        layers = [self.people.layer_at(index) for index in rows]
        self._editor.select(layer.id for layer in layers if layer is not None)

    def _follow_selection(self) -> None:
        """Take over the editor's selection without answering to it."""
        self._is_following = True
        wanted = QItemSelection()
        for layer in find_selected(self._editor):
            index = self.people.index_of(layer.id)
            wanted.select(index, index)
        flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().select(wanted, flag)
        indexes = wanted.indexes()
        if indexes and self.currentIndex() not in indexes:
            self.selectionModel().setCurrentIndex(indexes[0], _NO_UPDATE)
        self._is_following = False


class PeoplePanel(Panel):
    """The list with its count, opacity and order."""

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__("People", parent)
        self._editor = editor
        self.view = PeopleView(editor)
        self.opacity = ValueSlider(OPACITY_SPEC)
        self.forward_button = make_tool_button("arrow-up", "Bring forward")
        self.backward_button = make_tool_button("arrow-down", "Send backward")
        self._last_button = self.backward_button
        self._build()
        editor.document_changed.connect(self._refresh)
        editor.selection_changed.connect(self._on_selection_changed)
        self._refresh()

    def offer(self, *actions: QAction) -> None:
        """Put actions into the heading, as buttons with their icons."""
        for action in actions:
            button = QToolButton()
            button.setDefaultAction(action)
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.add_to_heading(button)
            self.setTabOrder(self._last_button, button)
            self._last_button = button

    @Slot()
    def move_forward(self) -> None:
        """Move the selected people one step up."""
        self.move_selected(1)

    @Slot()
    def move_backward(self) -> None:
        """Move the selected people one step down."""
        self.move_selected(-1)

    def move_selected(self, steps: int) -> None:
        """Move the selected people in the stack one step, forward for 1, backward for -1."""
        document, people = self._editor.document, find_selected(self._editor)
        if document is None or not people:
            return
        order = [layer.id for layer in document.layers]
        for index, layer_id in enumerate(shift(order, self._editor.selection, steps)):
            document = reorder(document, layer_id, index)
        self._editor.end_gesture()
        self._editor.apply(document, f"order of {describe_people(people)}")

    def _build(self) -> None:
        for button, steps in ((self.forward_button, 1), (self.backward_button, -1)):
            self.add_to_heading(button)
            button.clicked.connect(self.move_forward if steps > 0 else self.move_backward)
        self.content.addWidget(self.view, 1)
        self.content.addWidget(self.opacity)
        self.opacity.setObjectName("opacity")
        self.opacity.moved.connect(self._on_opacity_moved)
        self.opacity.reset.connect(self._on_opacity_reset)
        self.opacity.released.connect(self._editor.end_gesture)

    def _on_opacity_moved(self, opacity: float) -> None:
        self._set_opacity(opacity, merge_key=("opacity", self._editor.selection))

    def _on_opacity_reset(self) -> None:
        self._editor.end_gesture()
        self._set_opacity(1.0, merge_key=None)

    def _set_opacity(self, opacity: float, merge_key: object) -> None:
        document, people = self._editor.document, find_selected(self._editor)
        if document is None or not people:
            return
        for layer in people:
            document = set_opacity(document, layer.id, opacity)
        self._editor.apply(document, f"opacity of {describe_people(people)}", merge_key)

    def _on_selection_changed(self) -> None:
        self._editor.end_gesture()
        self._refresh()

    def _refresh(self) -> None:
        document, people = self._editor.document, find_selected(self._editor)
        self.note.setText(
            f"{len(document.layers)} found" if document is not None and document.layers else ""
        )
        for widget in (self.opacity, self.forward_button, self.backward_button):
            widget.setEnabled(bool(people))
        self.opacity.show_value(people[0].opacity if people else 1.0)


def shift(order: Sequence[int], chosen: Collection[int], steps: int) -> list[int]:
    """Return an order in which the chosen moved by one place; those at the end stay.

    Args:
        order: ids from bottom to top.
        chosen: the ids that move.
        steps: 1 towards the top, -1 towards the bottom.
    """
    ids = list(reversed(order)) if steps > 0 else list(order)
    for i in range(1, len(ids)):
        if ids[i] in chosen and ids[i - 1] not in chosen:
            ids[i - 1], ids[i] = ids[i], ids[i - 1]
    return list(reversed(ids)) if steps > 0 else ids
