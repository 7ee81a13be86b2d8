"""Start the window.

torch takes seconds to load and is not needed to show a photo: it is loaded on the matting thread,
by the session, after the window is visible. Windows is the exception: there torch's libraries do
not load once Qt's are in the process, so that it must come first.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

if sys.platform == "win32":
    import torch  # noqa: F401 - see above; this is the one place that decides


from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from himapp import __version__
from himapp.gui.crash import CrashHandler, start_log
from himapp.gui.main_window import MainWindow
from himapp.gui.theme import apply_theme
from himapp.inference.session import MattingSession
from himapp.paths import log_dir
from himapp.pipeline import open_session
from himapp.settings import load_settings


def main(photos: Sequence[Path] = ()) -> int:
    """Show the window until it is closed and return the exit code.

    Args:
        photos: files or folders to open; the first photo or project counts.
    """
    app = create_application()
    crash_handler = CrashHandler(start_log(log_dir()), app)
    crash_handler.install()
    window = MainWindow(open_chosen_session)
    window.show()
    window.open_paths(list(photos))
    window.recovering.start()
    try:
        return app.exec()
    finally:
        crash_handler.remove()


def create_application() -> QApplication:
    """Return the application with its name and theme."""
    app = QApplication(sys.argv[:1])
    app.setApplicationName("himapp")
    app.setApplicationVersion(__version__)
    QGuiApplication.setDesktopFileName("himapp")
    apply_theme(app)
    return app


def open_chosen_session() -> MattingSession:
    """Return a session on the device and of the quality that the settings name."""
    settings = load_settings()
    return open_session(settings.device, settings.quality)
