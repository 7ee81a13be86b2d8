"""Take out of an XMP packet what a metadata policy does not let through."""

import re
from collections.abc import Callable
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC: Final = "http://purl.org/dc/elements/1.1/"
_XMP: Final = "http://ns.adobe.com/xap/1.0/"
_RIGHTS: Final = "http://ns.adobe.com/xap/1.0/rights/"
_MEDIA: Final = "http://ns.adobe.com/xap/1.0/mm/"
_PHOTOSHOP: Final = "http://ns.adobe.com/photoshop/1.0/"
_TIFF: Final = "http://ns.adobe.com/tiff/1.0/"
_EXIF: Final = "http://ns.adobe.com/exif/1.0/"

_PREFIXES: Final = {
    "x": "adobe:ns:meta/",
    "rdf": _RDF,
    "dc": _DC,
    "xmp": _XMP,
    "xmpRights": _RIGHTS,
    "xmpMM": _MEDIA,
    "photoshop": _PHOTOSHOP,
    "tiff": _TIFF,
    "exif": _EXIF,
    "exifEX": "http://cipa.jp/exif/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    "stRef": "http://ns.adobe.com/xap/1.0/sType/ResourceRef#",
    "stEvt": "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#",
}
_KNOWN: Final = frozenset(_PREFIXES.values()) - {_PREFIXES["x"], _RDF}
# What describes the stored pixels and not the photo, or holds a picture of it.
_OF_THE_FILE: Final = frozenset(
    {f"{{{_XMP}}}Thumbnails", f"{{{_DC}}}format", f"{{{_MEDIA}}}Pantry"}
    | {f"{{{_PHOTOSHOP}}}{name}" for name in ("ICCProfile", "ColorMode", "DocumentAncestors")}
    | {
        f"{{{_EXIF}}}{name}"
        for name in (
            *("PixelXDimension", "PixelYDimension", "ColorSpace", "InteroperabilityIndex"),
            *("NativeDigest", "MakerNote", "SubjectArea", "SubjectLocation"),
        )
    }
)
_OF_THE_PHOTO: Final = frozenset(
    f"{{{_TIFF}}}{name}"
    for name in (
        *("Make", "Model", "Software", "DateTime"),
        *("Artist", "Copyright", "ImageDescription"),
    )
)
_OF_THE_AUTHOR: Final = frozenset(
    {f"{{{_DC}}}creator", f"{{{_DC}}}rights", f"{{{_PHOTOSHOP}}}Credit"}
    | {f"{{{_TIFF}}}Artist", f"{{{_TIFF}}}Copyright"}
)
_LOCATION: Final = re.compile(
    r"gps|latitude|longitude|altitude|^(sub-?)?location|^city$|^state$|^country|^province"
    r"|^worldregion$|^coverage$",
    re.IGNORECASE,
)
"""Local names that say where, in whatever namespace and however deep."""

_HEAD: Final = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_TAIL: Final = b'\n<?xpacket end="w"?>'

Wanted = Callable[[str], bool]
"""Whether a name, ``{namespace}local``, may stay."""


def keep_properties(packet: bytes, top: Wanted, nested: Wanted) -> bytes | None:
    """Return a packet with the properties that are wanted.

    Args:
        packet: the XMP packet, UTF-8.
        top: asked about every property of the photo.
        nested: asked about every name further down.

    Returns:
        The new packet; None when nothing stays.

    Raises:
        ValueError: it is no XMP packet, or none that a camera or an editor writes.

    Reference:
        ISO 16684-1, 7.4 to 7.9: the RDF of a packet.
    """
    packet = packet.strip(b"\0 \t\r\n")
    if b"<!DOCTYPE" in packet or b"<!ENTITY" in packet or b"\0" in packet:
        raise ValueError("a packet is UTF-8 and has no definitions of its own")
    try:
        root = ElementTree.fromstring(packet)
    except (ElementTree.ParseError, LookupError) as error:
        raise ValueError("not XML") from error
    rdf = root if root.tag == f"{{{_RDF}}}RDF" else root.find(f"{{{_RDF}}}RDF")
    if rdf is None:
        raise ValueError("no RDF in it")
    descriptions = [_filter_description(each, top, nested) for each in rdf]
    return _serialise([each for each in descriptions if each is not None])


def is_known(name: str) -> bool:
    """Return whether a property says something about the photo in a known vocabulary."""
    namespace = _namespace(name)
    if namespace == _TIFF:
        return name in _OF_THE_PHOTO
    return namespace in _KNOWN and name not in _OF_THE_FILE


def is_location(name: str) -> bool:
    """Return whether a name says where, by its local part."""
    return _LOCATION.search(name.rpartition("}")[2]) is not None


def is_authors(name: str) -> bool:
    """Return whether a property names the author or the rights."""
    return name in _OF_THE_AUTHOR or _namespace(name) == _RIGHTS


def _namespace(name: str) -> str:
    return name[1:].partition("}")[0] if name.startswith("{") else ""


def _filter_description(description: Element, top: Wanted, nested: Wanted) -> Element | None:
    """Return a copy of a description with what is wanted; None when nothing is."""
    if description.tag != f"{{{_RDF}}}Description":
        return None
    kept = Element(description.tag, {f"{{{_RDF}}}about": ""})
    for name, value in description.attrib.items():
        if _namespace(name) != _RDF and top(name):
            kept.set(name, value)
    for child in description:
        if top(child.tag):
            kept.append(_filter_nested(child, nested))
    return kept if len(kept) or len(kept.attrib) > 1 else None


def _filter_nested(element: Element, wanted: Wanted) -> Element:
    kept = Element(element.tag, {k: v for k, v in element.attrib.items() if wanted(k)})
    kept.text = element.text
    for child in element:
        if wanted(child.tag):
            kept.append(_filter_nested(child, wanted))
    return kept


def _serialise(descriptions: list[Element]) -> bytes | None:
    if not descriptions:
        return None
    for prefix, namespace in _PREFIXES.items():
        ElementTree.register_namespace(prefix, namespace)
    root = Element(f"{{{_PREFIXES['x']}}}xmpmeta")
    rdf = ElementTree.SubElement(root, f"{{{_RDF}}}RDF")
    rdf.extend(descriptions)
    text: bytes = ElementTree.tostring(root, "utf-8")
    return _HEAD + text + _TAIL
