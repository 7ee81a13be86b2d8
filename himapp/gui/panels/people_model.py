"""The people of the document as a list for Qt: the topmost first, the background last."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from himapp.document.background import (
    Background,
    BlurBackground,
    ColourBackground,
    ImageBackground,
    PhotoBackground,
    TransparentBackground,
)
from himapp.document.changes import Changes
from himapp.document.document import Document
from himapp.document.edits import rename, reorder, set_visible, show_only
from himapp.document.layers import PersonLayer
from himapp.gui.editor import Editor
from himapp.gui.people import describe_solo

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class PeopleRole(IntEnum):
    """What the delegate asks for beyond Qt's own roles."""

    LAYER = Qt.ItemDataRole.UserRole + 1
    """The :class:`PersonLayer`; None for the background."""
    IS_HOVERED = Qt.ItemDataRole.UserRole + 2
    """Whether the pointer is over this person, here or on the canvas."""


class PeopleModel(QAbstractListModel):
    """Follows the editor; a row names a person by id, so that undo cannot confuse it."""

    def __init__(self, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._ids: list[int] = []
        self._hovered: int | None = None
        editor.document_changed.connect(self._on_document_changed)
        editor.hovered_changed.connect(self._on_hovered_changed)

    @property
    def people(self) -> int:
        """How many rows are people."""
        return len(self._ids)

    def rowCount(self, parent: Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """Return the number of people and one for the background; none without a photo."""
        if parent.isValid() or self._editor.document is None:
            return 0
        return len(self._ids) + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a row's name, layer, tooltip or text for screen readers."""
        layer = self.layer_at(index)
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return layer.name if layer is not None else "Background"
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return self._describe(layer)
            case PeopleRole.LAYER:
                return layer
            case PeopleRole.IS_HOVERED:
                return layer is not None and layer.id == self._hovered
        return None

    def setData(  # noqa: N802 - Qt's name
        self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Rename a person."""
        document, layer = self._editor.document, self.layer_at(index)
        if role != Qt.ItemDataRole.EditRole or document is None or layer is None:
            return False
        self._editor.end_gesture()
        self._editor.apply(rename(document, layer.id, str(value)), f"name of {layer.name}")
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        """People can be selected, renamed and dragged; between rows they can be dropped."""
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        flag = Qt.ItemFlag
        base = flag.ItemIsEnabled | flag.ItemNeverHasChildren
        if self.layer_at(index) is None:
            return base
        return base | flag.ItemIsSelectable | flag.ItemIsEditable | flag.ItemIsDragEnabled

    def supportedDropActions(self) -> Qt.DropAction:  # noqa: N802 - Qt's name
        """Rows move; nothing is copied."""
        return Qt.DropAction.MoveAction

    def moveRows(  # noqa: N802 - Qt's name and arguments
        self, _source: Index, row: int, count: int, _target: Index, before: int
    ) -> bool:
        """Move a person in the stack: the rows run from the top, the stack from the bottom."""
        document = self._editor.document
        if document is None or count != 1 or not 0 <= row < len(self._ids):
            return False
        new_row = min(before - 1 if before > row else before, len(self._ids) - 1)
        layer = document.find_layer(self._ids[row])
        moved = reorder(document, layer.id, len(self._ids) - 1 - new_row)
        self._editor.end_gesture()
        self._editor.apply(moved, f"order of {layer.name}")
        return moved is not document

    def layer_at(self, index: Index) -> PersonLayer | None:
        """Return the person of a row; None for the background and for no row."""
        document = self._editor.document
        if document is None or not index.isValid() or index.row() >= len(self._ids):
            return None
        return document.find_layer(self._ids[index.row()])

    def index_of(self, layer_id: int) -> QModelIndex:
        """Return the row of a person; an invalid index if there is none."""
        return self.index(self._ids.index(layer_id)) if layer_id in self._ids else QModelIndex()

    def toggle_eye(self, layer_id: int, *, alone: bool = False) -> None:
        """Turn a person's eye on or off, or leave only this one on."""
        document = self._editor.document
        if document is None:
            return
        layer = document.find_layer(layer_id)
        self._editor.end_gesture()
        if alone:
            after = show_only(document, layer_id)
            self._editor.apply(after, describe_solo(after, [layer]))
            return
        word = "hiding" if layer.visible else "showing"
        after = set_visible(document, layer_id, visible=not layer.visible)
        self._editor.apply(after, f"{word} {layer.name}")

    def _describe(self, layer: PersonLayer | None) -> str:
        if layer is not None:
            hidden = "" if layer.visible else ", hidden"
            return f"{layer.name}, opacity {layer.opacity * 100:.0f} %{hidden}"
        document = self._editor.document
        return describe_background(document.background) if document is not None else ""

    def _on_document_changed(self, document: Document | None, changes: Changes | None) -> None:
        ids = [layer.id for layer in reversed(document.layers)] if document is not None else []
        if changes is None or changes.photo_changed or set(ids) != set(self._ids):
            self.beginResetModel()
            self._ids = ids
            self.endResetModel()
        elif ids != self._ids:
            self._reorder(ids)
        if self.rowCount():
            self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))

    def _reorder(self, ids: Sequence[int]) -> None:
        """Take over another order; selected and current rows stay with their people."""
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        new = [self._index_after(ids, index) for index in old]
        self._ids = list(ids)
        self.changePersistentIndexList(old, new)
        self.layoutChanged.emit()

    def _index_after(self, ids: Sequence[int], index: QModelIndex) -> QModelIndex:
        if index.row() >= len(self._ids):
            return index
        return self.createIndex(ids.index(self._ids[index.row()]), 0)

    def _on_hovered_changed(self, hovered: int | None) -> None:
        changed = [i for i in (self._hovered, hovered) if i is not None]
        self._hovered = hovered
        for index in map(self.index_of, changed):
            if index.isValid():
                self.dataChanged.emit(index, index, [PeopleRole.IS_HOVERED])


def describe_background(background: Background) -> str:
    """Return in words what stands behind the people."""
    match background:
        case PhotoBackground():
            return "Original photo"
        case TransparentBackground():
            return "Transparent"
        case ColourBackground():
            return "Colour"
        case ImageBackground():
            return "Image"
        case BlurBackground():
            return "Blurred photo"
