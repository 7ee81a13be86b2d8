"""A document as the parts of a project: records for the manifest, pixels for entries of their own.

Everything that two layers share is written once and shared again when it is read.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields

from himapp.document import project_manifest as records
from himapp.document.background import (
    PHOTO_BACKGROUND,
    Background,
    BlurBackground,
    ColourBackground,
    ImageBackground,
    PhotoBackground,
    TransparentBackground,
)
from himapp.document.document import Document
from himapp.document.layers import PersonLayer
from himapp.document.matte_tiles import SOLID_TILE, Matte, MatteTiles
from himapp.document.pixel_values import Array
from himapp.document.project_manifest import SOLID, LayerRecord, Manifest, TilePlace

_MATTE_FIELDS = frozenset({"matte", "original_matte"})


class MatteTable:
    """Every matte of a document once, and every tile of them once."""

    def __init__(self, layers: Sequence[PersonLayer]) -> None:
        self.tiles: list[Matte] = []
        self._tile_numbers: dict[int, int] = {id(SOLID_TILE): SOLID}
        pairs = [(layer.matte, layer.original_matte) for layer in layers]
        mattes = {id(matte): matte for pair in pairs for matte in pair}
        self._numbers = {key: number for number, key in enumerate(mattes)}
        self.records = tuple(self._describe(matte) for matte in mattes.values())

    def number_of(self, matte: MatteTiles) -> int:
        """Return the place of a matte in the table."""
        return self._numbers[id(matte)]

    def _describe(self, matte: MatteTiles) -> tuple[TilePlace, ...]:
        places = sorted(matte.tiles.items(), key=lambda item: item[0])
        return tuple((row, column, self._number_tile(tile)) for (row, column), tile in places)

    def _number_tile(self, tile: Matte) -> int:
        number = self._tile_numbers.setdefault(id(tile), len(self.tiles))
        if number == len(self.tiles):
            self.tiles.append(tile)
        return number


def describe_layer(layer: PersonLayer, table: MatteTable) -> LayerRecord:
    """Return the record of a person."""
    plain = {field.name for field in fields(PersonLayer)} - _MATTE_FIELDS
    values = {name: getattr(layer, name) for name in plain}
    mattes = {name: table.number_of(getattr(layer, name)) for name in _MATTE_FIELDS}
    return LayerRecord(**(values | mattes))


def describe_background(background: Background) -> records.BackgroundRecord:
    """Return the record of a background."""
    match background:
        case PhotoBackground():
            return records.PhotoBackgroundRecord()
        case TransparentBackground():
            return records.TransparentBackgroundRecord()
        case ColourBackground(rgb):
            return records.ColourBackgroundRecord(rgb)
        case ImageBackground():
            return records.ImageBackgroundRecord(
                background.fit, background.position, background.path
            )
        case BlurBackground(radius_px):
            return records.BlurBackgroundRecord(radius_px)


def build_mattes(
    manifest: Manifest, frame: tuple[int, int], read_tile: Callable[[int], Matte]
) -> list[MatteTiles]:
    """Return the mattes of a manifest.

    Args:
        manifest: what a project says.
        frame: the photo's ``(height, width)``.
        read_tile: returns a tile of the archive; called once for each.

    Raises:
        ValueError: a matte does not fit the photo.
    """
    tiles: dict[int, Matte] = {SOLID: SOLID_TILE}

    def find_tile(number: int) -> Matte:
        if number not in tiles:
            tiles[number] = read_tile(number)
        return tiles[number]

    def build(places: Sequence[TilePlace]) -> MatteTiles:
        found = {(row, column): find_tile(number) for row, column, number in places}
        if len(found) != len(places):
            raise ValueError("two tiles of a matte have one place")
        return MatteTiles.from_tiles(found, frame)

    return [build(places) for places in manifest.mattes]


def build_layers(manifest: Manifest, mattes: Sequence[MatteTiles]) -> tuple[PersonLayer, ...]:
    """Return the people of a manifest, bottom to top.

    Raises:
        ValueError: two have one id, or one has no matte.
    """
    ids = [layer.id for layer in manifest.layers]
    if len(set(ids)) != len(ids):
        raise ValueError("an id is used twice")
    return tuple(_build_layer(record, mattes) for record in manifest.layers)


def find_next_number(manifest: Manifest) -> int:
    """Return the number of the next person, which nobody in the manifest has."""
    used = [each for layer in manifest.layers for each in (layer.id, layer.number)]
    return max(manifest.next_number, *(each + 1 for each in used), 1)


def _build_layer(record: LayerRecord, mattes: Sequence[MatteTiles]) -> PersonLayer:
    values = {name: getattr(record, name) for name in record.__struct_fields__}
    if max(record.matte, record.original_matte) >= len(mattes):
        raise ValueError(f"there is no matte {record.matte} or {record.original_matte}")
    found = {name: mattes[values[name]] for name in _MATTE_FIELDS}
    return PersonLayer(**(values | found))


def build_background(
    record: records.BackgroundRecord, read_pixels: Callable[[], Array]
) -> Background:
    """Return a background; ``read_pixels`` is called for an image."""
    match record:
        case records.TransparentBackgroundRecord():
            return TransparentBackground()
        case records.ColourBackgroundRecord():
            return ColourBackground(record.rgb)
        case records.ImageBackgroundRecord():
            return ImageBackground(read_pixels(), record.fit, record.position, record.path)
        case records.BlurBackgroundRecord():
            return BlurBackground(record.radius_px)
        case _:
            return PHOTO_BACKGROUND


def describe_document(
    document: Document,
    photo: records.PhotoRecord,
    table: MatteTable,
    *,
    origin: str,
    embeds_photo: bool,
    written_by: str,
) -> Manifest:
    """Return the manifest of a document."""
    return Manifest(
        written_by=written_by,
        photo=photo,
        mattes=table.records,
        layers=tuple(describe_layer(layer, table) for layer in document.layers),
        background=describe_background(document.background),
        next_number=document.next_number,
        origin=origin,
        embeds_photo=embeds_photo,
    )
