"""Keys that belong to the window while something is being typed."""

from typing import Final

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent

_MODIFIERS: Final = (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta)


def is_left_to_window(event: QEvent) -> bool:
    """Whether a field that has seen this event leaves it to the window as a shortcut.

    Who saves, exports or quits so wants what stands in the field: it is to be taken over before.
    """
    if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.ShortcutOverride:
        return False
    has_control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
    return has_control and not event.isAccepted() and event.key() not in _MODIFIERS
