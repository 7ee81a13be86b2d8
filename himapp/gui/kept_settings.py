"""The user's choices while the window is open, written whenever one changes."""

from dataclasses import fields, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from himapp.errors import ExportError
from himapp.settings import Settings, load_settings, remember_file, save_settings


class KeptSettings(QObject):
    """Holds the settings.

    Signals:
        failed: a sentence; a full disk must not stop anybody's work.
    """

    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._value = load_settings()

    @property
    def value(self) -> Settings:
        """The settings as they are now."""
        return self._value

    def keep(self, settings: Settings) -> None:
        """Take over what changed and write it.

        What another window has chosen meanwhile stays, and its recent files stay in the list.
        """
        if settings == self._value:
            return
        settings = self._value = _merge(load_settings(), self._value, settings)
        try:
            save_settings(settings)
        except ExportError as error:
            self.failed.emit(str(error))


def _merge(stored: Settings, before: Settings, after: Settings) -> Settings:
    """Return the stored settings with what differs before and after."""
    changed: dict[str, Any] = {
        field.name: getattr(after, field.name)
        for field in fields(Settings)
        if getattr(after, field.name) != getattr(before, field.name)
    }
    if after.recent_files and "recent_files" in changed:
        changed["recent_files"] = remember_file(stored.recent_files, after.recent_files[0])
    return replace(stored, **changed)
