"""Where the program's resources lie, and where the user's settings and logs go.

Resources stand beside the ``himapp`` package in the source tree, and inside the unpacked
application when it is frozen by PyInstaller. The user's folders follow the habits of the
platform (XDG base directories on Linux). No function here creates anything.
"""

import os
import sys
from pathlib import Path

_APPLICATION = "himapp"
_DEFAULT_WEIGHTS = "e2e_him_lite"


def resources_dir() -> Path:
    """Return the folder of weights, samples, licences, icons and translations."""
    bundle = getattr(sys, "_MEIPASS", None)
    root = Path(bundle) if bundle else Path(__file__).resolve().parent.parent
    return root / "resources"


def weights_path(name: str = _DEFAULT_WEIGHTS) -> Path:
    """Return where the weights of the network ``name`` lie; the file may be missing."""
    return resources_dir() / "weights" / f"{name}.safetensors"


def weights_manifest_path() -> Path:
    """Return the manifest with size and SHA-256 of every weights file."""
    return resources_dir() / "weights" / "manifest.json"


def samples_dir() -> Path:
    """Return the folder of the sample photos."""
    return resources_dir() / "samples"


def licences_dir() -> Path:
    """Return the folder of the licence texts of everything the program contains."""
    return resources_dir() / "licences"


def settings_dir() -> Path:
    """Return the user's folder for settings; it may not exist yet."""
    if sys.platform == "win32":
        return _user_dir("APPDATA", "AppData/Roaming")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / _APPLICATION
    return _user_dir("XDG_CONFIG_HOME", ".config")


def settings_path() -> Path:
    """Return the user's settings file; it may not exist yet."""
    return settings_dir() / "settings.json"


def log_dir() -> Path:
    """Return the user's folder for logs; it may not exist yet."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Logs" / _APPLICATION
    return _state_dir() / "logs"


def recovery_dir() -> Path:
    """Return the user's folder for edits that no project holds yet; it may not exist yet."""
    return _state_dir() / "recovery"


def _state_dir() -> Path:
    """Return the user's folder for what a later start takes up again."""
    if sys.platform == "win32":
        return _user_dir("LOCALAPPDATA", "AppData/Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / _APPLICATION
    return _user_dir("XDG_STATE_HOME", ".local/state")


def _user_dir(variable: str, below_home: str) -> Path:
    """Return the folder a variable names, or its default; XDG says to ignore relative ones."""
    named = os.environ.get(variable, "")
    base = Path(named) if Path(named).is_absolute() else Path.home() / below_home
    return base / _APPLICATION


def display_name(path: Path) -> str:
    """Return a file's name for a sentence; bytes that are no valid text become ``?``."""
    return path.name.encode("utf-8", "replace").decode("utf-8") or str(path)
