"""The bar above the photo: what is used all the time, and Export at its end."""

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from himapp.gui import theme
from himapp.gui.actions import EXPORT_MENU, fill_menu

_ICON_SIZE = QSize(20, 20)
_STYLE: Final = f"""
QToolBar {{ padding: 4px 8px; spacing: 4px; border-bottom: 1px solid {theme.LINE.name()}; }}
QToolButton:checked {{
    background: {theme.ACCENT.darker(140).name()}; border: 1px solid {theme.ACCENT.name()};
    border-radius: 4px;
}}
#exportButton {{
    background: {theme.ACCENT.darker(115).name()}; color: {theme.ACCENT_TEXT.name()};
    border: none; border-radius: 4px; padding: 5px 32px 5px 10px;
}}
#exportButton:hover {{ background: {theme.ACCENT.name()}; }}
#exportButton:disabled {{
    background: {theme.BUTTON.name()}; color: {theme.DISABLED_TEXT.name()};
}}
#exportButton::menu-button {{
    border: none; border-left: 1px solid {theme.WINDOW.name()}; width: 24px;
}}
"""


class ToolBar(QToolBar):
    """Open, undo, redo and the tools at the left, the export with its kinds at the right."""

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__("Tools", parent)
        self.export_button = QToolButton()
        self.setObjectName("toolBar")
        self.setStyleSheet(_STYLE)
        self.setMovable(False)
        self.setIconSize(_ICON_SIZE)
        self.toggleViewAction().setEnabled(False)
        for name in ("open", "save", "undo", "redo"):
            self.addAction(actions[name])
        self.addSeparator()
        self.addAction(actions["add_person"])
        gap = QWidget()
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(gap)
        self._add_export_button(actions)

    def _add_export_button(self, actions: Mapping[str, QAction]) -> None:
        menu = QMenu(self)
        fill_menu(menu, EXPORT_MENU, actions)
        button = self.export_button
        button.setObjectName("exportButton")
        button.setDefaultAction(actions["export"])
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.addWidget(button)
