"""The Qt binding itself."""

import sys

from PySide6.QtCore import QObject


def test_the_binding_keeps_count_of_none(qapp: QObject) -> None:
    """PySide6 6.12.0 loses a reference to None per call on Python 3.11, and aborts after a while.

    Its wheel takes None for immortal, which it is from Python 3.12 on.
    """
    before = sys.getrefcount(None)
    for _ in range(200):
        qapp.setObjectName("himapp")
    assert sys.getrefcount(None) > before - 100
