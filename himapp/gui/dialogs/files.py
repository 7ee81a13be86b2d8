"""Ask for a photo, an image or a folder; the only place that opens the system's file dialogs."""

from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtWidgets import QFileDialog, QWidget

from himapp.imaging.photo_io import PHOTO_SUFFIXES


def ask_photo(parent: QWidget, title: str, folder: str) -> Path | None:
    """Ask for a file that can be opened; None if the user changed their mind."""
    patterns = " ".join(f"*{suffix}" for suffix in sorted(PHOTO_SUFFIXES))
    name, _ = QFileDialog.getOpenFileName(
        parent, title, folder, f"Photos ({patterns});;All files (*)"
    )
    return Path(name) if name else None


def ask_folder(parent: QWidget, title: str, folder: str) -> Path | None:
    """Ask for a folder to write to; None if the user changed their mind."""
    name = QFileDialog.getExistingDirectory(parent, title, folder)
    return Path(name) if name else None


def find_dropped_files(data: QMimeData) -> list[Path]:
    """Return the local files and folders that are dragged or pasted, in their order."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
