"""Read IPTC-IIM records, the older way to say who, what and where, as XMP properties."""

import re
import struct
from collections.abc import Collection
from typing import Final, Literal
from xml.etree.ElementTree import Element, SubElement

from himapp.imaging.xmp_names import PREFIXES, RDF

_Form = Literal["text", "Alt", "Bag", "Seq"]

_MARK: Final = 0x1C
_CHARACTER_SET: Final = (1, 90)
_UTF_8: Final = b"\x1b%G"
_APPLICATION: Final = 2
_DATE_CREATED: Final = 55
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_PROPERTIES: Final[dict[int, tuple[str, str, _Form]]] = {
    5: ("dc", "title", "Alt"),
    25: ("dc", "subject", "Bag"),
    40: ("photoshop", "Instructions", "text"),
    _DATE_CREATED: ("photoshop", "DateCreated", "text"),
    80: ("dc", "creator", "Seq"),
    85: ("photoshop", "AuthorsPosition", "text"),
    90: ("photoshop", "City", "text"),
    92: ("Iptc4xmpCore", "Location", "text"),
    95: ("photoshop", "State", "text"),
    100: ("Iptc4xmpCore", "CountryCode", "text"),
    101: ("photoshop", "Country", "text"),
    103: ("photoshop", "TransmissionReference", "text"),
    105: ("photoshop", "Headline", "text"),
    110: ("photoshop", "Credit", "text"),
    115: ("photoshop", "Source", "text"),
    116: ("dc", "rights", "Alt"),
    120: ("dc", "description", "Alt"),
    122: ("photoshop", "CaptionWriter", "text"),
}
"""Where each dataset of the application record stands in XMP; the others stay behind."""


def describe_records(iptc: bytes, taken: Collection[str]) -> Element:
    """Return what the records say as an ``rdf:Description``.

    Args:
        iptc: the records, each from its mark ``0x1C`` on.
        taken: properties, ``{namespace}local``, that are said already.

    Returns:
        The description; empty when the records are damaged.

    Reference:
        IPTC-IIM 4.2, chapter 6; IPTC Photo Metadata Standard, "IPTC Core" mapping to XMP.
    """
    description = Element(f"{{{RDF}}}Description")
    for dataset, values in _read_texts(iptc).items():
        prefix, local, form = _PROPERTIES[dataset]
        name = f"{{{PREFIXES[prefix]}}}{local}"
        if name not in taken:
            _fill(SubElement(description, name), values, form)
    return description


def _fill(element: Element, values: list[str], form: _Form) -> None:
    if form == "text":
        element.text = values[0]
        return
    listed = SubElement(element, f"{{{RDF}}}{form}")
    for value in values[:1] if form == "Alt" else values:
        item = SubElement(listed, f"{{{RDF}}}li")
        item.text = value
        if form == "Alt":
            item.set("{http://www.w3.org/XML/1998/namespace}lang", "x-default")


def _read_texts(iptc: bytes) -> dict[int, list[str]]:
    """Return the texts by dataset; nothing of records that are damaged."""
    try:
        records = _split(iptc)
    except (ValueError, struct.error):
        return {}
    encoding = "utf-8" if (_CHARACTER_SET, _UTF_8) in records else "latin-1"
    texts: dict[int, list[str]] = {}
    for (record, dataset), data in records:
        if record == _APPLICATION and dataset in _PROPERTIES:
            text = _NO_XML.sub("", _decode(data, encoding)).strip()
            if text:
                texts.setdefault(dataset, []).append(_format(dataset, text))
    return texts


def _decode(data: bytes, encoding: str) -> str:
    """Return the text; programs that say nothing of a character set often write UTF-8 too."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(encoding, "replace")


def _format(dataset: int, text: str) -> str:
    """Return a date as XMP writes it, and any other text as it is."""
    if dataset == _DATE_CREATED and re.fullmatch(r"\d{8}", text):
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return text


def _split(iptc: bytes) -> list[tuple[tuple[int, int], bytes]]:
    """Return record and dataset number of each dataset, and its bytes."""
    records, place, end = [], 0, len(iptc.rstrip(b"\0"))
    while place < end:
        mark, record, dataset, size = struct.unpack_from(">BBBH", iptc, place)
        stop = place + 5 + size
        if mark != _MARK or size & 0x8000 or stop > len(iptc):
            raise ValueError("not a record, or one that is cut off or larger than 32 KB")
        records.append(((record, dataset), iptc[place + 5 : stop]))
        place = stop
    return records
