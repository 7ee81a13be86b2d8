"""Ask what to do about a project's photo that is missing or changed."""

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from himapp.errors import ChangedPhotoError, ProjectError

PhotoAnswer = Literal["locate", "use", "cancel"]


def ask_about_photo(parent: QWidget, error: ProjectError) -> PhotoAnswer:
    """Offer to look for the photo, and to take a changed one of the same size."""
    box = QMessageBox(QMessageBox.Icon.Question, "himapp", str(error), parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)  # it names files
    role = QMessageBox.ButtonRole
    locate = box.addButton("&Locate…", role.AcceptRole)
    use = None
    if isinstance(error, ChangedPhotoError) and error.has_same_size:
        box.setInformativeText("The people's mattes were made for the photo as it was.")
        use = box.addButton("&Use it anyway", role.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(locate)
    box.exec()
    if use is not None and box.clickedButton() is use:
        return "use"
    return "locate" if box.clickedButton() is locate else "cancel"
