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


@dataclass(frozen=True, slots=True)
class TileJob:
    """What of a tile is to be drawn, and how, when the job was made.

    Attributes:
        store: whose tile it is.
        place: which tile.
        region: the part to draw, in pixels of the level.
        draw: draws it; may be called on any thread.
    """

    store: "TileStore"
    place: Place
    region: Region
    draw: Draw


@dataclass(slots=True)
class _Tile:
    """A tile's image, and what of it is out of date, in pixels of the level."""

    image: QImage
    stale: Region = EMPTY
    stale_since: int = 0


@dataclass(slots=True, eq=False)
class TileStore:
    """The tiles of one picture; the longest unused go when the budget is used up.

    An image that is out of date stays until it is drawn again, so that nothing flickers, and only
    the part that changed is drawn. Used in one thread; only a job's ``draw`` may run in another.

    Attributes:
        shape: the photo's ``(height, width)``.
        draw: renders what is missing, as the picture is now.
        budget_bytes: what the images may take together.
    """

    shape: tuple[int, int]
    draw: Draw
    budget_bytes: int
    used_bytes: int = 0
    _invalidations: int = 0
    _tiles: OrderedDict[Place, _Tile] = field(default_factory=OrderedDict)
    _changed_meanwhile: dict[Place, Region] = field(default_factory=dict)

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

    def begin(self, place: Place) -> TileJob:
        """Return the job that makes a tile ready; what changes from now on will count anew."""
        tile = self._tiles.get(place)
        self._changed_meanwhile[place] = EMPTY
        return TileJob(self, place, self.area(place) if tile is None else tile.stale, self.draw)

    def finish(self, job: TileJob, image: QImage) -> None:
        """Take in what a job has drawn; a null image changes nothing and is not tried again."""
        stale = self._changed_meanwhile.pop(job.place, EMPTY)
        tile = self._tiles.get(job.place)
        if tile is None:
            if job.region == self.area(job.place):
                self._keep(job.place, _Tile(image, stale, self._invalidations))
            return
        _replace_part(tile.image, self.area(job.place), job.region, image)
        tile.stale, tile.stale_since = stale, self._invalidations

    def invalidate(self, dirty: Iterable[Region]) -> None:
        """Mark what lies in regions of the photo as out of date, on every level."""
        regions = tuple(dirty)
        self._invalidations += 1
        for place, tile in self._tiles.items():
            was_ready = tile.stale.is_empty
            tile.stale = tile.stale.unite(self._touched(place, regions))
            if was_ready:
                tile.stale_since = self._invalidations
        for place, changed in self._changed_meanwhile.items():
            self._changed_meanwhile[place] = changed.unite(self._touched(place, regions))

    def drop(self, place: Place) -> None:
        """Forget a tile, if it is there."""
        tile = self._tiles.pop(place, None)
        if tile is not None:
            self.used_bytes -= tile.image.sizeInBytes()

    def drop_stale(self, *, but: Place) -> None:
        """Forget every tile that is out of date, except one."""
        stale = [place for place, tile in self._tiles.items() if not tile.stale.is_empty]
        for place in stale:
            if place != but:
                self.drop(place)

    def _touched(self, place: Place, regions: tuple[Region, ...]) -> Region:
        """Return the smallest part of a tile that holds what regions of the photo touch of it."""
        touched, area = EMPTY, self.area(place)
        for region in regions:
            touched = touched.unite(region.at_level(place.level).intersect(area))
        return touched

    def _keep(self, place: Place, tile: _Tile) -> None:
        self._tiles[place] = tile
        self.used_bytes += tile.image.sizeInBytes()
        while self.used_bytes > self.budget_bytes and len(self._tiles) > 1:
            _, oldest = self._tiles.popitem(last=False)
            self.used_bytes -= oldest.image.sizeInBytes()


def _replace_part(target: QImage, area: Region, region: Region, part: QImage) -> None:
    if target.isNull() or part.isNull():
        return
    painter = QPainter(target)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    painter.drawImage(QPoint(region.x - area.x, region.y - area.y), part)
    painter.end()


def list_places(region: Region, level: int) -> list[Place]:
    """Return the tiles that a region touches, given in pixels of the level."""
    return [Place(level, row, column) for row, column in split_into_tiles(region, TILE_PX)]


def parent_of(place: Place) -> Place:
    """Return the tile of the next coarser level that holds a tile."""
    return Place(place.level + 1, place.row >> 1, place.column >> 1)
