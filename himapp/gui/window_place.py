"""The place and size of the window as text, to be found again at the next start."""

import base64
import binascii
from typing import Final

from PySide6.QtCore import QByteArray, QSize
from PySide6.QtWidgets import QWidget

_FIRST_SIZE: Final = QSize(1280, 832)


def describe_place(window: QWidget) -> str:
    """Return place and size of a window in Qt's own form, base64."""
    return base64.b64encode(bytes(window.saveGeometry().data())).decode("ascii")


def restore_place(window: QWidget, text: str) -> None:
    """Give a window the place that :func:`describe_place` told; a first size if that is none."""
    window.resize(_FIRST_SIZE)
    try:
        geometry = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return
    if geometry:
        window.restoreGeometry(QByteArray(geometry))
