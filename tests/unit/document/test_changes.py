import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from himapp.document import edits
from himapp.document.adjustments import Adjustments
from himapp.document.background import (
    BlurBackground,
    ColourBackground,
    PhotoBackground,
    TransparentBackground,
)
from himapp.document.changes import diff
from himapp.document.document import Document
from himapp.document.regions import Region, frame_region
from himapp.document.render import render_level
from himapp.document.render_cache import RenderCache


def test_the_same_document_has_no_changes(make_document):
    document = make_document()
    changes = diff(document, document)
    assert changes.is_empty
    assert changes.dirty == ()


def test_people_that_come_and_go(make_document):
    document = make_document()
    empty = Document.for_photo(document.photo)
    assert diff(empty, document).added == (1, 2, 3)
    assert diff(document, edits.remove_layer(document, 2)).removed == (2,)
    assert not diff(document, edits.remove_layer(document, 2)).order_changed
    # Over the photo people without edits do not show.
    assert diff(empty, document).dirty == ()


def test_each_change_is_named(make_document):
    document = make_document()
    edited = edits.set_visible(edits.rename(document, 1, "Ann"), 1, visible=False)
    edited = edits.set_adjustment(edited, 3, "saturation", 0.5)
    changes = diff(document, edited)
    assert changes.changed == {1: {"name", "visible"}, 3: {"adjustments"}}
    assert changes.dirty == (document.find_layer(3).bounds,)


def test_a_name_shows_in_the_list_alone(make_document):
    document = edits.set_background(make_document(), ColourBackground((1, 2, 3)))
    assert diff(document, edits.rename(document, 1, "Ann")).dirty == ()


def test_order_shows_over_another_background_only(make_document):
    document = make_document()
    assert diff(document, edits.reorder(document, 1, 1)).order_changed
    assert diff(document, edits.reorder(document, 1, 1)).dirty == ()
    coloured = edits.set_background(document, ColourBackground((1, 2, 3)))
    assert len(diff(coloured, edits.reorder(coloured, 1, 1)).dirty) == 2


def test_another_background_or_photo_is_the_whole_frame(make_document):
    document = make_document()
    coloured = edits.set_background(document, ColourBackground((1, 2, 3)))
    assert diff(document, coloured).background_changed
    assert diff(document, coloured).dirty == (document.frame,)
    other = make_document(200, 300) if document.frame.width < 300 else make_document(310, 410)
    assert diff(document, other).photo_changed
    assert diff(document, other).dirty == (other.frame,)


def test_a_painted_corner_is_one_tile_of_a_toned_person(make_document):
    document = edits.set_adjustment(make_document(600, 700), 3, "exposure_stops", 1)
    matte = document.find_layer(3).matte
    painted = matte.replace_region(np.full((5, 5), 999, np.uint16), left=600, top=520)
    changes = diff(document, edits.set_matte(document, 3, painted))
    assert changes.changed == {3: {"matte"}}
    assert changes.dirty == (Region(512, 512, 188, 88),)


steps = st.lists(
    st.sampled_from(
        [
            lambda d: edits.set_visible(d, 1, visible=not d.find_layer(1).visible),
            lambda d: edits.set_opacity(d, 1, 0.4),
            lambda d: edits.set_opacity(d, 2, 0.0),
            lambda d: edits.set_adjustments(d, 2, Adjustments(1, 0.5, 0)),
            lambda d: edits.set_adjustments(d, 1, Adjustments(0, 0, 6)),
            lambda d: edits.reorder(d, 1, 2),
            lambda d: edits.rename(d, 1, "Ann"),
            lambda d: edits.remove_layer(d, 3) if len(d.layers) == 3 else d,
            lambda d: edits.set_matte(
                d,
                1,
                d.find_layer(1).matte.replace_region(
                    np.full((30, 30), 40000, np.uint16), left=150, top=100
                ),
            ),
        ]
    ),
    min_size=1,
    max_size=3,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(
        [
            PhotoBackground(),
            TransparentBackground(),
            ColourBackground((9, 9, 9)),
            BlurBackground(8.0),
        ]
    ),
    steps,
    steps,
)
def test_nothing_changes_outside_the_dirty_regions(make_document, background, first, second):
    document = edits.set_background(make_document(290, 400), background)
    for step in first:
        document = step(document)
    edited = document
    for step in second:
        edited = step(edited)
    cache = RenderCache()
    frame = frame_region(document.photo.pixels.shape)
    same = render_level(document, frame, 0, cache=cache) == render_level(
        edited, frame, 0, cache=cache
    )
    for region in diff(document, edited).dirty:
        same[region.slices_in(frame)] = True
    assert same.all()


@pytest.mark.parametrize("level", [1, 3])
def test_a_region_at_a_level_holds_every_pixel_that_it_touches(level):
    step = 2**level
    region = Region(step + 1, 2 * step - 1, step - 1, 2)
    assert region.at_level(level) == Region(1, 1, 1, 2)
    assert Region(0, 0, 0, 0).at_level(level).is_empty
