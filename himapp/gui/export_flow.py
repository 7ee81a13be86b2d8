"""Ask what to export, remember it, and start."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QWidget

from himapp.document.changes import Changes
from himapp.document.document import Document
from himapp.document.export_options import CodingOptions, Content, ExportOptions
from himapp.document.export_presets import read_options, write_options
from himapp.gui.actions import Slots
from himapp.gui.dialogs.export_dialog import ExportDialog, ExportWish
from himapp.gui.editor import Editor
from himapp.gui.exporting import Exporting, ExportRequest
from himapp.gui.kept_settings import KeptSettings
from himapp.gui.proposed_folder import propose_folder
from himapp.settings import Settings


class OpenProject(Protocol):
    """Says where the document's project is."""

    @property
    def path(self) -> Path | None:
        """The project's file; None while there is none."""


class ExportFlow(QObject):
    """Opens the dialog with the last choices and hands the new ones on."""

    def __init__(
        self, editor: Editor, settings: KeptSettings, exporting: Exporting, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._editor = editor
        self._settings = settings
        self._exporting = exporting
        self._parent = parent
        self._project: OpenProject | None = None
        self.dialog: ExportDialog | None = None
        editor.document_changed.connect(self._on_document_changed)

    @property
    def action_slots(self) -> Slots:
        """What the actions of these names do."""
        return {
            "export": self.export_people,
            "export_people": self.export_people,
            "export_mattes": self.export_mattes,
            "export_composite": self.export_composite,
            "export_layers": self.export_layers,
        }

    def protect(self, project: OpenProject) -> None:
        """Know where the open project is: no export replaces it."""
        self._project = project

    @Slot()
    def export_people(self) -> None:
        """Ask, with cut-outs proposed."""
        self._ask("cut-out")

    @Slot()
    def export_mattes(self) -> None:
        """Ask, with mattes proposed."""
        self._ask("matte")

    @Slot()
    def export_composite(self) -> None:
        """Ask, with the picture proposed."""
        self._ask("composite")

    @Slot()
    def export_layers(self) -> None:
        """Ask, with one file of layers proposed."""
        self._ask("layered")

    def _ask(self, content: Content) -> None:
        document = self._editor.document
        if document is None:
            return
        needs_people = content in ("cut-out", "matte")
        content = "composite" if needs_people and not document.layers else content
        wish = make_wish(self._settings.value, self._editor, content)
        project = self._project.path if self._project is not None else None
        if project is not None:
            wish = replace(wish, options=replace(wish.options, protected=(project,)))
        self.dialog = ExportDialog(document, wish, self._parent)
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog.presets_changed.connect(self._on_presets_changed)
        self.dialog.accepted.connect(self._on_accepted)
        self.dialog.finished.connect(self._on_finished)
        self.dialog.open()

    def _on_document_changed(self, document: Document | None, changes: Changes | None) -> None:
        """Let the dialog follow its photo; with another one it goes."""
        if self.dialog is None:
            return
        if document is None or changes is None:
            self.dialog.reject()
        else:
            self.dialog.show_document(document)

    def _on_accepted(self) -> None:
        if self.dialog is not None:
            request = self.dialog.request
            self._settings.keep(remember_choices(self._settings.value, request))
            self._exporting.start(request)

    def _on_presets_changed(self, presets: dict[str, Any]) -> None:
        self._settings.keep(replace(self._settings.value, export_presets=presets))

    def _on_finished(self) -> None:
        if self.dialog is not None:
            shows_more = self.dialog.more_button.isChecked()
            self._settings.keep(replace(self._settings.value, export_shows_more=shows_more))
        self.dialog = None


def make_wish(settings: Settings, editor: Editor, content: Content) -> ExportWish:
    """Return the last choices of a content, in the last folder if it is there, or the photo's."""
    path = editor.document.photo.path if editor.document is not None else None
    last = settings.export_folder
    folder = Path(last) if last and os.path.isdir(last) else propose_folder(path)
    stored = settings.export_choices.get(content)
    options = read_options(stored) if stored is not None else _first_options(content)
    return ExportWish(
        options if options.content == content else _first_options(content),
        folder,
        selected=tuple(sorted(editor.selection)),
        presets=settings.export_presets,
        shows_more=settings.export_shows_more,
    )


def _first_options(content: Content) -> ExportOptions:
    is_layered = content == "layered"
    return ExportOptions(content, coding=CodingOptions("psd" if is_layered else "png"))


def remember_choices(settings: Settings, request: ExportRequest) -> Settings:
    """Return the settings with what the user chose."""
    choices = dict(settings.export_choices)
    choices[request.options.content] = write_options(request.options)
    return replace(settings, export_folder=str(request.folder), export_choices=choices)
