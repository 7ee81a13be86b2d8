"""What happens on an error nobody foresaw: a log entry and a report; the document stays open."""

import logging
import platform
import sys
import threading
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Final

import PySide6
from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication

from himapp import __version__
from himapp.gui.dialogs.report_dialog import ReportDialog

_log = logging.getLogger(__name__)

_LOG_BYTES: Final = 1 << 20
_SENTENCE: Final = (
    "Something unexpected went wrong. Your work is still open; save it now by Ctrl+S."
)


def start_log(folder: Path) -> Path | None:
    """Write the log into a folder, kept small; without the rights go on without a file.

    Returns:
        The log file; None if it cannot be written.
    """
    path = folder / "himapp.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=2, encoding="utf-8")
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    return path


class CrashHandler(QObject):
    """Takes over what no code caught, on every thread, and shows one report at a time."""

    _caught = Signal(str)

    def __init__(self, log_file: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log_file = log_file
        self.dialog: ReportDialog | None = None
        self._hooks = sys.excepthook, threading.excepthook
        self._caught.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Become the hook for uncaught exceptions."""
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception

    def remove(self) -> None:
        """Give the hooks back."""
        sys.excepthook, threading.excepthook = self._hooks

    def _on_exception(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        _log.error("Uncaught exception", exc_info=(kind, error, trace))
        self._caught.emit("".join(traceback.format_exception(kind, error, trace)))

    def _on_thread_exception(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            self._on_exception(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    @Slot(str)
    def _show(self, trace: str) -> None:
        if self.dialog is not None:
            return
        report = self._write_report(trace)
        self.dialog = ReportDialog(_SENTENCE, report, QApplication.activeWindow())
        self.dialog.finished.connect(self._on_closed)
        self.dialog.open()

    def _on_closed(self) -> None:
        self.dialog = None

    def _write_report(self, trace: str) -> str:
        where = f"Log: {self._log_file}\n" if self._log_file is not None else ""
        return f"{describe_system()}\n{where}\n{trace}"


def describe_system() -> str:
    """Return the versions that a report needs."""
    return (
        f"himapp {__version__}, Python {platform.python_version()}, Qt {PySide6.__version__}, "
        f"{platform.platform()}"
    )
