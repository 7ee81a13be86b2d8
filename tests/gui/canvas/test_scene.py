"""What is drawn first, and what stands in for what takes long."""

from himapp.document import edits
from himapp.document.background import ColourBackground
from himapp.document.changes import diff
from himapp.document.document import Document
from himapp.document.regions import Region
from himapp.document.render_cache import RenderCache
from himapp.gui.canvas.scene import Scene
from himapp.gui.canvas.tiles import Place, TileJob
from himapp.gui.canvas.view_state import ViewState

BASE = Place(1, 0, 0)
"""The photo of 600 x 400 is one tile from this level on."""


def draw(jobs: list[TileJob], scene: Scene) -> None:
    scene.finish([(job, job.draw(job.region, job.place.level)) for job in jobs])


def places(jobs: list[TileJob]) -> list[Place]:
    return [job.place for job in jobs]


def complete_scene(document: Document) -> tuple[Scene, ViewState]:
    scene, view = Scene(document, RenderCache()), ViewState.for_photo((600, 400), (700, 500))
    draw(scene.next_jobs(view), scene)
    assert scene.is_complete(view)
    return scene, view


def change_background(scene: Scene) -> None:
    before = scene.document
    after = edits.set_background(before, ColourBackground((0, 0, 255)))
    scene.follow(after, diff(before, after))


def test_the_whole_photo_comes_first_then_tiles_from_the_middle(document: Document) -> None:
    scene = Scene(document, RenderCache())
    view = ViewState.for_photo((600, 400), (700, 500))
    assert places(scene.next_jobs(view)) == [BASE, Place(0, 0, 0), Place(0, 0, 1)]


def test_after_an_edit_only_the_tiles_it_touched_are_drawn(document: Document) -> None:
    scene, view = complete_scene(document)
    after = edits.set_adjustment(document, 1, "exposure_stops", 1.0)
    scene.follow(after, diff(document, after))
    jobs = scene.next_jobs(view)
    assert places(jobs) == [Place(0, 0, 0), BASE]
    assert jobs[0].region == Region(100, 100, 100, 100)
    draw(jobs, scene)
    assert scene.is_complete(view)


def test_an_edit_that_takes_long_shows_coarse_and_whole_first(document: Document) -> None:
    scene, view = complete_scene(document)
    change_background(scene)
    draw(scene.next_jobs(view)[:1], scene)
    assert scene.is_patchwork(view)
    scene.want_coarse()
    jobs = scene.next_jobs(view)
    assert places(jobs) == [BASE]
    draw(jobs, scene)
    assert not scene.is_patchwork(view)
    mosaic = scene.compose(view, 0.0)
    assert mosaic is not None
    assert [mosaic.image.pixelColor(x, 20).blue() for x in (20, 590)] == [255, 255]
    assert places(scene.next_jobs(view)) == [Place(0, 0, 1)]


def test_a_coarse_photo_that_is_drawn_already_is_not_drawn_again(document: Document) -> None:
    scene, view = complete_scene(document)
    change_background(scene)
    jobs = scene.next_jobs(view)
    draw([job for job in jobs if job.place != Place(0, 0, 1)], scene)
    assert scene.is_patchwork(view)
    scene.want_coarse()
    jobs = scene.next_jobs(view)
    assert places(jobs) == [Place(0, 0, 1)]
    assert not any(job.region.is_empty for job in jobs)
    assert not scene.is_patchwork(view)


def test_a_tint_of_nobody_needs_no_tiles(document: Document) -> None:
    scene, view = complete_scene(document)
    scene.tint({1})
    assert not scene.is_complete(view)
    scene.tint(())
    assert scene.is_complete(view)


def test_a_view_beside_the_photo_needs_nothing_composed(document: Document) -> None:
    scene, _ = complete_scene(document)
    beside = ViewState((600, 400), (10, 10), 1.0, (5000.0, 5000.0))
    assert scene.compose(beside, 0.0) is None
