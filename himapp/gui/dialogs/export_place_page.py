"""Where an export goes and what its files are called."""

import os
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
)

from himapp.document.export_names import DEFAULT_TEMPLATES
from himapp.document.export_options import Collision, Content, NamingOptions
from himapp.gui.dialogs import files
from himapp.gui.dialogs.choice_box import ChoiceBox
from himapp.gui.dialogs.rows import in_row

_FIELDS: Final = (
    ("{stem}", "Name of the photo"),
    ("{person}", "Name of the person"),
    ("{index:02}", "Number of the person, two digits"),
    ("{date}", "Day the photo was taken"),
    ("{w}", "Width in pixels"),
    ("{h}", "Height in pixels"),
    ("{ext}", "Ending"),
)
_COLLISIONS: Final[tuple[tuple[Collision, str], ...]] = (
    ("rename", "Keep both: add a number"),
    ("overwrite", "Replace"),
    ("skip", "Skip"),
)


class PlacePage(QObject):
    """Rows of a form.

    Signals:
        changed: another choice was made.
    """

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.folder_field = QLineEdit()
        self.browse_button = QPushButton("Browse…")
        self.template_field = QLineEdit()
        self.fields_button = QToolButton()
        self.collision_box: ChoiceBox[Collision] = ChoiceBox(
            _COLLISIONS, "The photo itself is never replaced."
        )
        self._content: Content = "cut-out"
        self._proposed = Path.home()
        self._fill()

    def _fill(self) -> None:
        menu = QMenu(self.fields_button)
        for text, words in _FIELDS:
            menu.addAction(f"{words}  {text}", partial(self._insert, text))
        self.fields_button.setText("Insert")
        self.fields_button.setToolTip("Insert a field, which differs from file to file")
        self.fields_button.setMenu(menu)
        self.fields_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.folder_field.setAccessibleName("Folder")
        self.template_field.setAccessibleName("Names")
        self.collision_box.setAccessibleName("Existing files")
        self.folder_field.textChanged.connect(self.changed)
        self.template_field.textChanged.connect(self.changed)
        self.collision_box.currentIndexChanged.connect(self.changed)
        self.browse_button.clicked.connect(self._browse)

    def add_to(self, form: QFormLayout) -> None:
        """Put the rows into a form."""
        form.addRow("Folder", in_row(self.folder_field, self.browse_button, fills=True))
        form.addRow("Names", in_row(self.template_field, self.fields_button, fills=True))
        form.addRow("Existing files", self.collision_box)

    @property
    def folder(self) -> Path | None:
        """The folder chosen, in the one proposed unless it is a whole path; None without one."""
        text = self.folder_field.text().strip()
        return self._proposed / os.path.expanduser(text) if text else None

    def show_folder(self, folder: Path) -> None:
        """Show a folder, from which a shorter path goes on."""
        self._proposed = folder
        self.folder_field.setText(str(folder))

    def show_options(self, naming: NamingOptions, content: Content) -> None:
        """Show choices; the content's own template stands where none was chosen."""
        self._content = content
        self.template_field.setText(naming.template or DEFAULT_TEMPLATES[content])
        self.collision_box.choose(naming.collision)

    def follow_content(self, content: Content) -> None:
        """Let a template that nobody touched become that of another content."""
        is_untouched = self.template_field.text().strip() == DEFAULT_TEMPLATES[self._content]
        self._content = content
        if is_untouched:
            self.template_field.setText(DEFAULT_TEMPLATES[content])
        self.template_field.setPlaceholderText(DEFAULT_TEMPLATES[content])

    @property
    def template(self) -> str:
        """The template; empty for the content's own."""
        text = self.template_field.text().strip()
        return "" if text == DEFAULT_TEMPLATES[self._content] else text

    def _insert(self, text: str) -> None:
        self.template_field.insert(text)
        self.template_field.setFocus()

    def _browse(self) -> None:
        parent = self.browse_button.window()
        folder = files.ask_folder(parent, "Export to", self.folder_field.text())
        if folder is not None:
            self.show_folder(folder)
