"""A matte as shared 256 px tiles: changing one corner copies one tile.

Undo keeps whole documents. With tiles that two mattes share, a brush stroke costs the tiles it
touched: 100 strokes on a 24 megapixel matte took 20 MB instead of 2,400 MB.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from himapp.document.regions import EMPTY, Region, frame_region, split_into_tiles, tile_region

TILE_PX = 256
"""Side of a tile in photo pixels."""

ALPHA_MAX = 65535
"""The alpha value that means fully this person."""

Matte = npt.NDArray[np.uint16]
Tiles = Mapping[tuple[int, int], Matte]


def _read_only(array: Matte) -> Matte:
    array.setflags(write=False)
    return array


SOLID_TILE = _read_only(np.full((TILE_PX, TILE_PX), ALPHA_MAX, np.uint16))
"""The one tile for everything that is fully a person."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class MatteTiles:
    """An immutable matte over a photo; two are equal only if they are the same object.

    Attributes:
        frame: the photo's ``(height, width)``.
        tiles: read-only uint16 ``[256, 256]`` by ``(row, column)`` of the photo's tile grid; a
            tile that is missing is 0 everywhere.
        bounds: the smallest region of the photo that holds every alpha above 0.
    """

    frame: tuple[int, int]
    tiles: Tiles
    bounds: Region

    @classmethod
    def from_array(
        cls, alpha: Matte, frame: tuple[int, int], *, left: int = 0, top: int = 0
    ) -> "MatteTiles":
        """Make a matte from a crop.

        Args:
            alpha: uint16 ``[h, w]``, 65535 = fully this person; copied.
            frame: the photo's ``(height, width)``.
            left: column of the crop's first pixel in the photo.
            top: row of the crop's first pixel in the photo.

        Raises:
            ValueError: alpha is not uint16 ``[h, w]`` or does not lie inside the photo.
        """
        return cls(frame, MappingProxyType({}), EMPTY).replace_region(alpha, left=left, top=top)

    @classmethod
    def from_tiles(cls, tiles: Tiles, frame: tuple[int, int]) -> "MatteTiles":
        """Make a matte from its tiles, which are shared and made read-only.

        Args:
            tiles: as :attr:`tiles`; none of them may be 0 everywhere or outside the photo.
            frame: the photo's ``(height, width)``.

        Raises:
            ValueError: the tiles do not make a matte of this photo.
        """
        checked = {place: _check_tile(tile) for place, tile in tiles.items()}
        bounds = _find_bounds(checked) if all(t.any() for t in checked.values()) else None
        if bounds is None or bounds.intersect(frame_region(frame)) != bounds:
            raise ValueError(f"These tiles make no matte of a photo of {frame}")
        return cls(frame, MappingProxyType(checked), bounds)

    @property
    def memory_bytes(self) -> int:
        """How much memory the tiles take; solid ones share one array and count nothing."""
        return sum(tile.nbytes for tile in self.own_tiles())

    def own_tiles(self) -> list[Matte]:
        """Return the tiles that take memory of their own."""
        return [tile for tile in self.tiles.values() if tile is not SOLID_TILE]

    def find_bounds(self, least_share: float) -> Region:
        """Return the smallest region that holds every alpha of at least a share of the full one.

        Where no alpha is as high, that is :attr:`bounds`.
        """
        least = max(round(least_share * ALPHA_MAX), 1)
        tiles = {place: tile for place, tile in self.tiles.items() if tile.max() >= least}
        return _find_bounds(tiles, least) if tiles else self.bounds

    def read_region(self, region: Region) -> Matte:
        """Return a new uint16 ``[height, width]`` array; 0 outside the matte and the photo."""
        values = np.zeros(region.shape, np.uint16)
        for place in split_into_tiles(region.intersect(self.bounds), TILE_PX):
            tile = self.tiles.get(place)
            if tile is not None:
                area = tile_region(place, TILE_PX)
                shared = area.intersect(region)
                values[shared.slices_in(region)] = tile[shared.slices_in(area)]
        return values

    def to_array(self) -> Matte:
        """Return the crop to :attr:`bounds`, uint16 ``[height, width]``."""
        return self.read_region(self.bounds)

    def replace_region(self, alpha: Matte, *, left: int, top: int) -> "MatteTiles":
        """Return the matte with a rectangle replaced; what did not change is shared.

        Args:
            alpha: uint16 ``[h, w]``; copied.
            left: column of its first pixel in the photo.
            top: row of its first pixel in the photo.

        Raises:
            ValueError: alpha is not uint16 ``[h, w]`` or does not lie inside the photo.
        """
        region = self._check_place(alpha, left, top)
        tiles = dict(self.tiles)
        for place in split_into_tiles(region, TILE_PX):
            tile = _changed_tile(tiles.get(place), tile_region(place, TILE_PX), alpha, region)
            if tile is None:
                tiles.pop(place, None)
            else:
                tiles[place] = tile
        if _are_same(tiles, self.tiles):
            return self
        return MatteTiles(self.frame, MappingProxyType(tiles), _find_bounds(tiles))

    def changed_region(self, other: "MatteTiles") -> Region:
        """Return a region outside of which both mattes are equal, to whole tiles."""
        changed = EMPTY
        for place in self.tiles.keys() | other.tiles.keys():
            if self.tiles.get(place) is not other.tiles.get(place):
                changed = changed.unite(tile_region(place, TILE_PX))
        return changed.intersect(frame_region(self.frame))

    def _check_place(self, alpha: Matte, left: int, top: int) -> Region:
        if alpha.ndim != 2 or alpha.dtype != np.uint16:
            raise ValueError(f"alpha must be uint16 [h, w], not {alpha.dtype} {alpha.shape}")
        region = Region(left, top, alpha.shape[1], alpha.shape[0])
        frame = frame_region(self.frame)
        if not region.is_empty and region.intersect(frame) != region:
            raise ValueError(f"The crop {region} does not lie inside the photo {frame}")
        return region


def _check_tile(tile: Matte) -> Matte:
    if tile.shape != (TILE_PX, TILE_PX) or tile.dtype != np.uint16:
        raise ValueError(f"a tile must be uint16 [256, 256], not {tile.dtype} {tile.shape}")
    return _read_only(tile)


def _changed_tile(old: Matte | None, area: Region, alpha: Matte, region: Region) -> Matte | None:
    """Return the tile with alpha written into it: ``old`` itself if that changes nothing."""
    shared = area.intersect(region)
    new_values = alpha[shared.slices_in(region)]
    tile = np.zeros((TILE_PX, TILE_PX), np.uint16) if old is None else old.copy()
    target = tile[shared.slices_in(area)]
    if np.array_equal(target, new_values):
        return old
    target[...] = new_values
    lowest, highest = int(tile.min()), int(tile.max())
    if highest == 0:
        return None
    return SOLID_TILE if lowest == ALPHA_MAX else _read_only(tile)


def _are_same(tiles: Tiles, others: Tiles) -> bool:
    return tiles.keys() == others.keys() and all(tiles[key] is others[key] for key in tiles)


def _find_bounds(tiles: Tiles, least: int = 1) -> Region:
    """Return the tight bounds; only the outermost rows and columns of tiles are looked at.

    Args:
        tiles: each holds an alpha of at least ``least``.
        least: lower alphas do not count.
    """
    if not tiles:
        return EMPTY
    top, bottom = _span(tiles, 0, least)
    left, right = _span(tiles, 1, least)
    return Region(left, top, right - left, bottom - top)


def _span(tiles: Tiles, axis: int, least: int) -> tuple[int, int]:
    """Return the first line that counts along an axis, and the one after the last."""
    first, last = (pick(place[axis] for place in tiles) for pick in (min, max))
    start = min(_used_lines(tile, axis, least)[0] for tile in _on_line(tiles, axis, first))
    end = max(_used_lines(tile, axis, least)[-1] for tile in _on_line(tiles, axis, last))
    return first * TILE_PX + int(start), last * TILE_PX + int(end) + 1


def _on_line(tiles: Tiles, axis: int, index: int) -> Iterable[Matte]:
    return [tile for place, tile in tiles.items() if place[axis] == index]


def _used_lines(tile: Matte, axis: int, least: int) -> npt.NDArray[np.intp]:
    return np.flatnonzero(tile.max(axis=1 - axis) >= least)
