"""Names of exported files: templates, and names that every system can take.

A template is text with fields in braces, e.g. ``{stem}-person-{index:02}``:

* ``{stem}``: the photo's name without its ending; ``{person}``: the person's name;
* ``{index}``: the person's number, ``{w}`` and ``{h}``: the file's size in pixels; these three take
  a width, ``{index:03}``;
* ``{date}``: the day the photo was taken, ``2026-05-17``; ``{ext}``: the file's ending.

The ending is added by itself where the template does not end with it.
"""

import re
import string
import unicodedata
from dataclasses import dataclass
from typing import Final

from himapp.document.export_options import Content
from himapp.errors import ExportError

FIELDS: Final = ("stem", "person", "index", "date", "w", "h", "ext")
"""What may stand in braces."""

DEFAULT_TEMPLATES: Final[dict[Content, str]] = {
    "cut-out": "{stem}-person-{index:02}",
    "matte": "{stem}-person-{index:02}-matte",
    "composite": "{stem}-composite",
    "layered": "{stem}-layers",
}
"""What a content's files are called when no template is given."""

EVERYBODY: Final = "everybody"
"""What ``{person}`` is where a file shows more than one."""

# Linux, macOS and Windows take 255 bytes or UTF-16 units; 15 stay for a number and an ending.
_LONGEST_NAME_BYTES: Final = 240
_NUMBER_FIELDS: Final = frozenset({"index", "w", "h"})
_WIDTH: Final = re.compile(r"0?\d")
# What Windows refuses, control characters, bytes that are no text, and what turns text around.
_ILLEGAL: Final = re.compile(
    '[<>:"/\\\\|?*\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]'
)
_SUBSTITUTE: Final = "-"
# Windows' names of devices, with any ending and in any case.
_RESERVED: Final = re.compile(
    r"(con|prn|aux|nul|clock\$|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=\s*(\.|$))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class NameFields:
    """What the fields of a template stand for in one file; ``ext`` has no dot."""

    stem: str
    person: str
    index: int
    date: str
    w: int
    h: int
    ext: str


def check_template(template: str) -> None:
    """Look whether a template can be filled in.

    Raises:
        ExportError: one sentence about the first thing that is wrong.
    """
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise ExportError(
            "The name template has a single brace: write {{ or }} for a brace in the name."
        ) from error
    for _text, field, width, conversion in parts:
        if field is not None:
            _check_field(field, width or "", conversion)


def _check_field(field: str, width: str, conversion: str | None) -> None:
    if field not in FIELDS or conversion:
        known = ", ".join(f"{{{name}}}" for name in FIELDS)
        shown = f"{field}!{conversion}" if conversion else field
        raise ExportError(
            f"The name template has the unknown field {{{shown}}}; known are {known}."
        )
    if not width:
        return
    if field not in _NUMBER_FIELDS:
        raise ExportError(f"The field {{{field}}} of the name template takes no “:{width}”.")
    if not _WIDTH.fullmatch(width):
        raise ExportError(
            f"“:{width}” in the name template is no width; {{{field}:03}} has three digits."
        )


def fill_template(template: str, fields: NameFields) -> str:
    """Return a file's name without its ending, as every system can take it.

    Raises:
        ExportError: the template is wrong.
    """
    check_template(template)
    values = {name: getattr(fields, name) for name in FIELDS}
    filled = string.Formatter().vformat(template, (), values)
    return clean_name(filled.removesuffix(f".{fields.ext}"))


def clean_name(name: str) -> str:
    """Return a name that Linux, macOS and Windows take, without its ending.

    Characters that one of them refuses become ``-``; spaces and dots at the ends go, names of
    devices get a ``_``, long names are cut, and nothing becomes ``untitled``.
    """
    text = _ILLEGAL.sub(_SUBSTITUTE, unicodedata.normalize("NFC", name))
    text = _shorten(text.lstrip(" .")).rstrip(" .")
    return _RESERVED.sub(r"\1_", text, count=1) if _RESERVED.match(text) else text or "untitled"


def _shorten(text: str) -> str:
    """Cut at the longest name's bytes, between two characters."""
    return text.encode("utf-8")[:_LONGEST_NAME_BYTES].decode("utf-8", "ignore")


def compare_key(name: str) -> str:
    """Return what two names share that are one file on a system where case does not count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
