"""What the user has chosen in the window, kept between runs as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal, get_args

from himapp.atomic_file import write_atomically
from himapp.errors import ExportError
from himapp.paths import settings_path

DeviceChoice = Literal["auto", "cpu", "cuda"]
QualityChoice = Literal["draft", "normal", "best"]

_RECENT_LIMIT: Final = 10
_CHOICES: Final = {"device": get_args(DeviceChoice), "quality": get_args(QualityChoice)}
_KINDS: Final = {"export_choices": dict, "export_presets": dict, "export_shows_more": bool}
"""What a stored value must be where it is no text."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Hold the user's choices.

    Attributes:
        device: Where the network computes.
        quality: How much work people's edges are worth.
        recent_files: Opened files, the latest first.
        export_folder: The last folder of an export; empty before the first one.
        export_choices: The last choices of each content of an export, as JSON; read and written
            by ``himapp.document.export_presets``.
        export_presets: The user's own presets of an export by name, in the same form.
        export_shows_more: Whether the rarer choices of an export are open.
        photo_folder: Where the last photo was opened from; empty before the first one.
        image_folder: Where the last background image came from.
        window_geometry: Place and size of the window in Qt's own form, base64.
    """

    device: DeviceChoice = "auto"
    quality: QualityChoice = "normal"
    recent_files: tuple[str, ...] = ()
    export_folder: str = ""
    export_choices: Mapping[str, Any] = field(default_factory=dict)
    export_presets: Mapping[str, Any] = field(default_factory=dict)
    export_shows_more: bool = False
    photo_folder: str = ""
    image_folder: str = ""
    window_geometry: str = ""


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings; what is missing, damaged or unknown gets its default.

    Args:
        path: The file; None for the user's own.
    """
    try:
        stored = json.loads((path or settings_path()).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return Settings()
    if not isinstance(stored, dict):
        return Settings()
    return Settings(**_valid_choices(stored))


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Write the settings, making the folder when needed.

    Args:
        settings: What to keep.
        path: The file; None for the user's own.

    Raises:
        ExportError: The file cannot be written; the old one is untouched.
    """
    file = path or settings_path()
    text = json.dumps(asdict(settings), indent=2, ensure_ascii=True)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError("The folder for the settings cannot be made.") from error
    write_atomically(file, [text.encode("ascii")])


def remember_file(recent_files: tuple[str, ...], file: str) -> tuple[str, ...]:
    """Put a file at the head of the recent ones, each named once, ten at most."""
    return (file, *(other for other in recent_files if other != file))[:_RECENT_LIMIT]


def _valid_choices(stored: dict[str, Any]) -> dict[str, Any]:
    """Pick the stored values that fit their fields."""
    known = {field.name for field in fields(Settings)}
    values = {name: _as_choice(name, value) for name, value in stored.items() if name in known}
    return {name: value for name, value in values.items() if value is not None}


def _as_choice(name: str, value: object) -> object | None:
    """Return a stored value as its field's type, None when it does not fit."""
    if name in _CHOICES:
        return value if value in _CHOICES[name] else None
    if name == "recent_files":
        is_list = isinstance(value, list) and all(isinstance(item, str) for item in value)
        return tuple(value)[:_RECENT_LIMIT] if is_list and isinstance(value, list) else None
    return value if isinstance(value, _KINDS.get(name, str)) else None
