"""Boxes, and where a photo stands in the network's input.

Coordinates are continuous: pixel ``i`` covers ``i`` to ``i + 1``, so that a box's width is
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

    @property
    def width(self) -> float:
        """Return the width."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Return the height."""
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        """Return the area."""
        return self.width * self.height

    def expand(self, margin: float) -> "Box":
        """Move every edge outwards; a negative margin shrinks, at most to the centre."""
        dx, dy = max(margin, -self.width / 2), max(margin, -self.height / 2)
        return Box(
            min(self.x0 - dx, self.x1 + dx),
            min(self.y0 - dy, self.y1 + dy),
            max(self.x0 - dx, self.x1 + dx),
            max(self.y0 - dy, self.y1 + dy),
        )

    def clip(self, height: float, width: float) -> "Box":
        """Limit every edge to a picture of this size; a box outside becomes empty at its rim."""
        return Box(
            min(max(self.x0, 0), width),
            min(max(self.y0, 0), height),
            min(max(self.x1, 0), width),
            min(max(self.y1, 0), height),
        )

    def round_outwards(self) -> "Box":
        """Return the smallest box of whole pixels around this one."""
        return Box(math.floor(self.x0), math.floor(self.y0), math.ceil(self.x1), math.ceil(self.y1))

    def to_slices(self) -> tuple[slice, slice]:
        """Return rows and columns of every pixel the box touches, for indexing an array.

        Raises:
            ValueError: The box begins left of or above the array's origin.
        """
        if self.x0 < 0 or self.y0 < 0:
            raise ValueError(f"clip a box before it indexes an array: {self}")
        rows = slice(math.floor(self.y0), math.ceil(self.y1))
        return rows, slice(math.floor(self.x0), math.ceil(self.x1))

    def intersection_over_union(self, other: "Box") -> float:
        """Return the shared share of two boxes, 0 to 1; 0 when both are empty."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        shared = max(width, 0) * max(height, 0)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0


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

    def to_model(self, box: Box) -> Box:
        """Bring a box from photo pixels to input pixels."""
        return Box(
            box.x0 * self.scale_x + self.left,
            box.y0 * self.scale_y + self.top,
            box.x1 * self.scale_x + self.left,
            box.y1 * self.scale_y + self.top,
        )

    def to_photo(self, box: Box) -> Box:
        """Bring a box from input pixels to photo pixels; it may reach beyond the photo."""
        return Box(
            (box.x0 - self.left) / self.scale_x,
            (box.y0 - self.top) / self.scale_y,
            (box.x1 - self.left) / self.scale_x,
            (box.y1 - self.top) / self.scale_y,
        )


def place_in_square(photo_height: int, photo_width: int, side: int) -> Placement:
    """Fit a photo into a square input, centred.

    Args:
        photo_height: In photo pixels.
        photo_width: In photo pixels.
        side: The input's side in its own pixels.

    Raises:
        ValueError: A size is below 1.
    """
    _check_sizes(photo_height, photo_width, side)
    scale = side / max(photo_height, photo_width)
    height, width = _scaled(photo_height, scale), _scaled(photo_width, scale)
    return Placement(
        photo_height,
        photo_width,
        content_height=height,
        content_width=width,
        top=(side - height) // 2,
        left=(side - width) // 2,
        model_height=side,
        model_width=side,
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
