"""Presets of an export: choose one, keep the choices as one, rename and delete one's own."""

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFormLayout, QInputDialog, QMenu, QMessageBox, QToolButton

from himapp.document.export_options import ExportOptions
from himapp.document.export_presets import (
    BUILT_IN_PRESETS,
    is_own_name,
    read_options,
    write_options,
)
from himapp.gui.dialogs.choice_box import ChoiceBox
from himapp.gui.dialogs.rows import in_row
from himapp.gui.icons import icon

_NONE: Final = ""
_LONGEST_NAME: Final = 60


class PresetBar(QObject):
    """A row of a form.

    Args:
        kept: the user's own presets by name, as the settings keep them.

    Signals:
        chosen: ``(ExportOptions)`` of a preset.
        kept_changed: ``(dict)``, the user's own presets as they are now.
    """

    chosen = Signal(object)
    kept_changed = Signal(object)

    def __init__(self, kept: Mapping[str, Any], parent: QObject) -> None:
        super().__init__(parent)
        self._kept = dict(kept)
        self._options = ExportOptions()
        self.box: ChoiceBox[str] = ChoiceBox(())
        self.box.setAccessibleName("Preset")
        self.menu_button = QToolButton()
        self.menu = QMenu(self.menu_button)
        self.save_action = self.menu.addAction("&Save as preset…", self._save)
        self.rename_action = self.menu.addAction("&Rename…", self._rename)
        self.delete_action = self.menu.addAction("&Delete", self._delete)
        self._fill()
        self.box.activated.connect(self._on_activated)

    def _fill(self) -> None:
        self.menu_button.setIcon(icon("dots-three"))
        self.menu_button.setToolTip("Save, rename and delete presets")
        self.menu_button.setAccessibleName("Presets")
        self.menu_button.setMenu(self.menu)
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu.setToolTipsVisible(True)
        self._list_presets()

    def _list_presets(self) -> None:
        self.box.clear()
        self.box.addItem("Own choices", _NONE)
        for preset in BUILT_IN_PRESETS:
            self.box.addItem(preset.name, preset.name)
        if self._kept:
            self.box.insertSeparator(self.box.count())
        for name in sorted(self._kept, key=str.casefold):
            self.box.addItem(name, name)
        self.show_match(self._options)

    def add_to(self, form: QFormLayout) -> None:
        """Put the row into a form."""
        form.addRow("Preset", in_row(self.box, self.menu_button))

    def show_match(self, options: ExportOptions) -> None:
        """Show which preset these choices are, if any; people do not count."""
        self._options = options
        stored = write_options(options)
        shown = [name for name, other in self._presets().items() if write_options(other) == stored]
        if self.box.value not in shown:
            self.box.choose(shown[0] if shown else _NONE)
        self._allow_actions()

    def _allow_actions(self) -> None:
        is_own = self.box.value in self._kept
        for action in (self.rename_action, self.delete_action):
            action.setEnabled(is_own)
            action.setToolTip("" if is_own else "Choose a preset of your own first.")

    def _presets(self) -> dict[str, ExportOptions]:
        own = {name: read_options(stored) for name, stored in self._kept.items()}
        return {**{preset.name: preset.options for preset in BUILT_IN_PRESETS}, **own}

    def _on_activated(self) -> None:
        options = self._presets().get(self.box.value)
        if options is not None:
            self.chosen.emit(options)
        self._allow_actions()

    def _save(self) -> None:
        name = self._ask_name("Save as preset", self.box.value if self._is_own() else "")
        if name is not None:
            self._keep({**self._kept, name: write_options(self._options)}, name)

    def _rename(self) -> None:
        old = self.box.value
        name = self._ask_name("Rename preset", old)
        if name is not None and name != old:
            others = {key: value for key, value in self._kept.items() if key != old}
            self._keep({**others, name: self._kept[old]}, name)

    def _delete(self) -> None:
        name = self.box.value
        self._keep({key: value for key, value in self._kept.items() if key != name}, _NONE)

    def _is_own(self) -> bool:
        return self.box.value in self._kept

    def _keep(self, kept: dict[str, Any], shown: str) -> None:
        self._kept = kept
        self._list_presets()
        self.box.choose(shown)
        self._allow_actions()
        self.kept_changed.emit(dict(kept))

    def _ask_name(self, title: str, proposed: str) -> str | None:
        """Ask for a name until it is one; None if the user changed their mind."""
        parent = self.box.window()
        name, is_given = QInputDialog.getText(parent, title, "Name", text=proposed)
        name = name.strip()[:_LONGEST_NAME]
        if not is_given or not name:
            return None
        if is_own_name(name):
            return name
        QMessageBox.information(parent, title, f"“{name}” is one of the program's presets.")
        return None
