"""Take an XMP packet apart, leave out what is not wanted, and put it together again."""

from collections.abc import Callable, Iterable
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from himapp.imaging.xmp_names import PREFIXES, RDF, namespace_of

_HEAD: Final = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_TAIL: Final = b'\n<?xpacket end="w"?>'

Wanted = Callable[[str], bool]
"""Whether a name, ``{namespace}local``, may stay."""


def read_descriptions(packet: bytes) -> list[Element]:
    """Return the ``rdf:Description`` elements of a packet; their properties are the photo's.

    Args:
        packet: the XMP packet, UTF-8.

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
    rdf = root if root.tag == f"{{{RDF}}}RDF" else root.find(f"{{{RDF}}}RDF")
    if rdf is None:
        raise ValueError("no RDF in it")
    return rdf.findall(f"{{{RDF}}}Description")


def list_properties(descriptions: Iterable[Element]) -> frozenset[str]:
    """Return the names of the photo's properties."""
    return frozenset(
        name
        for description in descriptions
        for name in (*description.attrib, *(child.tag for child in description))
    )


def keep_properties(description: Element, top: Wanted, nested: Wanted) -> Element | None:
    """Return a copy of a description with what is wanted; None when nothing is.

    Args:
        description: an ``rdf:Description``.
        top: asked about every property of the photo.
        nested: asked about every name further down.
    """
    kept = Element(description.tag, {f"{{{RDF}}}about": ""})
    for name, value in description.attrib.items():
        if namespace_of(name) != RDF and top(name):
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


def write_packet(descriptions: list[Element]) -> bytes | None:
    """Return a packet with these descriptions; None when there are none."""
    if not descriptions:
        return None
    for prefix, namespace in PREFIXES.items():
        ElementTree.register_namespace(prefix, namespace)
    root = Element(f"{{{PREFIXES['x']}}}xmpmeta")
    rdf = ElementTree.SubElement(root, f"{{{RDF}}}RDF")
    rdf.extend(descriptions)
    text: bytes = ElementTree.tostring(root, "utf-8")
    return _HEAD + text + _TAIL
