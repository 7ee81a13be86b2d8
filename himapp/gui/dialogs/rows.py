"""Widgets side by side, as one row of a form."""

from PySide6.QtWidgets import QHBoxLayout, QWidget


def in_row(*widgets: QWidget, fills: bool = False) -> QWidget:
    """Put widgets side by side.

    Args:
        widgets: from the left.
        fills: whether they take the row's whole width; else they stand at its left.
    """
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for widget in widgets:
        row.addWidget(widget)
    if not fills:
        row.addStretch(1)
    return holder
