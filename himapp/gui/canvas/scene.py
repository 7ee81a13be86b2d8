"""The tiles of a document: which are needed, which are out of date, drawn a few at a time."""

import time
from collections.abc import Iterable
from functools import partial

from himapp.document.changes import Changes
from himapp.document.document import Document
from himapp.document.mip_levels import MAX_LEVEL
from himapp.document.regions import frame_region
from himapp.document.render_cache import RenderCache
from himapp.gui.canvas.mosaic import Mosaic, compose
from himapp.gui.canvas.tile_images import draw_picture, draw_tint
from himapp.gui.canvas.tiles import TILE_PX, Draw, Place, TileStore, list_places
from himapp.gui.canvas.view_state import ViewState

PAN_BUDGET_S = 0.008
"""Between two frames of a pan or zoom so much is drawn; the rest shows coarse until later."""

EDIT_BUDGET_S = 0.04
"""After an edit so much is drawn before the next frame, so that what changed shows in one go."""

_LEAST_BUDGET_BYTES = 96 << 20
_BYTES_PER_VIEW_PIXEL = 24
"""Room for a viewport's tiles at the least favourable zoom, and for those just around it."""

_Job = tuple[TileStore, Place]


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
        return not self._list_jobs(view)

    def draw_some(self, view: ViewState) -> bool:
        """Draw the most needed tiles until the time is used up; returns whether all is done."""
        jobs = self._list_jobs(view)
        was_edited = any(store.stale_since(place) is not None for store, place in jobs)
        deadline = time.perf_counter() + (EDIT_BUDGET_S if was_edited else PAN_BUDGET_S)
        self._reserve(view)
        for done, (store, place) in enumerate(jobs, 1):
            store.make_ready(place)
            self._mosaic_key = None
            if time.perf_counter() >= deadline:
                return done == len(jobs)
        return True

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

    def _list_jobs(self, view: ViewState) -> list[_Job]:
        """Return what is to be drawn, the most needed first.

        First the whole photo, coarse; then what an edit left out of date, the oldest first, so
        that a slider that never rests leaves no tile behind; then what is missing, from the middle
        outwards; then the tint; last the whole photo again if an edit left it out of date.
        """
        places = list_places(view.visible_at_level(view.level), view.level)
        base = [] if self._picture.find(self._base) is not None else [(self._picture, self._base)]
        return [
            *base,
            *_list_stale(self._picture, places),
            *_list_missing(self._picture, places, view),
            *(_list_missing(self._tint, places, view) if self._tint is not None else []),
            *([] if self._base in places else _list_stale(self._picture, [self._base])),
        ]

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


def _list_stale(store: TileStore, places: list[Place]) -> list[_Job]:
    ages = {place: store.stale_since(place) for place in places}
    stale = [place for place in places if ages[place] is not None]
    return [(store, place) for place in sorted(stale, key=lambda place: ages[place] or 0)]


def _list_missing(store: TileStore, places: list[Place], view: ViewState) -> list[_Job]:
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
