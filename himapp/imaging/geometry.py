"""Boxes, windows of whole pixels, and where a photo stands in the network's input.

A box's coordinates are continuous: pixel ``i`` covers ``i`` to ``i + 1``, so that a box's width is
``x1 - x0`` and scaling needs no half-pixel terms.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """Hold an upright rectangle; ``x0 <= x1`` and ``y0 <= y1``.

    Attributes:
        x0: Left edge.
        y0: Top edge.
        x1: Right edge.
        y1: Bottom edge.
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        """Refuse edges in the wrong order.

        Raises:
            ValueError: An edge is not a number or lies beyond its opposite.
        """
        if not (self.x0 <= self.x1 and self.y0 <= self.y1):
            raise ValueError(f"a box needs x0 <= x1 and y0 <= y1, not {self}")

    def clip(self, height: float, width: float) -> "Box":
        """Limit every edge to a picture of this size; a box outside becomes empty at its rim."""
        return Box(
            min(max(self.x0, 0), width),
            min(max(self.y0, 0), height),
            min(max(self.x1, 0), width),
            min(max(self.y1, 0), height),
        )


@dataclass(frozen=True, slots=True)
class Window:
    """Hold a rectangle of whole pixels: rows ``top`` to ``bottom``, columns ``left`` to ``right``.

    Attributes:
        top: First row.
        bottom: The row after the last one.
        left: First column.
        right: The column after the last one.
    """

    top: int
    bottom: int
    left: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Return rows and columns, to index ``[H, W, ...]`` with."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grow(self, margin_px: int, shape: tuple[int, ...]) -> "Window":
        """Return the window with a margin, inside a picture of ``shape`` (height, width)."""
        return Window(
            max(self.top - margin_px, 0),
            min(self.bottom + margin_px, shape[0]),
            max(self.left - margin_px, 0),
            min(self.right + margin_px, shape[1]),
        )

    def halve(self, times: int) -> "Window":
        """Return the pixels that hold the window in the picture halved so often."""
        up = (1 << times) - 1
        bottom, right = (self.bottom + up) >> times, (self.right + up) >> times
        return Window(self.top >> times, bottom, self.left >> times, right)

    def slices_in(self, outer: "Window") -> tuple[slice, slice]:
        """Return rows and columns counted from an outer window's corner."""
        rows = slice(self.top - outer.top, self.bottom - outer.top)
        return rows, slice(self.left - outer.left, self.right - outer.left)


@dataclass(frozen=True, slots=True)
class Placement:
    """Say where a scaled photo lies inside the network's input (letterbox, never stretched).

    Attributes:
        photo_height: The photo in its own pixels.
        photo_width: As above.
        content_height: The scaled photo inside the input, in the input's pixels.
        content_width: As above.
        top: Rows of padding above the content.
        left: Columns of padding left of the content.
        model_height: The whole input.
        model_width: As above.
    """

    photo_height: int
    photo_width: int
    content_height: int
    content_width: int
    top: int
    left: int
    model_height: int
    model_width: int

    @property
    def scale_y(self) -> float:
        """Return input pixels per photo pixel downwards; rounding parts it from ``scale_x``."""
        return self.content_height / self.photo_height

    @property
    def scale_x(self) -> float:
        """Return input pixels per photo pixel to the right."""
        return self.content_width / self.photo_width

    @property
    def content_slices(self) -> tuple[slice, slice]:
        """Return rows and columns of the content inside the input."""
        rows = slice(self.top, self.top + self.content_height)
        return rows, slice(self.left, self.left + self.content_width)

    def to_photo(self, box: Box) -> Box:
        """Bring a box from input pixels to photo pixels; it may reach beyond the photo."""
        return Box(
            (box.x0 - self.left) / self.scale_x,
            (box.y0 - self.top) / self.scale_y,
            (box.x1 - self.left) / self.scale_x,
            (box.y1 - self.top) / self.scale_y,
        )


def place_with_multiple(
    photo_height: int, photo_width: int, longest_side: int, multiple: int = 32
) -> Placement:
    """Fit a photo's longest side, padding right and below to a multiple: fewer empty pixels.

    Args:
        photo_height: In photo pixels.
        photo_width: In photo pixels.
        longest_side: Of the content, in input pixels.
        multiple: What the input's height and width must be divisible by.

    Raises:
        ValueError: A size is below 1.
    """
    _check_sizes(photo_height, photo_width, longest_side, multiple)
    scale = longest_side / max(photo_height, photo_width)
    height, width = _scaled(photo_height, scale), _scaled(photo_width, scale)
    return Placement(
        photo_height,
        photo_width,
        content_height=height,
        content_width=width,
        top=0,
        left=0,
        model_height=math.ceil(height / multiple) * multiple,
        model_width=math.ceil(width / multiple) * multiple,
    )


def _scaled(side: int, scale: float) -> int:
    """Return a scaled side, one pixel at least."""
    return max(1, round(side * scale))


def _check_sizes(*sizes: int) -> None:
    """Refuse sizes below 1."""
    if min(sizes) < 1:
        raise ValueError(f"sizes must be at least 1, not {sizes}")
