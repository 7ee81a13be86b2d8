"""Ask what to export, remember it, and start."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QWidget

from himapp.document.export_plan import Content, ExportOptions
from himapp.gui.actions import Slots
from himapp.gui.dialogs.export_dialog import ExportDialog, ExportWish
from himapp.gui.editor import Editor
from himapp.gui.exporting import Exporting, ExportRequest
from himapp.gui.kept_settings import KeptSettings
from himapp.settings import Settings


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
        self.dialog: ExportDialog | None = None

    @property
    def action_slots(self) -> Slots:
        """What the actions of these names do."""
        return {
            "export": self.export_people,
            "export_people": self.export_people,
            "export_mattes": self.export_mattes,
            "export_composite": self.export_composite,
        }

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

    def _ask(self, content: Content) -> None:
        document = self._editor.document
        if document is None:
            return
        content = content if document.layers else "composite"
        wish = make_wish(self._settings.value, self._editor, content)
        self.dialog = ExportDialog(document, wish, self._parent)
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog.accepted.connect(self._on_accepted)
        self.dialog.finished.connect(self._on_finished)
        self.dialog.open()

    def _on_accepted(self) -> None:
        if self.dialog is not None:
            request = self.dialog.request
            self._settings.keep(remember_choices(self._settings.value, request))
            self._exporting.start(request)

    def _on_finished(self) -> None:
        self.dialog = None


def make_wish(settings: Settings, editor: Editor, content: Content) -> ExportWish:
    """Return the last choices for the open photo: beside it, with its name in front."""
    path = editor.document.photo.path if editor.document is not None else None
    folder = settings.export_folder or (str(path.parent) if path is not None else str(Path.home()))
    is_jpeg = content == "composite" and settings.export_jpeg
    options = ExportOptions(
        content=content,
        is_cropped=settings.export_cropped,
        image_format="jpeg" if is_jpeg else "png",
        name_prefix=f"{path.stem}-" if path is not None else "",
    )
    return ExportWish(options, Path(folder), tuple(sorted(editor.selection)))


def remember_choices(settings: Settings, request: ExportRequest) -> Settings:
    """Return the settings with what the user chose."""
    options = request.options
    is_picture = options.content == "composite"
    return replace(
        settings,
        export_folder=str(request.folder),
        export_cropped=settings.export_cropped if is_picture else options.is_cropped,
        export_jpeg=options.image_format == "jpeg" if is_picture else settings.export_jpeg,
    )
