"""Ask for files and folders; the only place that opens the system's file dialogs."""

import os
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from himapp.document.project_file import PROJECT_SUFFIX, is_project
from himapp.imaging.photo_io import PHOTO_SUFFIXES
from himapp.paths import display_name


def ask_photo(parent: QWidget, title: str, folder: str) -> Path | None:
    """Ask for a file that can be opened; None if the user changed their mind."""
    patterns = " ".join(f"*{suffix}" for suffix in sorted(PHOTO_SUFFIXES))
    name, _ = QFileDialog.getOpenFileName(
        parent, title, folder, f"Photos ({patterns});;All files (*)"
    )
    return Path(name) if name else None


def ask_opening(parent: QWidget, folder: str) -> Path | None:
    """Ask for a photo or a project to open; None if the user changed their mind."""
    photos = " ".join(f"*{suffix}" for suffix in sorted(PHOTO_SUFFIXES))
    project = f"*{PROJECT_SUFFIX}"
    kinds = f"Photos and projects ({photos} {project});;Projects ({project});;All files (*)"
    name, _ = QFileDialog.getOpenFileName(parent, "Open a photo or a project", folder, kinds)
    return Path(name) if name else None


def ask_project(parent: QWidget, title: str, proposed: Path) -> Path | None:
    """Ask where to save a project; None if the user changed their mind.

    A name that does not end as projects do gets the suffix. Qt would add it only to names without
    a dot; so what the longer name would replace is asked about here.
    """
    name = _ask_project_name(parent, title, proposed)
    if name is None or is_project(name):
        return name
    path = name.with_name(f"{name.name}{PROJECT_SUFFIX}")
    if os.path.lexists(path) and not _may_replace(parent, title, path):
        return ask_project(parent, title, path)
    return path


def _ask_project_name(parent: QWidget, title: str, proposed: Path) -> Path | None:
    dialog = QFileDialog(parent, title, str(proposed.parent), f"Projects (*{PROJECT_SUFFIX})")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    # Added by the dialog itself, so that it asks about the file that is really replaced.
    dialog.setDefaultSuffix(PROJECT_SUFFIX.removeprefix("."))
    dialog.selectFile(proposed.name)
    is_chosen = dialog.exec() == QFileDialog.DialogCode.Accepted
    names = dialog.selectedFiles() if is_chosen else []
    dialog.deleteLater()
    return Path(names[0]) if names else None


def _may_replace(parent: QWidget, title: str, path: Path) -> bool:
    question = f"“{display_name(path)}” exists already. Replace it?"
    yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
    return QMessageBox.question(parent, title, question, yes | no, no) == yes


def ask_folder(parent: QWidget, title: str, folder: str) -> Path | None:
    """Ask for a folder to write to; None if the user changed their mind."""
    name = QFileDialog.getExistingDirectory(parent, title, folder)
    return Path(name) if name else None


def take_dropped_files(event: QDropEvent) -> list[Path]:
    """Return the local files and folders of a drag or a drop, and accept it as a copy.

    Whoever is told that files were moved may delete them: what may not be copied is not taken.
    """
    if not event.possibleActions() & Qt.DropAction.CopyAction:
        return []
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    if paths:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
    return paths
