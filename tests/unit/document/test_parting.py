"""Adding, splitting and merging people."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from himapp.document import edits
from himapp.document.adjustments import Adjustments
from himapp.document.document import Document
from himapp.document.matte_tiles import ALPHA_MAX
from himapp.document.parting import merge_people, split_by_line, split_into_parts
from himapp.document.regions import frame_region
from himapp.imaging.photo import Photo


class Found:
    def __init__(self, alpha, left=0, top=0, score=0.9):
        self.alpha, self.left, self.top, self.score = alpha, left, top, score


def make(*mattes):
    """A document of 200 x 300 with one person per matte, in this order."""
    document = Document.for_photo(Photo(np.zeros((200, 300, 3), np.uint8)))
    for matte in mattes:
        document = edits.add_person_layers(document, [Found(matte)])
    return document


def draw(*rectangles, value=ALPHA_MAX):
    alpha = np.zeros((200, 300), np.uint16)
    for x, y, width, height in rectangles:
        alpha[y : y + height, x : x + width] = value
    return alpha


def read(layer):
    return layer.matte.read_region(frame_region(layer.matte.frame))


def names(document):
    """As the list shows them: the topmost first."""
    return [layer.name for layer in reversed(document.layers)]


def test_a_person_who_is_added_takes_only_what_the_others_leave():
    document = make(draw((0, 0, 100, 100)), draw((100, 0, 50, 100), value=40000))
    before = [read(layer) for layer in document.layers]
    added = edits.add_person(document, Found(draw((50, 0, 200, 100))))
    assert added.layers[1:] == document.layers
    new = added.find_layer(3)
    assert (new.number, new.name, new.colour_index) == (3, "Person 3", 2)
    assert names(added)[-1] == "Person 3"
    total = sum(alpha.astype(int) for alpha in before) + read(new)
    assert total.max() == ALPHA_MAX
    assert read(new)[50, 60] == 0
    assert read(new)[50, 120] == ALPHA_MAX - 40000
    assert read(new)[50, 200] == ALPHA_MAX
    assert new.original_matte is new.matte


def test_a_person_for_whom_nothing_is_left_is_not_added():
    document = make(draw((0, 0, 100, 100)))
    assert edits.add_person(document, Found(draw((10, 10, 50, 50)))) is document


def test_numbers_go_on_after_a_person_was_removed():
    document = edits.remove_layer(make(draw((0, 0, 20, 20)), draw((50, 0, 20, 20))), 2)
    assert names(edits.add_person(document, Found(draw((100, 0, 20, 20))))) == [
        "Person 1",
        "Person 3",
    ]


def test_connected_parts_become_people_and_the_largest_stays():
    alpha = draw((200, 50, 40, 40), (80, 20, 60, 120), (10, 50, 30, 30))
    document = edits.rename(make(alpha, draw((160, 0, 20, 20))), 1, "Ann")
    document = edits.set_adjustment(document, 1, "exposure_stops", 1.0)
    split = split_into_parts(document, 1)
    # Document order: Person 2 lay above Ann.
    assert names(split) == ["Person 2", "Ann", "Person 3", "Person 4"]
    assert [split.find_layer(i).bounds.x for i in (1, 3, 4)] == [80, 10, 200]
    assert split.find_layer(4).adjustments == Adjustments(exposure_stops=1.0)
    assert split.next_number == 5
    np.testing.assert_array_equal(sum(read(split.find_layer(i)) for i in (1, 3, 4)), alpha)


def test_soft_pixels_and_specks_go_to_the_nearest_part():
    alpha = draw((0, 0, 60, 100), (200, 0, 60, 100))
    alpha[:, 60:70] = 300
    alpha[50:53, 190:193] = ALPHA_MAX
    split = split_into_parts(make(alpha), 1)
    assert len(split.layers) == 2
    assert read(split.find_layer(1))[10, 65] == 300
    assert read(split.find_layer(2))[51, 191] == ALPHA_MAX
    np.testing.assert_array_equal(read(split.find_layer(1)) + read(split.find_layer(2)), alpha)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: split_into_parts(d, 1),
        lambda d: split_by_line(d, 1, (10, 150), (90, 150)),
        lambda d: split_by_line(d, 1, (50, 50), (50, 50)),
        lambda d: split_by_line(d, 1, (20, 20.4), (20, 20.4)),
        lambda d: merge_people(d, [1]),
        lambda d: merge_people(d, []),
    ],
)
def test_what_parts_or_joins_nothing_is_no_change(change):
    document = make(draw((0, 0, 100, 100)), draw((150, 0, 50, 50)))
    assert change(document) is document


def test_an_empty_matte_cannot_be_split():
    document = make(draw())
    assert split_into_parts(document, 1) is document
    assert split_by_line(document, 1, (0, 0), (9, 9)) is document


def test_a_line_parts_a_person_even_if_it_ends_inside():
    alpha = draw((50, 20, 200, 100))
    split = split_by_line(make(alpha), 1, (100.5, 40), (100.5, 60))
    larger, smaller = (read(split.find_layer(i)) for i in (1, 2))
    assert larger[60, 200] == smaller[60, 70] == ALPHA_MAX
    assert larger[60, 70] == smaller[60, 200] == 0
    np.testing.assert_array_equal(larger + smaller, alpha)


def test_a_line_across_two_legs_gives_two_people_not_three():
    legs = draw((50, 20, 120, 60), (50, 80, 40, 100), (130, 80, 40, 100))
    split = split_by_line(make(legs), 1, (40, 100), (180, 100))
    assert len(split.layers) == 2
    feet = read(split.find_layer(2))
    assert feet[150, 70] == feet[150, 150] == ALPHA_MAX
    assert feet[40, 100] == 0


def test_a_part_that_the_line_does_not_cross_stays_whole():
    alpha = draw((0, 20, 100, 100), (200, 20, 60, 100))
    split = split_by_line(make(alpha), 1, (40, 0), (40, 130))
    assert len(split.layers) == 2
    assert read(split.find_layer(1))[60, 230] == ALPHA_MAX
    np.testing.assert_array_equal(read(split.find_layer(1)) + read(split.find_layer(2)), alpha)


def test_a_reset_after_a_split_does_not_bring_back_the_whole():
    document = make(draw((0, 0, 60, 100), (200, 0, 60, 100)))
    bare = edits.set_matte(
        document, 1, make(draw((0, 0, 60, 50), (200, 0, 60, 80))).layers[0].matte
    )
    split = split_into_parts(bare, 1)
    reset = edits.reset_matte(edits.reset_matte(split, 1), 2)
    whole = read(document.layers[0])
    np.testing.assert_array_equal(read(reset.find_layer(1)) + read(reset.find_layer(2)), whole)


@given(seed=st.integers(0, 10_000))
def test_any_line_shares_out_every_pixel(seed):
    rng = np.random.default_rng(seed)
    alpha = np.zeros((200, 300), np.uint16)
    for _ in range(4):
        x, y = rng.integers(0, 250), rng.integers(0, 150)
        alpha[y : y + 60, x : x + 60] = rng.integers(1, ALPHA_MAX + 1)
    ends = [tuple(float(v) for v in rng.uniform((-20, -20), (320, 220))) for _ in range(2)]
    split = split_by_line(make(alpha), 1, *ends)
    assert len(split.layers) in (1, 2)
    np.testing.assert_array_equal(sum(read(layer) for layer in split.layers), alpha)


def test_merged_people_add_up_to_at_most_one():
    document = make(
        draw((0, 0, 100, 100), value=40000),
        draw((50, 0, 100, 100), value=40000),
        draw((200, 0, 20, 20)),
    )
    document = edits.rename(edits.set_visible(document, 1, visible=False), 1, "Ann")
    merged = merge_people(document, {2, 1})
    assert [layer.id for layer in merged.layers] == [1, 3]
    layer = merged.find_layer(1)
    assert layer.name == "Ann"
    assert layer.visible
    assert (read(layer)[10, 10], read(layer)[10, 70], read(layer)[10, 120]) == (
        40000,
        ALPHA_MAX,
        40000,
    )
    assert edits.reset_matte(merged, 1).layers == merged.layers


def test_merging_undoes_a_split():
    alpha = draw((0, 0, 60, 100), (200, 0, 60, 100))
    split = split_into_parts(make(alpha), 1)
    np.testing.assert_array_equal(read(merge_people(split, [1, 2]).find_layer(1)), alpha)
