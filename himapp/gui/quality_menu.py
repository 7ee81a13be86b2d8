"""The menu that says how much work people's edges are worth."""

from dataclasses import replace
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from himapp.gui.kept_settings import KeptSettings
from himapp.settings import QualityChoice
from himapp.workers.matting_worker import MattingService

_CHOICES: Final[dict[QualityChoice, tuple[str, str]]] = {
    "draft": ("&Draft", "A quick look at fewer pixels"),
    "normal": ("&Normal", "For most photos"),
    "best": ("&Best", "Look at the photo twice: better people and edges, about twice the time"),
}


class QualityMenu(QMenu):
    """Keeps the choice in the settings and lets it hold from the next search on.

    Signals:
        told: a sentence that says from when on the choice holds.
    """

    told = Signal(str)

    def __init__(
        self, settings: KeptSettings, matting: MattingService, parent: QWidget | None = None
    ) -> None:
        super().__init__("&Quality", parent)
        self._settings = settings
        self._matting = matting
        self.setToolTipsVisible(True)
        group = QActionGroup(self)
        for name, (text, tip) in _CHOICES.items():
            action = group.addAction(self.addAction(text))
            action.setObjectName(f"quality_{name}")
            action.setToolTip(tip)
            action.setCheckable(True)
            action.setChecked(name == settings.value.quality)
            action.setData(name)
        group.triggered.connect(self._on_triggered)

    def _on_triggered(self, action: QAction) -> None:
        quality: QualityChoice = action.data()
        if quality == self._settings.value.quality:
            return
        self._settings.keep(replace(self._settings.value, quality=quality))
        self._matting.renew_session()
        name = action.text().replace("&", "")
        self.told.emit(f"{name} quality, from the next search for people on.")
