"""Named choices for an export: those of the program, and those a user keeps as JSON.

A preset holds no people: it means everybody in whatever photo it is used for.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from types import UnionType
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from himapp.document.export_options import (
    CodingOptions,
    CropOptions,
    ExportOptions,
    NamingOptions,
    SizeOptions,
)
from himapp.errors import ExportError

_WEB_SIDE_PX: Final = 2048
_SHOP_SIDE_PX: Final = 1600
_PRINT_DPI: Final = 300.0


@dataclass(frozen=True, slots=True)
class ExportPreset:
    """Choices under a name."""

    name: str
    options: ExportOptions


def _print_tiff(title: str, color_space: Literal["srgb", "adobe-rgb"]) -> ExportPreset:
    coding = CodingOptions("tiff", "16", color_space=color_space, metadata="all")
    options = ExportOptions(size=SizeOptions(dpi=_PRINT_DPI), coding=coding)
    return ExportPreset(f"Print TIFF {title}", options)


BUILT_IN_PRESETS: Final = (
    ExportPreset(
        "Web PNG",
        ExportOptions(
            size=SizeOptions(longer_side_px=_WEB_SIDE_PX),
            coding=CodingOptions("png", "8", color_space="srgb"),
        ),
    ),
    _print_tiff("sRGB", "srgb"),
    _print_tiff("Adobe RGB", "adobe-rgb"),
    ExportPreset(
        "Layered PSD", ExportOptions("layered", coding=CodingOptions("psd", metadata="all"))
    ),
    ExportPreset(
        "Shop JPEG",
        ExportOptions(
            crop=CropOptions(margin=8, margin_unit="percent", aspect="1:1"),
            size=SizeOptions(longer_side_px=_SHOP_SIDE_PX),
            coding=CodingOptions("jpeg", "8", quality=90, color_space="srgb"),
        ),
    ),
    ExportPreset("Mattes", ExportOptions("matte", crop=CropOptions(is_cropped=False))),
)
"""The program's own presets, in the order of the list."""


_OF_ONE_DOCUMENT: Final = frozenset({"people", "protected", "taken"})


def find_preset(name: str, kept: Mapping[str, Any]) -> ExportPreset:
    """Return a preset by its name; case, spaces and hyphens do not count.

    Args:
        name: e.g. ``"Web PNG"`` or ``"web-png"``.
        kept: the user's own, as the settings keep them; they go before the program's.

    Raises:
        ExportError: there is none; the sentence lists those there are.
    """
    presets = (*(ExportPreset(key, read_options(value)) for key, value in kept.items()),)
    for preset in (*presets, *BUILT_IN_PRESETS):
        if _simplify(preset.name) == _simplify(name):
            return preset
    known = ", ".join(f"“{preset.name}”" for preset in (*BUILT_IN_PRESETS, *presets))
    raise ExportError(f"There is no preset “{name}”; there are {known}.")


def _simplify(name: str) -> str:
    return re.sub(r"[\s_-]+", "-", name.strip().casefold())


def is_own_name(name: str) -> bool:
    """Whether a user may call a preset so: something, and not like one of the program's."""
    taken = {_simplify(preset.name) for preset in BUILT_IN_PRESETS}
    return bool(name.strip()) and _simplify(name) not in taken


def write_options(options: ExportOptions) -> dict[str, Any]:
    """Return options as what JSON can hold, without the people and files of one document."""
    return {key: value for key, value in asdict(options).items() if key not in _OF_ONE_DOCUMENT}


def read_options(stored: object) -> ExportOptions:
    """Return stored options; what is missing, damaged or unknown gets its default."""
    if not isinstance(stored, Mapping):
        return ExportOptions()
    parts: dict[str, object] = {
        "crop": _read_part(CropOptions(), stored.get("crop")),
        "size": _read_part(SizeOptions(), stored.get("size")),
        "coding": _read_part(CodingOptions(), stored.get("coding")),
        "naming": _read_part(NamingOptions(), stored.get("naming")),
    }
    plain = {name: stored[name] for name in _PLAIN_FIELDS if name in stored}
    return _replace_valid(ExportOptions(), {**_fitting(ExportOptions, plain), **parts})


_PLAIN_FIELDS: Final = ("content", "is_decontaminated", "is_zipped")
_Part = TypeVar("_Part", CropOptions, SizeOptions, CodingOptions, NamingOptions, ExportOptions)


def _read_part(default: _Part, stored: object) -> _Part:
    if not isinstance(stored, Mapping):
        return default
    return _replace_valid(default, _fitting(type(default), stored))


def _replace_valid(default: _Part, values: Mapping[str, Any]) -> _Part:
    try:
        return replace(default, **values)
    except ValueError:
        return default


def _fitting(part: type, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stored values that have their fields' types."""
    hints = get_type_hints(part)
    known = {name: value for name, value in stored.items() if name in hints}
    read = {name: _as_type(value, hints[name]) for name, value in known.items()}
    return {name: values[0] for name, values in read.items() if values}


def _as_type(value: object, hint: Any) -> tuple[object, ...]:
    """Return a JSON value as its field's type, in a tuple; an empty one if it does not fit."""
    if words := _literal_values(hint):
        return (value,) if isinstance(value, str) and value in words else ()
    if get_origin(hint) is tuple:
        if not isinstance(value, list | tuple) or len(value) != len(get_args(hint)):
            return ()
        return (tuple(value),) if all(type(item) is int for item in value) else ()
    kinds = get_args(hint) if get_origin(hint) is UnionType else (hint,)
    if type(value) is int and float in kinds and int not in kinds:
        return (float(value),)
    return (value,) if type(value) in kinds else ()


def _literal_values(hint: Any) -> tuple[object, ...]:
    """Return what a literal type, or several in a union, allow; nothing for other types."""
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if not all(get_origin(part) is Literal for part in parts):
        return ()
    return tuple(value for part in parts for value in get_args(part))
