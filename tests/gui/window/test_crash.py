"""Errors nobody foresaw: logged, shown, survived."""

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from himapp.gui.crash import CrashHandler, start_log

pytestmark = pytest.mark.expects_log_warning


@pytest.fixture
def handler(qtbot: QtBot, tmp_path: Path) -> Iterator[CrashHandler]:
    handler = CrashHandler(tmp_path / "himapp.log")
    handler.install()
    yield handler
    handler.remove()


def raise_here(message: str) -> None:
    try:
        raise RuntimeError(message)
    except RuntimeError:
        sys.excepthook(*sys.exc_info())


def test_a_report_can_be_copied(qtbot: QtBot, handler: CrashHandler, caplog) -> None:
    raise_here("broken wing")
    qtbot.waitUntil(lambda: handler.dialog is not None)
    report = handler.dialog.report.toPlainText()
    assert "RuntimeError: broken wing" in report
    assert "himapp.log" in report
    assert "broken wing" in caplog.text
    qtbot.mouseClick(handler.dialog.copy_button, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == report
    handler.dialog.reject()
    assert handler.dialog is None


def test_threads_are_heard_too_and_one_dialog_is_enough(
    qtbot: QtBot, handler: CrashHandler
) -> None:
    def fail() -> None:
        raise RuntimeError("on a thread")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    raise_here("second")
    qtbot.waitUntil(lambda: handler.dialog is not None)
    assert "on a thread" in handler.dialog.report.toPlainText()
    dialog = handler.dialog
    QApplication.processEvents()
    assert handler.dialog is dialog
    dialog.reject()


def test_the_hooks_are_given_back(qtbot: QtBot) -> None:
    before = sys.excepthook, threading.excepthook
    handler = CrashHandler(None)
    handler.install()
    assert sys.excepthook != before[0]
    handler.remove()
    assert (sys.excepthook, threading.excepthook) == before


def test_the_log_goes_to_a_file(tmp_path: Path) -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    path = start_log(tmp_path / "logs")
    try:
        logging.getLogger("himapp").warning("kept")
    finally:
        for added in set(root.handlers) - set(before):
            root.removeHandler(added)
            added.close()
        root.setLevel(level)
    assert path is not None
    assert "WARNING himapp: kept" in path.read_text(encoding="utf-8")


def test_without_a_place_for_the_log_the_window_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert start_log(tmp_path / "file" / "logs") is None
