"""What of a document shows on the canvas beyond its pixels."""

from himapp.document.background import ImageBackground, TransparentBackground
from himapp.document.changes import Changes
from himapp.document.document import Document


def has_clear_parts(document: Document) -> bool:
    """Return whether something transparent may be seen."""
    background = document.background
    has_bars = isinstance(background, ImageBackground) and background.fit == "fit"
    return has_bars or isinstance(background, TransparentBackground)


def changes_look(changes: Changes) -> bool:
    """Return whether the picture changed, and not only the list."""
    looks = {"adjustments", "opacity", "visible"}
    return changes.background_changed or any(looks & set(a) for a in changes.changed.values())
