"""What of a photo's metadata goes into exported files.

Only what is known is let through: blocks that are damaged, tags and vocabularies that nobody here
knows, previews (they show the picture before it was cropped), and everything that describes the
stored pixels of the photo's own file (size, orientation, encoding) stay behind. Captions and
keywords are the photographer's words and stay with "all but location", even if they name a place.
"""

import struct
from collections.abc import Callable, Collection
from typing import Final, Literal

from himapp.imaging.exif import ORIENTATION_TAG
from himapp.imaging.exif_block import (
    MAKER_NOTE,
    Directory,
    Entry,
    ExifBlock,
    read_block,
    write_block,
)
from himapp.imaging.xmp_packet import is_authors, is_known, is_location, keep_properties

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

_IPTC_MARK: Final = 0x1C
_IPTC_CHARACTER_SET: Final = (1, 90)
_IPTC_PREVIEWS: Final = frozenset({200, 201, 202})
_IPTC_LOCATION: Final = frozenset({26, 27, 90, 92, 95, 100, 101})
"""Content location code and name, city, sublocation, state, country code and name."""

_IPTC_AUTHOR: Final = frozenset({80, 85, 110, 116})
"""By-line, by-line title, credit, copyright notice."""


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


def filter_xmp(xmp: bytes | None, policy: MetadataPolicy) -> bytes | None:
    """Return the XMP packet an exported file gets.

    Args:
        xmp: the packet; None for none.
        policy: what to let through.

    Returns:
        A new packet; None when nothing stays, or it cannot be understood.
    """
    if not xmp or policy == "none":
        return None
    top, nested = _choose_properties(policy)
    try:
        return keep_properties(xmp, top, nested)
    except (ValueError, RecursionError):
        return None


def filter_iptc(iptc: bytes | None, policy: MetadataPolicy) -> bytes | None:
    """Return the IPTC-IIM records an exported file gets.

    Args:
        iptc: the records, each from its mark ``0x1C`` on; None for none.
        policy: what to let through.

    Returns:
        Records; None when nothing stays, or they are damaged.

    Reference:
        IPTC-IIM 4.2, chapters 3 (the character set) and 6 (the application record).
    """
    if not iptc or policy == "none":
        return None
    try:
        records = _split_iptc(iptc)
    except (ValueError, struct.error):
        return None
    kept = [data for number, data in records if _is_iptc_kept(number, policy)]
    has_content = any(
        number != _IPTC_CHARACTER_SET and _is_iptc_kept(number, policy) for number, _ in records
    )
    return b"".join(kept) if has_content else None


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


def _split_iptc(iptc: bytes) -> list[tuple[tuple[int, int], bytes]]:
    """Return record and dataset number of each dataset, with all of its bytes."""
    records, place = [], 0
    while place < len(iptc.rstrip(b"\0")):
        mark, record, dataset, size = struct.unpack_from(">BBBH", iptc, place)
        end = place + 5 + size
        if mark != _IPTC_MARK or size & 0x8000 or end > len(iptc):
            raise ValueError("not a record, or one that is cut off or larger than 32 KB")
        records.append(((record, dataset), iptc[place:end]))
        place = end
    return records


def _is_iptc_kept(number: tuple[int, int], policy: MetadataPolicy) -> bool:
    record, dataset = number
    if number == _IPTC_CHARACTER_SET:
        return True
    if record != 2 or dataset in _IPTC_PREVIEWS:
        return False
    if policy == "copyright":
        return dataset in _IPTC_AUTHOR
    return policy == "all" or dataset not in _IPTC_LOCATION
