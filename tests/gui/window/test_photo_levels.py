"""The smaller versions of a photo that views of it are drawn from."""

import threading
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pytest
from pytestqt.qtbot import QtBot

from himapp.document import mip_levels
from himapp.gui.main_window import MainWindow


def test_smaller_versions_of_a_photo_are_made_while_it_is_read(
    qtbot: QtBot, window: MainWindow, photo_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_here: list[bool] = []
    halve = mip_levels.halve

    def note(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if pixels.ndim == 3:
            made_here.append(threading.current_thread() is threading.main_thread())
        return halve(pixels)

    monkeypatch.setattr(mip_levels, "halve", note)
    window.open_path(photo_file)
    qtbot.waitUntil(lambda: window.editor.document is not None and not window.is_busy)
    window.grab()
    assert made_here
    assert not any(made_here)
