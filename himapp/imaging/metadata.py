"""What of a photo's metadata goes into exported files.

Only what is known is let through: blocks that are damaged, tags and vocabularies that nobody here
knows, previews (they show the picture before it was cropped), and everything that describes the
stored pixels of the photo's own file (size, orientation, encoding) stay behind. Captions and
keywords are the photographer's words and stay with "all but location", even if they name a place.
"""

import struct
from collections.abc import Callable, Collection
from typing import Final, Literal
from xml.etree.ElementTree import Element

from himapp.imaging.exif import ORIENTATION_TAG
from himapp.imaging.exif_block import (
    MAKER_NOTE,
    Directory,
    Entry,
    ExifBlock,
    read_block,
    write_block,
)
from himapp.imaging.iptc_records import describe_records
from himapp.imaging.xmp_names import is_authors, is_history, is_known, is_location
from himapp.imaging.xmp_packet import (
    keep_properties,
    list_properties,
    read_descriptions,
    write_packet,
)

MetadataPolicy = Literal["all", "no-location", "copyright", "none"]
"""Everything; everything but where it was taken; author and rights alone; nothing."""

_AUTHOR_TAGS: Final = frozenset({315, 33432})
"""Artist, Copyright."""

_MAIN_TAGS: Final = _AUTHOR_TAGS | {
    *(269, 270, 271, 272, ORIENTATION_TAG, 305, 306, 316),  # name, text, camera, program, time
    *(18246, 18249, *range(40091, 40096)),  # rating; title, comment, author, keywords of Windows
}
_EXIF_TAGS: Final = frozenset(
    {
        *(33434, 33437, 34850, 34852, 34855, 34856, *range(34864, 34870)),  # exposure, sensitivity
        *(36864, 36867, 36868, *range(36880, 36883)),  # version, times
        *(*range(37377, 37387), 37510, *range(37520, 37523), *range(37888, 37894)),  # lens, comment
        *(40960, 41483, *range(41486, 41489), 41493, 41495, *range(41728, 41731)),  # sensor
        *(*range(41985, 41997), 42016, *range(42032, 42044), *range(42080, 42083), 42240),  # scene
    }
)
"""EXIF 2.32, table 4, and 3.0; without size, colour space and the places of subjects in pixels."""

_GPS_TAGS: Final = frozenset(range(32))
_LARGEST_VALUE_BYTES: Final = 16_384
"""A longer one, microscopes' XML for one, would take the place of all the others."""

_JPEG_START: Final = b"\xff\xd8\xff"
_SHORT: Final = 3


def filter_exif(exif: bytes | None, policy: MetadataPolicy) -> bytes | None:
    """Return the EXIF block an exported file gets.

    The maker's note goes along with "all" alone, and only without a preview in it: some makers
    write the place into it, and nobody reads all of them.

    Args:
        exif: a TIFF structure, with or without the lead ``Exif``; None for none.
        policy: what to let through.

    Returns:
        A block without the lead, its orientation 1, without a thumbnail; None when nothing stays,
        or the block is damaged.
    """
    if not exif or policy == "none":
        return None
    try:
        block = read_block(exif)
    except ValueError:
        return None
    if policy == "copyright":
        return write_block(ExifBlock(block.order, _pick(block.main, _AUTHOR_TAGS), {}, {}))
    main, taken = _pick(block.main, _MAIN_TAGS), _pick(block.exif, _EXIF_TAGS)
    if ORIENTATION_TAG in main:
        main[ORIENTATION_TAG] = Entry(_SHORT, 1, struct.pack(block.order + "H", 1))
    gps: Directory = {}
    if policy == "all":
        gps = _pick(block.gps, _GPS_TAGS)
        taken |= _pick(block.exif, {MAKER_NOTE} if _is_pictureless(block) else ())
    return write_block(ExifBlock(block.order, main, taken, gps))


def filter_xmp(
    xmp: bytes | None, policy: MetadataPolicy, *, iptc: bytes | None = None
) -> bytes | None:
    """Return the XMP packet an exported file gets.

    What older IPTC-IIM records say and the packet does not is taken into it: files are written
    with one place for author, caption and keywords.

    Args:
        xmp: the packet; None for none.
        policy: what to let through.
        iptc: the records, each from its mark ``0x1C`` on; None for none.

    Returns:
        A new packet; None when nothing stays, or nothing can be understood.
    """
    if policy == "none":
        return None
    top, nested = _choose_properties(policy)
    try:
        descriptions = _read_xmp(xmp)
        if iptc:
            descriptions.append(describe_records(iptc, list_properties(descriptions)))
        return _write_kept(descriptions, top, nested)
    except RecursionError:
        return None


def shorten_xmp(xmp: bytes, most_bytes: int) -> bytes | None:
    """Return a packet for a file that holds only so many bytes of it.

    Where it is longer, the history of the photo's own file goes first, then everything but author
    and rights.

    Returns:
        The packet as it is where it is short enough, or cannot be made so; None when nothing of it
        stays.
    """
    if len(xmp) <= most_bytes:
        return xmp
    try:
        descriptions = read_descriptions(xmp)
        for top in (lambda name: not is_history(name), is_authors):
            shorter = _write_kept(descriptions, top, lambda _: True)
            if len(shorter or b"") <= most_bytes:
                return shorter
    except (ValueError, RecursionError):
        return xmp
    return xmp


def _write_kept(
    descriptions: list[Element], top: Callable[[str], bool], nested: Callable[[str], bool]
) -> bytes | None:
    kept = [keep_properties(each, top, nested) for each in descriptions]
    return write_packet([each for each in kept if each is not None])


def _read_xmp(xmp: bytes | None) -> list[Element]:
    """Return a packet's descriptions; none where it is damaged."""
    try:
        return read_descriptions(xmp) if xmp else []
    except ValueError:
        return []


def _pick(directory: Directory, tags: Collection[int]) -> dict[int, Entry]:
    return {
        tag: entry
        for tag, entry in directory.items()
        if tag in tags and (tag == MAKER_NOTE or len(entry.data) <= _LARGEST_VALUE_BYTES)
    }


def _is_pictureless(block: ExifBlock) -> bool:
    note = block.exif.get(MAKER_NOTE)
    return note is not None and _JPEG_START not in note.data


def _choose_properties(
    policy: MetadataPolicy,
) -> tuple[Callable[[str], bool], Callable[[str], bool]]:
    """Return which properties of a packet stay, and which names inside of them."""
    if policy == "all":
        return is_known, lambda _: True
    if policy == "copyright":
        return is_authors, lambda name: not is_location(name)
    return (lambda name: is_known(name) and not is_location(name)), (
        lambda name: not is_location(name)
    )
