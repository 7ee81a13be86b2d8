"""What metadata policies let through, read back by exiftool."""

import io
import json
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from himapp.imaging.exif_block import MAKER_NOTE, Entry, ExifBlock, read_block, write_block
from himapp.imaging.metadata import MetadataPolicy, filter_exif, filter_xmp

POLICIES: tuple[MetadataPolicy, ...] = ("all", "no-location", "copyright", "none")
NOTE = b"Maker\0\x01\x02" * 20
PLACE_WORDS = ("Gatlinburg", "Tennessee", "Elbonia", "48.85", "48 deg", "2.35", "Hauptstrasse")

needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is not installed"
)


def make_jpeg(**blocks: bytes | None) -> bytes:
    buffer = io.BytesIO()
    present = {name: block for name, block in blocks.items() if block is not None}
    Image.new("RGB", (64, 48), (90, 120, 60)).save(buffer, "JPEG", **present)
    return buffer.getvalue()


def make_exif() -> bytes:
    """A camera's block: author, exposure, place, thumbnail, private tags, turned."""
    exif = Image.Exif()
    exif[271], exif[272], exif[274] = "Maker", "Model 1", 6
    exif[315], exif[33432] = "Ann Example", "(c) 2026 Ann Example"
    exif[256], exif[60000] = 64, "private Gatlinburg"
    exif[34853] = {1: "N", 2: (48.0, 51.0, 24.5), 3: "E", 4: (2.0, 21.0, 3.0), 29: "2026:01:02"}
    exif[34665] = {
        33437: IFDRational(28, 10),
        34855: 400,
        36867: "2026:01:02 03:04:05",
        40961: 65535,
        40962: 64,
    }
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    return add_thumbnail(add_note(block))


def add_note(block: bytes) -> bytes:
    """Give the block a maker's note that knows its own place in the block."""
    order = "<" if block[:2] == b"II" else ">"
    taken = read_block(block)
    at = block.index(struct.pack(order + "HHI", 34665, 4, 1)) + 8
    entries = sorted([*taken.exif.items(), (MAKER_NOTE, None)])
    body, values = b"", b""
    start = len(block) + len(block) % 2
    behind = start + 2 + 12 * len(entries) + 4
    for tag, entry in entries:
        place = behind + len(values)
        data = NOTE + struct.pack(order + "I", place) if entry is None else entry.data
        kind, count = (7, len(data)) if entry is None else (entry.kind, entry.count)
        body += struct.pack(order + "HHI", tag, kind, count)
        body += data.ljust(4, b"\0") if len(data) <= 4 else struct.pack(order + "I", place)
        values += data if len(data) > 4 else b""
    directory = struct.pack(order + "H", len(entries)) + body + bytes(4) + values
    return (
        block[:at]
        + struct.pack(order + "I", start)
        + block[at + 4 :].ljust(start - at - 4, b"\0")
        + directory
    )


def add_thumbnail(block: bytes) -> bytes:
    """Hang a directory with a JPEG behind the first one."""
    order = "<" if block[:2] == b"II" else ">"
    (first,) = struct.unpack_from(order + "I", block, 4)
    (count,) = struct.unpack_from(order + "H", block, first)
    link, start = first + 2 + 12 * count, len(block) + len(block) % 2
    picture = make_jpeg()
    entries = ((513, start + 2 + 24 + 4), (514, len(picture)))
    directory = struct.pack(order + "H", 2) + b"".join(
        struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in entries
    )
    linked = block[:link] + struct.pack(order + "I", start) + block[link + 4 :]
    return linked.ljust(start, b"\0") + directory + bytes(4) + picture


def make_xmp() -> bytes:
    return """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/"
 xmlns:core="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
 xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
 xmlns:drone="http://www.dji.com/drone-dji/1.0/"
 exif:GPSLatitude="48,51.4N" photoshop:City="Gatlinburg" photoshop:Headline="A day out"
 tiff:Orientation="6" tiff:Make="Maker" xmp:Rating="4" xmp:CreatorTool="Editor 1"
 drone:GpsLatitude="48.85" crs:Exposure2012="+1.00">
 <exif:GPSLongitude>2,21.05E</exif:GPSLongitude>
 <core:Location>Hauptstrasse 1</core:Location>
 <core:CountryCode>Elbonia</core:CountryCode>
 <photoshop:State>Tennessee</photoshop:State>
 <ext:LocationShown><rdf:Bag><rdf:li rdf:parseType="Resource"><ext:City>Gatlinburg</ext:City>
  </rdf:li></rdf:Bag></ext:LocationShown>
 <ext:ArtworkOrObject><rdf:Bag><rdf:li rdf:parseType="Resource"><ext:AOTitle>
  <rdf:Alt><rdf:li xml:lang="x-default">Tower</rdf:li></rdf:Alt></ext:AOTitle>
  <exif:GPSLatitude>48.85</exif:GPSLatitude></rdf:li></rdf:Bag></ext:ArtworkOrObject>
 <dc:creator><rdf:Seq><rdf:li>Åsa Example</rdf:li></rdf:Seq></dc:creator>
 <dc:rights><rdf:Alt><rdf:li xml:lang="x-default">(c) Åsa</rdf:li></rdf:Alt></dc:rights>
 <dc:subject><rdf:Bag><rdf:li>family</rdf:li></rdf:Bag></dc:subject>
 <xmpRights:Marked>True</xmpRights:Marked>
 <xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType="Resource">
  <xmp:x>AAAA</xmp:x></rdf:li></rdf:Alt></xmp:Thumbnails>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>""".encode()


def make_iptc() -> bytes:
    records = [
        (1, 90, b"\x1b%G"),
        (2, 0, b"\0\4"),
        (2, 80, "Åsa Example".encode()),
        (2, 90, b"Gatlinburg"),
        (2, 95, b"Tennessee"),
        (2, 101, b"Elbonia"),
        (2, 116, b"(c) 2026"),
        (2, 120, b"A day out"),
        (2, 25, b"red"),
        (2, 25, b"blue\x07"),
        (2, 55, b"20260102"),
        (2, 202, b"\xff\xd8\xffpreview"),
        (7, 10, b"odd"),
    ]
    parts = (struct.pack(">BBBH", 28, r, d, len(data)) + data for r, d, data in records)
    return b"".join(parts)


def read_tags(path: Path, *arguments: str) -> dict[str, str]:
    command = ["exiftool", "-json", "-G1", "-a", "-u", *arguments, str(path)]
    told = subprocess.run(command, capture_output=True, check=True, timeout=60)
    return {name: str(value) for name, value in json.loads(told.stdout)[0].items()}


def write_filtered(folder: Path, policy: MetadataPolicy) -> Path:
    exif = filter_exif(make_exif(), policy)
    xmp = filter_xmp(make_xmp(), policy, iptc=make_iptc())
    path = folder / f"{policy}.jpg"
    path.write_bytes(make_jpeg(exif=b"Exif\0\0" + exif if exif else None, xmp=xmp))
    return path


def meta(tags: dict[str, str]) -> dict[str, str]:
    groups = ("IFD", "ExifIFD", "GPS", "XMP", "IPTC", "Maker", "Interop")
    return {name: value for name, value in tags.items() if name.startswith(groups)}


@needs_exiftool
def test_everything_is_the_camera_the_author_and_the_place(tmp_path: Path) -> None:
    tags = read_tags(write_filtered(tmp_path, "all"))
    assert tags["IFD0:Artist"] == "Ann Example"
    assert tags["XMP-dc:Creator"] == "Åsa Example"
    assert tags["ExifIFD:DateTimeOriginal"] == "2026:01:02 03:04:05"
    assert tags["ExifIFD:FNumber"] == "2.8"
    assert "48 deg" in tags["GPS:GPSLatitude"]
    assert "48 deg" in tags["XMP-exif:GPSLatitude"]
    assert tags["XMP-photoshop:City"] == "Gatlinburg"
    assert tags["XMP-photoshop:Country"] == "Elbonia"  # from the older records
    assert tags["XMP-xmp:Rating"] == "4"
    assert tags["IFD0:Orientation"] == "Horizontal (normal)"
    # Of the photo's own file, or unknown here: sizes, encoding, previews, another program's.
    for name in ("ExifImageWidth", "ColorSpace", "ImageWidth", "Thumbnail", "Exposure2012"):
        assert not any(name in tag for tag in meta(tags))
    assert "XMP-tiff:Orientation" not in tags
    assert "private" not in str(tags)


@needs_exiftool
def test_no_location_says_nowhere_where_it_was_taken(tmp_path: Path) -> None:
    path = write_filtered(tmp_path, "no-location")
    tags = read_tags(path)
    assert not [name for name in tags if "GPS" in name.upper() or "Location" in name]
    told = str(meta(tags))
    assert not [word for word in PLACE_WORDS if word in told]
    content = path.read_bytes()
    assert not [word for word in PLACE_WORDS if word.encode() in content]
    assert NOTE not in content
    assert tags["IFD0:Model"] == "Model 1"
    assert tags["XMP-photoshop:Headline"] == tags["XMP-dc:Description"] == "A day out"
    assert tags["XMP-dc:Subject"] == "family"
    assert tags["XMP-iptcExt:ArtworkTitle"].strip() == "Tower"


@needs_exiftool
def test_copyright_names_the_author_and_nothing_else(tmp_path: Path) -> None:
    tags = meta(read_tags(write_filtered(tmp_path, "copyright")))
    expected = {"IFD0:Artist", "IFD0:Copyright", "XMP-dc:Creator", "XMP-dc:Rights"}
    assert tags.keys() == expected | {"XMP-xmpRights:Marked"}


@needs_exiftool
def test_none_is_none(tmp_path: Path) -> None:
    assert not meta(read_tags(write_filtered(tmp_path, "none")))


@needs_exiftool
@pytest.mark.parametrize("policy", POLICIES[:3])
def test_exiftool_finds_nothing_wrong_with_the_blocks(
    tmp_path: Path, policy: MetadataPolicy
) -> None:
    path = write_filtered(tmp_path, policy)
    tags = read_tags(path, "-validate", "-warning", "-error")
    wrong = [value for name, value in tags.items() if "Warning" in name or "Error" in name]
    # Mandatory tags are about the stored pixels, which the file's own header describes.
    assert not [text for text in wrong if "Missing required" not in text and "[minor]" not in text]


def test_the_thumbnail_goes_with_every_policy() -> None:
    assert b"\xff\xd8\xff" in make_exif()
    for policy in POLICIES:
        assert b"\xff\xd8\xff" not in (filter_exif(make_exif(), policy) or b"")


def test_a_makers_note_keeps_its_place() -> None:
    before, after = read_block(make_exif()), read_block(filter_exif(make_exif(), "all") or b"")
    assert before.exif[MAKER_NOTE] == after.exif[MAKER_NOTE]
    (place,) = struct.unpack(after.order + "I", after.exif[MAKER_NOTE].data[-4:])
    assert place == after.exif[MAKER_NOTE].place


def test_a_makers_note_with_a_preview_stays_behind() -> None:
    exif = make_exif().replace(NOTE[:3], b"\xff\xd8\xff")
    assert MAKER_NOTE not in read_block(filter_exif(exif, "all") or b"").exif


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_are_read(order: str) -> None:
    magic = b"II*\0" if order == "<" else b"MM\0*"
    entries = struct.pack(order + "HHIHH", 274, 3, 1, 8, 0)
    entries += struct.pack(order + "HHI4s", 33432, 2, 4, b"me!\0")
    exif = magic + struct.pack(order + "IH", 8, 2) + entries + bytes(4)
    block = read_block(filter_exif(b"Exif\0\0" + exif, "all") or b"")
    assert block.order == order
    assert struct.unpack(order + "H", block.main[274].data) == (1,)
    assert block.main[33432].data == b"me!\0"
    assert filter_exif(exif, "copyright") is not None


@pytest.mark.parametrize("damaged", [b"", b"II*\0", b"junk" * 30, b"MM\0*\0\0\xff\xff"])
def test_a_damaged_exif_block_is_dropped(damaged: bytes) -> None:
    assert filter_exif(damaged, "all") is None


def test_entries_that_point_outside_are_dropped() -> None:
    good = struct.pack("<HHI4s", 271, 2, 4, b"abc\0")
    bad = struct.pack("<HHII", 315, 2, 400, 9999) + struct.pack("<HHII", 33432, 99, 4, 8)
    exif = b"II*\0" + struct.pack("<IH", 8, 3) + good + bad + bytes(4)
    assert read_block(filter_exif(exif, "all") or b"").main.keys() == {271}


def test_a_huge_value_does_not_cost_the_others() -> None:
    exif = Image.Exif()
    exif[270], exif[33432] = "x" * 100_000, "me"
    kept = filter_exif(exif.tobytes(), "all")
    assert kept is not None
    assert len(kept) < 200
    assert b"me" in kept


def test_of_too_much_exif_the_largest_values_go_and_the_author_stays() -> None:
    comment, name = Entry(1, 16_000, b"a\0" * 8000), Entry(2, 4, b"me!\0")
    comments = {40092: comment, 40094: comment, 40095: comment}
    taken = {36867: Entry(2, 4, b"now\0"), 37510: Entry(7, 20_000, bytes(20_000))}
    kept = write_block(ExifBlock("<", {315: name, 33432: name, **comments}, taken, {1: name}))
    assert kept is not None
    assert len(kept) <= 65_000
    block = read_block(kept)
    assert block.main[315].data == block.main[33432].data == b"me!\0"
    assert comments.keys() < block.main.keys()
    assert MAKER_NOTE not in block.exif
    assert 37510 not in block.exif
    assert block.exif[36867].data == b"now\0"
    assert block.gps.keys() == {1}


def test_a_single_value_too_large_for_a_block_leaves_none() -> None:
    assert write_block(ExifBlock("<", {270: Entry(2, 70_000, bytes(70_000))}, {}, {})) is None


@given(place=st.integers(0, 4000), value=st.integers(0, 255), cut=st.integers(0, 4000))
@settings(max_examples=150, deadline=None)
def test_a_location_never_slips_through_damage(place: int, value: int, cut: int) -> None:
    exif = bytearray(make_exif())
    exif[place % len(exif)] = value
    kept = filter_exif(bytes(exif[: max(cut, 8)] if cut % 2 else exif), "no-location")
    if kept is not None:
        block = read_block(kept)
        assert not block.gps
        assert MAKER_NOTE not in block.exif


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"<x",
        make_xmp()[:900],
        b"<a/>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + make_xmp(),
        make_xmp().decode().encode("utf-16"),
        b"<x>" * 50_000 + b"</x>" * 50_000,
        np.random.default_rng(1).bytes(500),
    ],
)
def test_a_damaged_or_odd_xmp_packet_is_dropped(packet: bytes) -> None:
    for policy in POLICIES:
        assert filter_xmp(packet, policy) is None


def test_a_packet_with_nothing_left_is_none() -> None:
    only_place = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about="" xmlns:p="http://ns.adobe.com/photoshop/1.0/" p:City="X"/>
    </rdf:RDF>"""
    assert filter_xmp(only_place, "no-location") is None
    assert filter_xmp(only_place, "copyright") is None
    assert b"City" in (filter_xmp(only_place, "all") or b"")


@needs_exiftool
def test_a_photo_with_records_alone_keeps_what_they_say(tmp_path: Path) -> None:
    path = tmp_path / "old.jpg"
    path.write_bytes(make_jpeg(xmp=filter_xmp(None, "no-location", iptc=make_iptc())))
    tags = read_tags(path)
    assert tags["XMP-dc:Creator"] == "Åsa Example"
    assert tags["XMP-dc:Rights"] == "(c) 2026"
    assert tags["XMP-dc:Subject"] == "['red', 'blue']"
    assert tags["XMP-photoshop:DateCreated"].startswith("2026:01:02")
    assert not [word for word in PLACE_WORDS if word in str(meta(tags))]


def test_the_packet_is_believed_before_the_records() -> None:
    kept = filter_xmp(make_xmp(), "copyright", iptc=make_iptc()) or b""
    assert "(c) Åsa".encode() in kept
    assert b"(c) 2026" not in kept


def test_records_without_a_character_set_are_read_as_what_they_look_like() -> None:
    for encoding in ("utf-8", "latin-1"):
        name = "Åsa".encode(encoding)
        record = struct.pack(">BBBH", 28, 2, 80, len(name)) + name
        assert "Åsa".encode() in (filter_xmp(None, "copyright", iptc=record) or b"")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    "records", [make_iptc()[:3], make_iptc()[:12], make_iptc()[:40], b"x" + make_iptc(), b""]
)
def test_damaged_records_are_dropped(records: bytes, policy: MetadataPolicy) -> None:
    assert filter_xmp(None, policy, iptc=records) is None
    assert filter_xmp(b"damaged", policy, iptc=records) is None


@given(data=st.binary(max_size=80))
@settings(max_examples=100, deadline=None)
def test_random_records_do_no_harm(data: bytes) -> None:
    filter_xmp(make_xmp(), "all", iptc=b"\x1c\x02" + data)
