"""What follows when a project was read: its name, its photo, the edits a crash left behind."""

from dataclasses import replace

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from himapp.gui.autosaving import Autosaving
from himapp.gui.dialogs import files, photo_question
from himapp.gui.editor import Editor
from himapp.gui.opened_file import OpenedFile, PhotoQuestion
from himapp.gui.opening import PhotoOpening
from himapp.gui.project_flow import ProjectFlow


class ProjectOpening(QObject):
    """Joins the opening of files to the project's name and the recovery file."""

    def __init__(
        self,
        editor: Editor,
        opening: PhotoOpening,
        project: ProjectFlow,
        autosaving: Autosaving,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._editor = editor
        self._opening = opening
        self._project = project
        self._autosaving = autosaving
        self._parent = parent
        opening.file_opened.connect(self._on_opened)
        opening.photo_asked.connect(self._on_photo_asked)
        opening.people_found.connect(self._on_people_found)
        editor.document_changed.connect(self._on_document_changed)

    @Slot(object)
    def _on_opened(self, opened: OpenedFile) -> None:
        self._project.follow(opened.project, embeds_photo=opened.embeds_photo)
        if opened.left is not None:
            self._autosaving.adopt(opened.left.place)
        if opened.left is not None or opened.has_other_photo:
            self._editor.undo_stack.resetClean()  # no project holds this yet

    @Slot(object)
    def _on_photo_asked(self, question: PhotoQuestion) -> None:
        wish, error = question.wish, question.error
        answer = photo_question.ask_about_photo(self._parent, error)
        if answer == "use":
            self._opening.read(replace(wish, photo=error.path, accept_changed=True))
        elif answer == "locate":
            folder = str(wish.path.parent if wish.left is None else error.path.parent)
            photo = files.ask_photo(self._parent, f"Where is “{error.path.name}”?", folder)
            if photo is not None:
                self._opening.read(replace(wish, photo=photo, accept_changed=False))
                return
        if answer != "use":
            self._opening.give_up(wish)

    @Slot(object)
    def _on_people_found(self, _result: object) -> None:
        """People who were found in an open project are not in its file yet."""
        if self._project.path is not None:
            self._editor.undo_stack.resetClean()

    @Slot(object, object)
    def _on_document_changed(self, document: object, _changes: object) -> None:
        if document is None:
            self._project.follow(None)
