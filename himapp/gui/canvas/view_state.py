"""Which part of the photo is seen, and how large: plain numbers, no Qt.

Two frames: *photo* pixels, and *view* pixels, which are the screen's own (device) pixels from the
canvas's top left corner. At zoom 1 one photo pixel is one pixel of the screen.
"""

from dataclasses import dataclass, replace

from himapp.document.mip_levels import MAX_LEVEL
from himapp.document.regions import Region
from himapp.document.render import pick_level

MAX_ZOOM = 32.0
"""Here a photo pixel is a square of 32 screen pixels."""

NEAREST_FROM = 2.0
"""From this zoom on the photo's pixels are shown as squares: it is they one wants to see."""

_ENLARGING = 2**0.25
"""A level may be enlarged so much: hardly soft, and up to 1.4 times fewer pixels to draw."""

_SMALLEST_SIDE = 64
"""Zooming out ends where the photo's longer side is this many view pixels."""


@dataclass(frozen=True, slots=True)
class ViewState:
    """A photo seen through a viewport.

    Attributes:
        photo: the photo's ``(width, height)``.
        viewport: ``(width, height)`` in view pixels, each at least 1.
        zoom: view pixels per photo pixel.
        centre: the photo point in the middle of the viewport.
        is_fitted: whether the whole photo is shown, and stays so when the viewport changes.
        margin: view pixels that fitting leaves free on each side.
    """

    photo: tuple[int, int]
    viewport: tuple[int, int]
    zoom: float
    centre: tuple[float, float]
    is_fitted: bool = False
    margin: int = 0

    @classmethod
    def for_photo(
        cls, photo: tuple[int, int], viewport: tuple[int, int], margin: int = 0
    ) -> "ViewState":
        """Return a view of the whole photo."""
        middle = photo[0] / 2, photo[1] / 2
        return cls(photo, viewport, 1.0, middle, margin=margin).fit()

    @property
    def fit_zoom(self) -> float:
        """The zoom at which the whole photo just fits; small photos are not enlarged."""
        free = [max(side - 2 * self.margin, 1) for side in self.viewport]
        return min(free[0] / self.photo[0], free[1] / self.photo[1], 1.0)

    @property
    def min_zoom(self) -> float:
        """How far one can zoom out."""
        return min(self.fit_zoom, _SMALLEST_SIDE / max(self.photo))

    @property
    def level(self) -> int:
        """The mip level to show: the coarsest that has enough pixels, or very nearly."""
        return pick_level(min(self.zoom / _ENLARGING, 1.0))

    @property
    def is_pixelated(self) -> bool:
        """Whether photo pixels are shown as squares."""
        return self.zoom >= NEAREST_FROM

    @property
    def origin(self) -> tuple[int, int]:
        """The view point of the photo's top left corner.

        It is whole, so that at 100 % each photo pixel lies on one pixel of the screen.
        """
        width, height = self.viewport
        x = round(width / 2 - self.centre[0] * self.zoom)
        y = round(height / 2 - self.centre[1] * self.zoom)
        return x, y

    def to_photo(self, x: float, y: float) -> tuple[float, float]:
        """Return the photo point of a view point."""
        left, top = self.origin
        return (x - left) / self.zoom, (y - top) / self.zoom

    def to_view(self, x: float, y: float) -> tuple[float, float]:
        """Return the view point of a photo point."""
        left, top = self.origin
        return left + x * self.zoom, top + y * self.zoom

    def has_pixel(self, x: float, y: float) -> bool:
        """Whether a photo point lies inside the photo."""
        return 0 <= x < self.photo[0] and 0 <= y < self.photo[1]

    def visible_region(self) -> Region:
        """Return the photo pixels that are seen, at least in part; empty if none is."""
        left, top = self.to_photo(0, 0)
        right, bottom = self.to_photo(*self.viewport)
        x, y = int(left // 1), int(top // 1)
        seen = Region(x, y, int(-(-right // 1)) - x, int(-(-bottom // 1)) - y)
        return seen.intersect(Region(0, 0, *self.photo))

    def visible_at_level(self, level: int) -> Region:
        """Return the pixels of a mip level that are seen, with one around for smooth scaling."""
        if not 0 <= level <= MAX_LEVEL:
            raise ValueError(f"level must be in 0..{MAX_LEVEL}, not {level}")
        frame = Region(0, 0, *self.photo).at_level(level)
        return self.visible_region().at_level(level).grow(1).intersect(frame)

    def fit(self) -> "ViewState":
        """Show the whole photo."""
        middle = self.photo[0] / 2, self.photo[1] / 2
        return replace(self, zoom=self.fit_zoom, centre=middle, is_fitted=True)

    def zoom_to(self, zoom: float, anchor: tuple[float, float] | None = None) -> "ViewState":
        """Change the zoom, within its limits, while one point stays where it is.

        Args:
            zoom: view pixels per photo pixel.
            anchor: the view point that stays; None means the middle.
        """
        zoom = min(max(zoom, self.min_zoom), MAX_ZOOM)
        middle = self.viewport[0] / 2, self.viewport[1] / 2
        x, y = anchor or middle
        # Reckoned from the centre, not the rounded origin: rounding must not add up.
        shift = 1 / self.zoom - 1 / zoom
        centre = (
            self.centre[0] + (x - middle[0]) * shift,
            self.centre[1] + (y - middle[1]) * shift,
        )
        return replace(self, zoom=zoom, centre=centre, is_fitted=False)._limit()

    def move(self, dx: float, dy: float) -> "ViewState":
        """Move what is shown by view pixels, as a hand moves paper."""
        centre = self.centre[0] - dx / self.zoom, self.centre[1] - dy / self.zoom
        moved = replace(self, centre=centre)._limit()
        return moved if moved.centre == self.centre else replace(moved, is_fitted=False)

    def resize(self, viewport: tuple[int, int], margin: int) -> "ViewState":
        """Give the view another viewport; what is in its middle stays there."""
        resized = replace(self, viewport=viewport, margin=margin)
        return resized.fit() if self.is_fitted else resized._limit()

    def _limit(self) -> "ViewState":
        """Keep the photo in sight: it never leaves more of the viewport empty than it must."""
        x, y = (self._limit_axis(axis) for axis in (0, 1))
        return replace(self, centre=(x, y))

    def _limit_axis(self, axis: int) -> float:
        length, middle = self.photo[axis], self.photo[axis] / 2
        # Half of what is seen, without the margin that may show beyond the photo's edge.
        half = max(self.viewport[axis] / 2 - self.margin, 1) / self.zoom
        if 2 * half >= length:
            return middle
        return min(max(self.centre[axis], half), length - half)
