"""The vocabularies of XMP that are known here, and what their properties are about."""

import re
from typing import Final

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC: Final = "http://purl.org/dc/elements/1.1/"
_XMP: Final = "http://ns.adobe.com/xap/1.0/"
_RIGHTS: Final = "http://ns.adobe.com/xap/1.0/rights/"
_MEDIA: Final = "http://ns.adobe.com/xap/1.0/mm/"
_PHOTOSHOP: Final = "http://ns.adobe.com/photoshop/1.0/"
_TIFF: Final = "http://ns.adobe.com/tiff/1.0/"
_EXIF: Final = "http://ns.adobe.com/exif/1.0/"

PREFIXES: Final = {
    "x": "adobe:ns:meta/",
    "rdf": RDF,
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
_KNOWN: Final = frozenset(PREFIXES.values()) - {PREFIXES["x"], RDF}
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
_OF_THE_HISTORY: Final = frozenset(
    f"{{{_MEDIA}}}{name}" for name in ("History", "Ingredients", "Manifest", "Versions")
)
_LOCATION: Final = re.compile(
    r"gps|latitude|longitude|altitude|^(sub-?)?location|^city$|^state$|^country|^province"
    r"|^worldregion$|^coverage$",
    re.IGNORECASE,
)
"""Local names that say where, in whatever namespace and however deep."""


def is_known(name: str) -> bool:
    """Return whether a property says something about the photo in a known vocabulary."""
    namespace = namespace_of(name)
    if namespace == _TIFF:
        return name in _OF_THE_PHOTO
    return namespace in _KNOWN and name not in _OF_THE_FILE


def is_location(name: str) -> bool:
    """Return whether a name says where, by its local part."""
    return _LOCATION.search(name.rpartition("}")[2]) is not None


def is_authors(name: str) -> bool:
    """Return whether a property names the author or the rights."""
    return name in _OF_THE_AUTHOR or namespace_of(name) == _RIGHTS


def is_history(name: str) -> bool:
    """Return whether a property tells how the photo's own file came about, at any length."""
    return name in _OF_THE_HISTORY


def namespace_of(name: str) -> str:
    """Return the namespace of ``{namespace}local``; empty for a name without one."""
    return name[1:].partition("}")[0] if name.startswith("{") else ""
