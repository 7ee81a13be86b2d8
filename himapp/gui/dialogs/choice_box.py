"""A box of choices that says why one of them cannot be made."""

from collections.abc import Iterable
from typing import Generic, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QWidget

Value = TypeVar("Value", bound=str)


class ChoiceBox(QComboBox, Generic[Value]):
    """Offers values under words."""

    def __init__(
        self, choices: Iterable[tuple[Value, str]], tip: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        for value, words in choices:
            self.addItem(words, value)
        self._tip = tip
        self.setToolTip(tip)

    @property
    def value(self) -> Value:
        """What is chosen."""
        chosen: Value = self.currentData()
        return chosen

    def choose(self, value: Value) -> None:
        """Choose a value."""
        self.setCurrentIndex(self.findData(value))

    def explain(self, value: Value, reason: str | None) -> None:
        """Let a value be chosen or not, and say why not in its tooltip."""
        item = self._item(value)
        item.setEnabled(reason is None)
        item.setToolTip(reason or "")

    def allow(self, reason: str | None) -> None:
        """Let the whole box be used or not, and say why not in its tooltip."""
        allow(self, reason, self._tip)

    def _item(self, value: Value) -> QStandardItem:
        model = self.model()
        if not isinstance(model, QStandardItemModel):
            raise TypeError("A combo box without another model has a standard one")
        return model.item(self.findData(value, Qt.ItemDataRole.UserRole))


def allow(widget: QWidget, reason: str | None, tip: str = "") -> None:
    """Let a widget be used, with its own tooltip, or not, with the reason in its tooltip."""
    widget.setEnabled(reason is None)
    widget.setToolTip(tip if reason is None else reason)
