"""Rendered tiles of a picture on every mip level, kept until something in them changes."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage, QPainter

from himapp.document.regions import EMPTY, Region, frame_region, split_into_tiles, tile_region

TILE_PX = 512
"""Side of a tile in pixels of its level: small enough that one is rendered in a few ms."""

Draw = Callable[[Region, int], QImage]
"""Draws a region of a level, in pixels of the level; a null image where there is nothing."""


class Place(NamedTuple):
    """Where a tile lies: its mip level, and its row and column on that level."""

    level: int
    row: int
    column: int


@dataclass(slots=True)
class _Tile:
    """A tile's image, and what of it is out of date, in pixels of the level."""

    image: QImage
    stale: Region = EMPTY
    stale_since: int = 0


@dataclass(slots=True)
class TileStore:
    """The tiles of one picture; the longest unused go when the budget is used up.

    An image that is out of date stays until it is drawn again, so that nothing flickers, and only
    the part that changed is drawn.

    Attributes:
        shape: the photo's ``(height, width)``.
        draw: renders what is missing.
        budget_bytes: what the images may take together.
    """

    shape: tuple[int, int]
    draw: Draw
    budget_bytes: int
    used_bytes: int = 0
    _invalidations: int = 0
    _tiles: OrderedDict[Place, _Tile] = field(default_factory=OrderedDict)

    def area(self, place: Place) -> Region:
        """Return a tile's pixels, in pixels of its level; at the photo's edges it is smaller."""
        grid = tile_region((place.row, place.column), TILE_PX)
        return grid.intersect(frame_region(self.shape, place.level))

    def find(self, place: Place) -> QImage | None:
        """Return a tile's image, even one that is out of date."""
        tile = self._tiles.get(place)
        if tile is None:
            return None
        self._tiles.move_to_end(place)
        return tile.image

    def is_ready(self, place: Place) -> bool:
        """Whether a tile is there and up to date."""
        tile = self._tiles.get(place)
        return tile is not None and tile.stale.is_empty

    def stale_since(self, place: Place) -> int | None:
        """Return since which invalidation a tile is out of date; None if it is not, or missing."""
        tile = self._tiles.get(place)
        return None if tile is None or tile.stale.is_empty else tile.stale_since

    def make_ready(self, place: Place) -> None:
        """Draw what of a tile is missing or out of date."""
        tile = self._tiles.get(place)
        if tile is None:
            self._keep(place, self.draw(self.area(place), place.level))
        elif not tile.stale.is_empty:
            _replace_part(tile, self.area(place), self.draw(tile.stale, place.level))

    def invalidate(self, dirty: Iterable[Region]) -> None:
        """Mark what lies in regions of the photo as out of date, on every level."""
        regions = tuple(dirty)
        self._invalidations += 1
        for place, tile in self._tiles.items():
            was_ready = tile.stale.is_empty
            for region in regions:
                touched = region.at_level(place.level).intersect(self.area(place))
                tile.stale = tile.stale.unite(touched)
            if was_ready and not tile.stale.is_empty:
                tile.stale_since = self._invalidations

    def _keep(self, place: Place, image: QImage) -> None:
        self._tiles[place] = _Tile(image)
        self.used_bytes += image.sizeInBytes()
        while self.used_bytes > self.budget_bytes and len(self._tiles) > 1:
            _, oldest = self._tiles.popitem(last=False)
            self.used_bytes -= oldest.image.sizeInBytes()


def _replace_part(tile: _Tile, area: Region, part: QImage) -> None:
    painter = QPainter(tile.image)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    painter.drawImage(QPoint(tile.stale.x - area.x, tile.stale.y - area.y), part)
    painter.end()
    tile.stale = EMPTY


def list_places(region: Region, level: int) -> list[Place]:
    """Return the tiles that a region touches, given in pixels of the level."""
    return [Place(level, row, column) for row, column in split_into_tiles(region, TILE_PX)]


def parent_of(place: Place) -> Place:
    """Return the tile of the next coarser level that holds a tile."""
    return Place(place.level + 1, place.row >> 1, place.column >> 1)
