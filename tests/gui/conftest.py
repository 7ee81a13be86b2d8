"""What holds for every test of the window: nothing that lives is left over."""

import gc
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThread, QTimer
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid


@pytest.fixture(autouse=True)
def _nothing_left_over() -> Iterator[None]:
    """Fail a test after which a widget, a running thread or a running timer is left."""
    yield
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        return
    gc.collect()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    left = [repr(widget) for widget in app.topLevelWidgets()]
    left += [repr(thing) for thing in find_running(app.thread())]
    if left:
        pytest.fail("Left over:\n" + "\n".join(left), pytrace=False)


def find_running(main_thread: QThread) -> list[QObject]:
    """Threads and timers of Python that run, but for the main thread."""
    things = gc.get_objects()
    threads = [thing for thing in things if issubclass(type(thing), QThread) and isValid(thing)]
    timers = [thing for thing in things if issubclass(type(thing), QTimer) and isValid(thing)]
    running = [thread for thread in threads if thread.isRunning() and thread != main_thread]
    return [*running, *(timer for timer in timers if timer.isActive())]
