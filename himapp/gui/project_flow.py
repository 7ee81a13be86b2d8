"""Where the open document is saved: asks for a place when there is none, and remembers it."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from himapp.document.document import Document
from himapp.document.project_file import PROJECT_SUFFIX
from himapp.gui.actions import Slots
from himapp.gui.dialogs import files
from himapp.gui.editor import Editor
from himapp.gui.project_saving import ProjectSaving
from himapp.gui.proposed_folder import propose_folder


class ProjectFlow(QObject):
    """Saves the open document as a project, under the name it has or one that is asked for.

    Args:
        editor: holds the document.
        saving: writes the file.
        embed_action: says whether the photo's own file goes into the project.
        parent: the window over which is asked.

    Signals:
        path_changed: another project is open, or the document has a name now.
    """

    path_changed = Signal()

    def __init__(
        self, editor: Editor, saving: ProjectSaving, embed_action: QAction, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._editor = editor
        self._saving = saving
        self._embed_action = embed_action
        self._parent = parent
        self._path: Path | None = None
        saving.saved.connect(self._on_saved)
        embed_action.triggered.connect(self._on_embed_chosen)

    @property
    def path(self) -> Path | None:
        """The project's file; None before the document was saved as one."""
        return self._path

    @property
    def embeds_photo(self) -> bool:
        """Whether the photo's own file is to go into the project."""
        return self._embed_action.isChecked()

    @property
    def action_slots(self) -> Slots:
        """What the actions of these names do."""
        return {"save": self.save, "save_as": self.save_as}

    def follow(self, path: Path | None, *, embeds_photo: bool = False) -> None:
        """Take over the name of a document that was just opened; None for a photo."""
        self._path = path
        self._embed_action.setChecked(embeds_photo)
        self.path_changed.emit()

    @Slot()
    def save(self) -> bool:
        """Save the document; ask for a name first if it has none.

        Returns:
            Whether it is being saved.
        """
        if self._path is None:
            return self.save_as()
        return self._start(self._path)

    @Slot()
    def save_as(self) -> bool:
        """Save the document under a name that is asked for.

        Returns:
            Whether it is being saved.
        """
        document = self._editor.document
        if document is None:
            return False
        path = files.ask_project(self._parent, "Save the project", self._propose())
        # Another photo may have been opened meanwhile: the name was not meant for that.
        is_meant = self._editor.shows_photo_of(document)
        return path is not None and is_meant and self._start(path)

    def _start(self, path: Path) -> bool:
        self._editor.end_gesture()
        self._saving.save(path, embed_photo=self.embeds_photo)
        return self._saving.is_busy

    def _propose(self) -> Path:
        """Return the project's own name, or the photo's beside the photo if that is possible."""
        if self._path is not None:
            return self._path
        photo = self._editor.document.photo.path if self._editor.document is not None else None
        if photo is None:
            return Path.home() / f"project{PROJECT_SUFFIX}"
        return propose_folder(photo) / f"{photo.stem}{PROJECT_SUFFIX}"

    @Slot(object, object)
    def _on_saved(self, path: Path, document: Document) -> None:
        if self._editor.shows_photo_of(document):
            self._path = path
            self.path_changed.emit()

    @Slot()
    def _on_embed_chosen(self) -> None:
        """Count the document as unsaved: its project is to hold something else now."""
        if self._path is not None:
            self._editor.undo_stack.resetClean()
