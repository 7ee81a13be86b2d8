"""The tiles of a document: which are needed, which are out of date, and how they look together."""

from collections.abc import Iterable
from functools import partial

from PySide6.QtGui import QImage

from himapp.document.changes import Changes
from himapp.document.document import Document
from himapp.document.mip_levels import MAX_LEVEL
from himapp.document.regions import frame_region
from himapp.document.render_cache import RenderCache
from himapp.gui.canvas.mosaic import Mosaic, compose
from himapp.gui.canvas.tile_images import draw_picture, draw_tint
from himapp.gui.canvas.tiles import TILE_PX, Draw, Place, TileJob, TileStore, list_places
from himapp.gui.canvas.view_state import ViewState

_LEAST_BUDGET_BYTES = 96 << 20
_BYTES_PER_VIEW_PIXEL = 24
"""Room for a viewport's tiles at the least favourable zoom, and for those just around it."""

_Needed = tuple[TileStore, Place]


class Scene:
    """A document as tiles, with a tint over some of its people.

    Args:
        document: what to show.
        cache: the renderer's.
    """

    def __init__(self, document: Document, cache: RenderCache) -> None:
        self._document = document
        self._cache = cache
        self._tinted: frozenset[int] = frozenset()
        shape = document.frame.shape
        self._picture = TileStore(shape, self._draw(), _LEAST_BUDGET_BYTES)
        self._tint: TileStore | None = None
        self._base = Place(_base_level(shape), 0, 0)
        self._coarse_is_wanted = False
        self._mosaic: Mosaic | None = None
        self._mosaic_key: tuple[list[Place], float] | None = None

    @property
    def document(self) -> Document:
        """What is shown."""
        return self._document

    def follow(self, document: Document, changes: Changes) -> None:
        """Show the document after an edit; only what the edit touched is drawn again."""
        self._document = document
        self._picture.draw = self._draw()
        self._picture.invalidate(changes.dirty)
        retinted = any("matte" in aspects for aspects in changes.changed.values())
        if self._tint is not None and (retinted or changes.removed or changes.added):
            self._make_tint()

    def tint(self, ids: Iterable[int]) -> None:
        """Lay a tint over these people and no others."""
        self._tinted = frozenset(ids)
        self._make_tint()

    def is_complete(self, view: ViewState) -> bool:
        """Whether everything that is seen is drawn and up to date."""
        return not self._list_needed(view)

    def next_jobs(self, view: ViewState) -> list[TileJob]:
        """Return what is to be drawn for a view, the most needed first."""
        self._reserve(view)
        if self._coarse_is_wanted and self._picture.is_ready(self._base):
            self._show_coarse()  # it was drawn before anybody heard that it is wanted
        if self._coarse_is_wanted:
            return [self._picture.begin(self._base)]
        return [store.begin(place) for store, place in self._list_needed(view)]

    def finish(self, drawn: Iterable[tuple[TileJob, QImage]]) -> None:
        """Take in what jobs have drawn."""
        for job, image in drawn:
            job.store.finish(job, image)
            if self._coarse_is_wanted and job.place == self._base:
                self._show_coarse()
        self._mosaic_key = None

    def is_patchwork(self, view: ViewState) -> bool:
        """Whether a part of what is seen is out of date."""
        places = list_places(view.visible_at_level(view.level), view.level)
        return any(self._picture.stale_since(place) is not None for place in places)

    def want_coarse(self) -> None:
        """Draw the whole photo next, coarse, and let it stand in for what is out of date.

        Where an edit takes long to draw, it serves better than a patchwork of before and after.
        """
        self._coarse_is_wanted = True

    def compose(self, view: ViewState, tint_opacity: float) -> Mosaic | None:
        """Return the visible tiles as one image, as far as they are drawn; None if none is seen."""
        places = list_places(view.visible_at_level(view.level), view.level)
        if not places:
            return None
        key = places, tint_opacity if self._tint is not None else 0.0
        if self._mosaic is None or self._mosaic_key != key:
            self._mosaic = compose(places, self._picture, self._tint, tint_opacity)
            self._mosaic_key = key
        return self._mosaic

    def _show_coarse(self) -> None:
        """Let the whole photo stand in for what is out of date."""
        self._picture.drop_stale(but=self._base)
        self._coarse_is_wanted = False
        self._mosaic_key = None

    def _list_needed(self, view: ViewState) -> list[_Needed]:
        """Return what is not there or out of date, the most needed first.

        First the whole photo, coarse, where a tile is missing; then what an edit left out of date,
        the oldest first, so that a slider that never rests leaves no tile behind; then what is
        missing, from the middle outwards; then the tint; last the whole photo for later.
        """
        places = list_places(view.visible_at_level(view.level), view.level)
        stale = _list_stale(self._picture, [place for place in places if place != self._base])
        missing = _list_missing(self._picture, places, view)
        tint = _list_missing(self._tint, places, view) if self._tint is not None else []
        base = [] if self._picture.is_ready(self._base) else [(self._picture, self._base)]
        missing = [job for job in missing if job not in base]
        return [*base, *stale, *missing, *tint] if missing else [*stale, *tint, *base]

    def _reserve(self, view: ViewState) -> None:
        wanted = _BYTES_PER_VIEW_PIXEL * view.viewport[0] * view.viewport[1]
        for store in (self._picture, self._tint):
            if store is not None:
                store.budget_bytes = max(wanted, _LEAST_BUDGET_BYTES)

    def _draw(self) -> Draw:
        """Return what draws the document as it is now.

        It does not hold the scene: a scene in a ring of references would keep its tiles for long.
        """
        return partial(draw_picture, self._document, cache=self._cache)

    def _make_tint(self) -> None:
        """Start the tint's tiles anew."""
        layers = [layer for layer in self._document.layers if layer.id in self._tinted]
        self._mosaic_key = None
        self._tint = None
        if layers:
            draw = partial(draw_tint, layers, cache=self._cache)
            self._tint = TileStore(self._document.frame.shape, draw, _LEAST_BUDGET_BYTES)


def _list_stale(store: TileStore, places: list[Place]) -> list[_Needed]:
    ages = {place: store.stale_since(place) for place in places}
    stale = [place for place in places if ages[place] is not None]
    return [(store, place) for place in sorted(stale, key=lambda place: ages[place] or 0)]


def _list_missing(store: TileStore, places: list[Place], view: ViewState) -> list[_Needed]:
    x, y = (coordinate / 2**view.level / TILE_PX - 0.5 for coordinate in view.centre)
    missing = [place for place in places if store.find(place) is None]
    missing.sort(key=lambda place: (place.column - x) ** 2 + (place.row - y) ** 2)
    return [(store, place) for place in missing]


def _base_level(shape: tuple[int, int]) -> int:
    """Return the finest level at which the whole photo is one tile, or the coarsest."""
    level = 0
    while max(frame_region(shape, level).shape) > TILE_PX and level < MAX_LEVEL:
        level += 1
    return level
