"""Where new files are proposed: beside the photo, if that is a place for the user's files."""

import os
from pathlib import Path

from himapp.paths import samples_dir


def propose_folder(photo: Path | None) -> Path:
    """Return a photo's folder; home without one, where nothing can be written, and for samples."""
    if photo is None:
        return Path.home()
    folder = photo.absolute().parent
    is_ours = folder == samples_dir()
    return Path.home() if is_ours or not os.access(folder, os.W_OK) else folder
