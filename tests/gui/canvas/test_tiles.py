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


def make_ready(store: TileStore, place: Place) -> None:
    job = store.begin(place)
    store.finish(job, job.draw(job.region, place.level))


def test_a_missing_tile_is_drawn_as_a_whole() -> None:
    painter = Painter()
    store = store_with(painter)
    assert store.find(FIRST) is None
    make_ready(store, FIRST)
    assert painter.drawn == [(Region(0, 0, 512, 512), 0)]
    assert store.is_ready(FIRST)


def test_tiles_at_the_edge_end_with_the_photo() -> None:
    store = store_with(Painter())
    assert store.area(Place(0, 1, 2)) == Region(1024, 512, 376, 488)
    assert store.area(Place(2, 0, 0)) == Region(0, 0, 350, 250)


def test_only_the_part_that_changed_is_drawn_again() -> None:
    painter = Painter()
    store = store_with(painter)
    make_ready(store, FIRST)
    store.invalidate([Region(500, 10, 100, 20)])
    assert store.stale_since(FIRST) is not None
    assert store.find(FIRST) is not None, "what is out of date is shown until it is drawn again"
    painter.colour = QColor("blue")
    make_ready(store, FIRST)
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
    make_ready(store, FIRST)
    store.invalidate([Region(512, 0, 100, 100)])
    assert store.is_ready(FIRST)


def test_a_change_reaches_every_level() -> None:
    store = store_with(Painter())
    coarse = Place(1, 0, 0)
    make_ready(store, coarse)
    store.invalidate([Region(801, 0, 3, 3)])
    make_ready(store, coarse)
    assert store.draw.drawn[1:] == [(Region(400, 0, 2, 2), 1)]  # type: ignore[attr-defined]


def test_the_age_of_what_is_out_of_date_counts_from_its_first_change() -> None:
    store = store_with(Painter())
    later = Place(0, 0, 1)
    make_ready(store, FIRST)
    make_ready(store, later)
    store.invalidate([Region(0, 0, 10, 10)])
    store.invalidate([Region(0, 0, 1400, 1000)])
    first, second = store.stale_since(FIRST), store.stale_since(later)
    assert first is not None
    assert second is not None
    assert first < second


def test_the_longest_unused_tile_goes_when_the_budget_is_used_up() -> None:
    store = store_with(Painter(), budget_bytes=2 * 4 * 512 * 512)
    second, third = Place(0, 0, 1), Place(0, 1, 0)
    make_ready(store, FIRST)
    make_ready(store, second)
    store.find(FIRST)
    make_ready(store, third)
    assert [store.is_ready(place) for place in (FIRST, second, third)] == [True, False, True]
    assert store.used_bytes <= store.budget_bytes


def test_the_parent_of_a_tile_covers_it() -> None:
    assert parent_of(Place(0, 3, 2)) == Place(1, 1, 1)
    assert list_places(Region(500, 0, 100, 10), 0) == [Place(0, 0, 0), Place(0, 0, 1)]


def test_a_missing_tile_is_enlarged_from_a_coarser_one() -> None:
    painter = Painter()
    store = store_with(painter)
    make_ready(store, Place(2, 0, 0))
    painter.colour = QColor("blue")
    make_ready(store, FIRST)
    mosaic = compose([FIRST, Place(0, 0, 1)], store, None, 0.0)
    assert mosaic.region == Region(0, 0, 1024, 512)
    assert mosaic.image.pixelColor(511, 300) == QColor("blue")
    assert mosaic.image.pixelColor(512, 300) == QColor("red")


def test_a_place_without_any_tile_stays_clear() -> None:
    mosaic = compose([FIRST], store_with(Painter()), None, 0.0)
    assert mosaic.image.pixelColor(5, 5).alpha() == 0


def test_the_tint_lies_over_the_picture_as_strong_as_asked() -> None:
    picture, tint = store_with(Painter(QColor(0, 0, 0))), store_with(Painter(QColor(200, 100, 0)))
    make_ready(picture, FIRST)
    make_ready(tint, FIRST)
    colour = compose([FIRST], picture, tint, 0.5).image.pixelColor(9, 9)
    assert abs(colour.red() - 100) <= 1
    assert abs(colour.green() - 50) <= 1


def test_what_changes_while_a_tile_is_drawn_is_drawn_afterwards() -> None:
    painter = Painter()
    store = store_with(painter)
    make_ready(store, FIRST)
    store.invalidate([Region(0, 0, 10, 10)])
    job = store.begin(FIRST)
    store.invalidate([Region(4, 4, 20, 20)])
    store.finish(job, job.draw(job.region, 0))
    assert store.begin(FIRST).region == Region(4, 4, 20, 20)


def test_a_job_that_never_ends_leaves_the_tile_out_of_date() -> None:
    store = store_with(Painter())
    make_ready(store, FIRST)
    store.invalidate([Region(0, 0, 10, 10)])
    store.begin(FIRST)
    assert not store.is_ready(FIRST)


def test_a_part_for_a_tile_that_went_meanwhile_is_not_taken_for_the_whole() -> None:
    store = store_with(Painter())
    make_ready(store, FIRST)
    store.invalidate([Region(0, 0, 10, 10)])
    job = store.begin(FIRST)
    store.drop_stale(but=Place(3, 0, 0))
    store.finish(job, job.draw(job.region, 0))
    assert store.find(FIRST) is None
    assert store.used_bytes == 0
