"""Tiles are drawn once, and again only where something changed."""

from dataclasses import dataclass, field

from PySide6.QtGui import QColor, QImage

from himapp.document.regions import Region
from himapp.gui.canvas.mosaic import compose
from himapp.gui.canvas.tiles import Place, TileStore, list_places, parent_of

SHAPE = 1000, 1400
FIRST = Place(0, 0, 0)


@dataclass
class Painter:
    """Draws one colour and remembers where."""

    colour: QColor = field(default_factory=lambda: QColor("red"))
    drawn: list[tuple[Region, int]] = field(default_factory=list)

    def __call__(self, region: Region, level: int) -> QImage:
        self.drawn.append((region, level))
        image = QImage(region.width, region.height, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(self.colour)
        return image


def store_with(painter: Painter, budget_bytes: int = 100 << 20) -> TileStore:
    return TileStore(SHAPE, painter, budget_bytes)


def test_a_tile_is_drawn_once() -> None:
    painter = Painter()
    store = store_with(painter)
    assert store.find(FIRST) is None
    for _ in range(2):
        store.make_ready(FIRST)
    assert painter.drawn == [(Region(0, 0, 512, 512), 0)]
    assert store.is_ready(FIRST)


def test_tiles_at_the_edge_end_with_the_photo() -> None:
    store = store_with(Painter())
    assert store.area(Place(0, 1, 2)) == Region(1024, 512, 376, 488)
    assert store.area(Place(2, 0, 0)) == Region(0, 0, 350, 250)


def test_only_the_part_that_changed_is_drawn_again() -> None:
    painter = Painter()
    store = store_with(painter)
    store.make_ready(FIRST)
    store.invalidate([Region(500, 10, 100, 20)])
    assert store.stale_since(FIRST) is not None
    assert store.find(FIRST) is not None, "what is out of date is shown until it is drawn again"
    painter.colour = QColor("blue")
    store.make_ready(FIRST)
    assert painter.drawn[1:] == [(Region(500, 10, 12, 20), 0)]
    image = store.find(FIRST)
    assert image is not None
    assert [image.pixelColor(x, 15) for x in (499, 500, 511)] == [
        QColor("red"),
        QColor("blue"),
        QColor("blue"),
    ]


def test_tiles_that_did_not_change_stay_ready() -> None:
    store = store_with(Painter())
    store.make_ready(FIRST)
    store.invalidate([Region(512, 0, 100, 100)])
    assert store.is_ready(FIRST)


def test_a_change_reaches_every_level() -> None:
    store = store_with(Painter())
    coarse = Place(1, 0, 0)
    store.make_ready(coarse)
    store.invalidate([Region(801, 0, 3, 3)])
    store.make_ready(coarse)
    assert store.draw.drawn[1:] == [(Region(400, 0, 2, 2), 1)]  # type: ignore[attr-defined]


def test_the_age_of_what_is_out_of_date_counts_from_its_first_change() -> None:
    store = store_with(Painter())
    later = Place(0, 0, 1)
    store.make_ready(FIRST)
    store.make_ready(later)
    store.invalidate([Region(0, 0, 10, 10)])
    store.invalidate([Region(0, 0, 1400, 1000)])
    first, second = store.stale_since(FIRST), store.stale_since(later)
    assert first is not None
    assert second is not None
    assert first < second


def test_the_longest_unused_tile_goes_when_the_budget_is_used_up() -> None:
    store = store_with(Painter(), budget_bytes=2 * 4 * 512 * 512)
    second, third = Place(0, 0, 1), Place(0, 1, 0)
    store.make_ready(FIRST)
    store.make_ready(second)
    store.find(FIRST)
    store.make_ready(third)
    assert [store.is_ready(place) for place in (FIRST, second, third)] == [True, False, True]
    assert store.used_bytes <= store.budget_bytes


def test_the_parent_of_a_tile_covers_it() -> None:
    assert parent_of(Place(0, 3, 2)) == Place(1, 1, 1)
    assert list_places(Region(500, 0, 100, 10), 0) == [Place(0, 0, 0), Place(0, 0, 1)]


def test_a_missing_tile_is_enlarged_from_a_coarser_one() -> None:
    painter = Painter()
    store = store_with(painter)
    store.make_ready(Place(2, 0, 0))
    painter.colour = QColor("blue")
    store.make_ready(FIRST)
    mosaic = compose([FIRST, Place(0, 0, 1)], store, None, 0.0)
    assert mosaic.region == Region(0, 0, 1024, 512)
    assert mosaic.image.pixelColor(511, 300) == QColor("blue")
    assert mosaic.image.pixelColor(512, 300) == QColor("red")


def test_a_place_without_any_tile_stays_clear() -> None:
    mosaic = compose([FIRST], store_with(Painter()), None, 0.0)
    assert mosaic.image.pixelColor(5, 5).alpha() == 0


def test_the_tint_lies_over_the_picture_as_strong_as_asked() -> None:
    picture, tint = store_with(Painter(QColor(0, 0, 0))), store_with(Painter(QColor(200, 100, 0)))
    picture.make_ready(FIRST)
    tint.make_ready(FIRST)
    colour = compose([FIRST], picture, tint, 0.5).image.pixelColor(9, 9)
    assert abs(colour.red() - 100) <= 1
    assert abs(colour.green() - 50) <= 1
