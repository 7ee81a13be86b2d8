"""The user's choices while the window is open, written whenever one changes."""

from PySide6.QtCore import QObject, Signal

from himapp.errors import ExportError
from himapp.settings import Settings, load_settings, save_settings


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
        """Take over settings and write them."""
        if settings == self._value:
            return
        self._value = settings
        try:
            save_settings(settings)
        except ExportError as error:
            self.failed.emit(str(error))
