"""Rectangles of whole pixels, and what they are on a coarser mip level."""

import math
from typing import NamedTuple


class Region(NamedTuple):
    """A rectangle of whole pixels; empty where width or height is 0 or less.

    Attributes:
        x: first column.
        y: first row.
        width: number of columns.
        height: number of rows.
    """

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The column after the last one."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The row after the last one."""
        return self.y + self.height

    @property
    def is_empty(self) -> bool:
        """Whether it holds no pixel."""
        return self.width <= 0 or self.height <= 0

    @property
    def shape(self) -> tuple[int, int]:
        """``(height, width)``, as arrays have it."""
        return self.height, self.width

    def intersect(self, other: "Region") -> "Region":
        """Return what both hold; ``EMPTY`` if that is nothing."""
        left, top = max(self.x, other.x), max(self.y, other.y)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        if right <= left or bottom <= top:
            return EMPTY
        return Region(left, top, right - left, bottom - top)

    def unite(self, other: "Region") -> "Region":
        """Return the smallest region that holds both."""
        if self.is_empty:
            return other
        if other.is_empty:
            return self
        left, top = min(self.x, other.x), min(self.y, other.y)
        right, bottom = max(self.right, other.right), max(self.bottom, other.bottom)
        return Region(left, top, right - left, bottom - top)

    def grow(self, margin_px: int) -> "Region":
        """Return the region with a margin on every side; an empty one stays empty."""
        if self.is_empty:
            return self
        return Region(
            self.x - margin_px,
            self.y - margin_px,
            self.width + 2 * margin_px,
            self.height + 2 * margin_px,
        )

    def shift(self, dx: int, dy: int) -> "Region":
        """Return the region moved by ``dx`` columns and ``dy`` rows."""
        return Region(self.x + dx, self.y + dy, self.width, self.height)

    def at_level(self, level: int) -> "Region":
        """Return the pixels of a coarser level that touch this region.

        Args:
            level: how often the picture was halved; pixel ``j`` of level ``n`` stands for the
                ``2^n`` pixels from ``j * 2^n`` on.
        """
        if level == 0 or self.is_empty:
            return self
        left, top = self.x >> level, self.y >> level
        right, bottom = -(-self.right >> level), -(-self.bottom >> level)
        return Region(left, top, right - left, bottom - top)

    def slices_in(self, outer: "Region") -> tuple[slice, slice]:
        """Return the ``[rows, columns]`` of this region in an array that covers ``outer``."""
        return (
            slice(self.y - outer.y, self.bottom - outer.y),
            slice(self.x - outer.x, self.right - outer.x),
        )


EMPTY = Region(0, 0, 0, 0)
"""The region that holds nothing."""


def frame_region(shape: tuple[int, ...], level: int = 0) -> Region:
    """Return the whole picture of ``shape`` ``(height, width, ...)`` at a mip level."""
    return Region(0, 0, shape[1], shape[0]).at_level(level)


def split_into_tiles(region: Region, tile_px: int) -> list[tuple[int, int]]:
    """Return the ``(row, column)`` of every grid tile that touches a region."""
    if region.is_empty:
        return []
    rows = range(region.y // tile_px, math.ceil(region.bottom / tile_px))
    columns = range(region.x // tile_px, math.ceil(region.right / tile_px))
    return [(row, column) for row in rows for column in columns]


def tile_region(tile: tuple[int, int], tile_px: int) -> Region:
    """Return the pixels of the grid tile at ``(row, column)``."""
    return Region(tile[1] * tile_px, tile[0] * tile_px, tile_px, tile_px)
