"""Texts of buttons and menus, where Qt makes a letter after ``&`` a shortcut."""


def without_mnemonic(text: str) -> str:
    """Return a name as a button or a menu takes it to show every ``&`` and make no shortcut."""
    return text.replace("&", "&&")
