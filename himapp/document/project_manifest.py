"""What ``manifest.json`` of a project says, how it is checked, and how older ones are read.

The records below are the schema: msgspec refuses what does not fit them. Numbers keep every bit
(the shortest text that reads back the same). A file of an earlier version goes through one
migration after the other, plain dictionaries to plain dictionaries, before it is checked.
"""

import json
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, NoReturn

import msgspec
from msgspec import Meta, Struct

from himapp.document.adjustments import NEUTRAL, Adjustments
from himapp.document.background import Fit
from himapp.document.project_archive import MOST_MANIFEST_BYTES, MOST_TILES
from himapp.imaging.photo import PhotoFormat

FORMAT: Final = "himapp project"
VERSION: Final = 2
SOLID: Final = -1
"""Stands for the tile that is fully the person."""

_MOST_LAYERS: Final = 10_000

Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Byte = Annotated[int, Meta(ge=0, le=255)]
TilePlace = tuple[
    Annotated[int, Meta(ge=0, le=2**20)],
    Annotated[int, Meta(ge=0, le=2**20)],
    Annotated[int, Meta(ge=SOLID, lt=MOST_TILES)],
]
"""Row and column in the photo's grid of tiles, and which tile of the archive stands there."""


class PhotoFacts(Struct, frozen=True, forbid_unknown_fields=True):
    """What a photo is besides its pixels; for photos whose pixels the project holds itself."""

    icc: bytes | None = None
    exif: bytes | None = None
    format: PhotoFormat = "PNG"
    source_mode: str = "RGB"
    xmp: bytes | None = None
    iptc: bytes | None = None
    dpi: float | None = None
    captured: str | None = None
    is_grey: bool = False
    grey_icc: bytes | None = None


class PhotoRecord(Struct, frozen=True):
    """Where the photo is and how to know it again.

    Attributes:
        height: in pixels, upright.
        width: in pixels, upright.
        held: whether the project itself holds the photo's file, or, where that is gone or was
            changed, its pixels.
        relative: the path from the project's folder, with ``/``; empty if there is none.
        absolute: the path; empty for a photo that never had a file.
        sha256: of the file, in hexadecimal; empty where only the pixels are known.
        size: of the file in bytes.
        mtime_ns: when the file was changed last, nanoseconds since 1970.
        facts: goes with the pixels.
    """

    height: Count
    width: Count
    held: Literal["nothing", "file", "pixels"] = "nothing"
    relative: str = ""
    absolute: str = ""
    sha256: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""
    size: Annotated[int, Meta(ge=0, le=2**62)] = 0
    mtime_ns: Annotated[int, Meta(ge=-(2**62), le=2**62)] = 0
    facts: PhotoFacts | None = None


class LayerRecord(Struct, frozen=True):
    """A person layer; the mattes by their place in :attr:`Manifest.mattes`."""

    id: Count
    number: Count
    name: str
    matte: Count
    original_matte: Count
    score: float = 1.0
    opacity: Share = 1.0
    visible: bool = True
    adjustments: Adjustments = NEUTRAL
    colour_index: Count = 0
    is_parted: bool = False


class PhotoBackgroundRecord(Struct, frozen=True, tag="photo", tag_field="kind"):
    """The photo itself."""


class TransparentBackgroundRecord(Struct, frozen=True, tag="none", tag_field="kind"):
    """Nothing."""


class ColourBackgroundRecord(Struct, frozen=True, tag="colour", tag_field="kind"):
    """One colour."""

    rgb: tuple[Byte, Byte, Byte]


class ImageBackgroundRecord(Struct, frozen=True, tag="image", tag_field="kind"):
    """A picture, whose pixels are an entry of their own."""

    fit: Fit
    position: tuple[Share, Share]
    path: str | None


class BlurBackgroundRecord(Struct, frozen=True, tag="blur", tag_field="kind"):
    """The photo blurred."""

    radius_px: Annotated[float, Meta(gt=0, le=500)]


BackgroundRecord = (
    PhotoBackgroundRecord
    | TransparentBackgroundRecord
    | ColourBackgroundRecord
    | ImageBackgroundRecord
    | BlurBackgroundRecord
)


class Manifest(Struct, frozen=True, kw_only=True):
    """The whole of it.

    Attributes:
        format: names the kind of file.
        version: of the format.
        written_by: the version of himapp, for people who look into the file.
        photo: where the photo is.
        mattes: every matte once, as the tiles that are not 0.
        layers: the people, bottom to top.
        background: what stands behind them.
        next_number: the number of the next person.
        origin: the project that these edits belong to, in a file of the recovery folder.
        embeds_photo: whether the user wants the photo's file in the project; None, before this was
            written down, means that it is as :attr:`PhotoRecord.held` says.
    """

    format: Literal["himapp project"] = FORMAT
    version: Literal[2] = VERSION
    written_by: str = ""
    photo: PhotoRecord
    mattes: tuple[tuple[TilePlace, ...], ...] = ()
    layers: Annotated[tuple[LayerRecord, ...], Meta(max_length=_MOST_LAYERS)] = ()
    background: BackgroundRecord = PhotoBackgroundRecord()
    next_number: Annotated[int, Meta(ge=1, le=2**31 - 1)] = 1
    origin: str = ""
    embeds_photo: bool | None = None


class NewerVersionError(ValueError):
    """A later himapp has written this."""


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as JSON in ASCII: names from the disk may hold what is no UTF-8.

    Raises:
        ValueError: it could not be read again.
    """
    text = json.dumps(msgspec.to_builtins(manifest), ensure_ascii=True, allow_nan=False, indent=1)
    data = text.encode("ascii")
    if len(data) > MOST_MANIFEST_BYTES or decode_manifest(data) != manifest:
        raise ValueError(f"a manifest of {len(data)} bytes, which reads differently")
    return data


def decode_manifest(data: bytes) -> Manifest:
    """Return the manifest of any version up to the present one, checked.

    Raises:
        NewerVersionError: a later himapp has written it.
        ValueError: it is no manifest.
    """
    try:
        stored = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("the manifest is nested too deeply") from error
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        raise ValueError("no manifest of a project")
    return msgspec.convert(_migrate(stored), Manifest)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _migrate(stored: dict[str, Any]) -> dict[str, Any]:
    version = stored.get("version")
    if type(version) is not int or version < 1:
        raise ValueError(f"no version: {version!r}")
    if version > VERSION:
        raise NewerVersionError(f"version {version}")
    while version < VERSION:
        stored = _MIGRATIONS[version](stored) | {"version": version + 1}
        version += 1
    return stored


def _add_places(stored: dict[str, Any]) -> dict[str, Any]:
    """Version 1 knew one path of the photo, and one matte of a person."""
    photo = dict(stored["photo"])
    photo["absolute"] = photo.pop("path", "")
    layers = [{"original_matte": layer["matte"], **layer} for layer in stored.get("layers", [])]
    return stored | {"photo": photo, "layers": layers}


_MIGRATIONS: Final[dict[int, Callable[[dict[str, Any]], dict[str, Any]]]] = {1: _add_places}
"""From a version to the next one."""
