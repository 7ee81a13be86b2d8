"""Finding people again: new mattes for those who are listed, nothing lost, nobody doubled."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from himapp.document import edits
from himapp.document.document import Document
from himapp.document.matte_tiles import ALPHA_MAX, MatteTiles
from himapp.document.parting import merge_people, split_by_line, split_into_parts
from himapp.document.project_file import load_project, save_project
from himapp.document.refinding import cut_mattes, find_again
from himapp.document.regions import frame_region
from himapp.imaging.photo import Photo

HEIGHT, WIDTH = 300, 600


class Found:
    """What inference hands over."""

    def __init__(self, alpha, left=0, top=0, score=0.9):
        self.alpha, self.left, self.top, self.score = alpha, left, top, score


def draw(*rectangles, value=ALPHA_MAX):
    alpha = np.zeros((HEIGHT, WIDTH), np.uint16)
    for x, y, width, height in rectangles:
        alpha[y : y + height, x : x + width] = value
    return alpha


LEFT, MIDDLE, RIGHT = (20, 40, 100, 200), (250, 40, 100, 200), (450, 40, 100, 200)


def make(*mattes):
    """A document of 300 x 600 with these people, left to right."""
    document = Document.for_photo(Photo(np.zeros((HEIGHT, WIDTH, 3), np.uint8)))
    return edits.add_person_layers(document, [Found(matte) for matte in mattes])


def search(document, *mattes, score=0.8):
    found = [Found(matte, score=score) for matte in mattes]
    return find_again(document, cut_mattes(found, document.frame.shape))


def read(layer):
    return layer.matte.read_region(frame_region(layer.matte.frame))


def total(document):
    return sum(read(layer).astype(np.int64) for layer in document.layers)


def ids(document):
    return [layer.id for layer in document.layers]


def shift(rectangle, dx=4):
    x, y, width, height = rectangle
    return x + dx, y, width, height


def test_who_is_found_again_gets_the_matte_and_stays_who_they_are():
    document = make(draw(LEFT), draw(RIGHT))
    document = edits.rename(document, 1, "Ann")
    document = edits.set_adjustment(document, 1, "exposure_stops", 1.0)
    document = edits.set_opacity(edits.set_visible(document, 1, visible=False), 1, 0.4)
    document = edits.reorder(document, 1, 1)
    after = search(document, draw(shift(LEFT)), draw(shift(RIGHT)))
    assert ids(after) == [2, 1]
    before, ann = document.find_layer(1), after.find_layer(1)
    assert ann == replace(before, matte=ann.matte, original_matte=ann.matte, score=0.8)
    np.testing.assert_array_equal(read(ann), draw(shift(LEFT)))
    np.testing.assert_array_equal(read(after.find_layer(2)), draw(shift(RIGHT)))
    assert after.next_number == document.next_number


def test_the_order_in_which_people_are_found_does_not_matter():
    document = make(draw(LEFT), draw(MIDDLE))
    mattes = [draw(shift(place)) for place in (LEFT, MIDDLE, RIGHT)]
    one, other = search(document, *mattes), search(document, *reversed(mattes))
    assert ids(one) == ids(other) == [3, 1, 2]
    for layer, same in zip(one.layers, other.layers, strict=True):
        np.testing.assert_array_equal(read(layer), read(same))


def test_of_two_who_are_found_the_nearer_one_takes_the_place():
    document = make(draw(LEFT))
    near, far = draw(shift(LEFT, 3)), draw((123, 40, 100, 200))
    after = search(document, far, near)
    np.testing.assert_array_equal(read(after.find_layer(1)), near)
    np.testing.assert_array_equal(read(after.find_layer(2)), far)


def test_people_of_whom_one_half_is_another_are_not_the_same():
    document = make(draw(LEFT))
    after = search(document, draw(shift(LEFT, 50)))
    assert after.find_layer(1) is document.find_layer(1)


def test_who_was_missed_joins_below_with_the_next_numbers():
    document = edits.remove_layer(make(draw(MIDDLE), draw((580, 0, 10, 10))), 2)
    after = search(document, draw(RIGHT), draw(LEFT), draw(MIDDLE))
    assert ids(after) == [4, 3, 1]
    assert [after.find_layer(i).bounds.x for i in (3, 4)] == [LEFT[0], RIGHT[0]]
    new = after.find_layer(3)
    assert (new.number, new.name, new.colour_index, new.score) == (3, "Person 3", 2, 0.8)
    assert after.find_layer(1) is document.find_layer(1)
    assert after.next_number == 5
    assert new.is_as_found


def test_an_empty_list_is_filled():
    document = make()
    assert ids(search(document, draw(LEFT), draw(RIGHT))) == [2, 1]
    assert search(document) is document


@pytest.mark.parametrize(
    "mattes",
    [
        (),
        (draw(LEFT), draw(RIGHT)),
        (draw((30, 60, 50, 50)),),
        (draw(),),
    ],
    ids=["nobody", "the same", "a part", "empty"],
)
def test_what_is_not_new_changes_nothing(mattes):
    document = make(draw(LEFT), draw(RIGHT))
    assert search(document, *mattes) is document


def test_a_search_after_a_search_that_finds_the_same_changes_nothing():
    document = split_by_line(make(draw(LEFT), draw(MIDDLE)), 1, (0, 100), (300, 100))
    mattes = [draw(place) for place in ((24, 40, 100, 200), (240, 40, 120, 200), (130, 0, 40, 250))]
    after = search(document, *mattes)
    assert len(after.layers) == 4
    assert search(after, *mattes) is after


def test_who_is_not_found_again_stays():
    document = make(draw(LEFT), draw(RIGHT))
    after = search(document, draw(shift(RIGHT)))
    assert after.find_layer(1) is document.find_layer(1)
    assert after.find_layer(2) is not document.find_layer(2)


def test_a_matte_that_was_changed_by_hand_stays():
    document = make(draw(LEFT), draw(RIGHT))
    smaller = MatteTiles.from_array(draw((20, 40, 90, 200)), (HEIGHT, WIDTH))
    document = edits.set_matte(document, 1, smaller)
    after = search(document, draw(shift(LEFT)), draw(shift(RIGHT)))
    assert ids(after) == [1, 2]
    assert after.find_layer(1) is document.find_layer(1)
    back = search(edits.reset_matte(document, 1), draw(shift(LEFT)))
    np.testing.assert_array_equal(read(back.find_layer(1)), draw(shift(LEFT)))


def test_a_split_person_is_not_brought_back_as_a_whole():
    whole = make(draw(LEFT), draw(RIGHT))
    split = split_by_line(whole, 1, (0, 60), (300, 60))
    after = search(split, draw(shift(LEFT)), draw(shift(RIGHT)))
    assert ids(after) == ids(split)
    assert all(after.find_layer(i) is split.find_layer(i) for i in (1, 3))
    alone = edits.remove_layer(split, 3)
    assert search(alone, draw(LEFT)) is alone


def test_parts_stay_parts_after_the_project_was_saved(tmp_path):
    split = split_by_line(make(draw(LEFT)), 1, (0, 60), (300, 60))
    save_project(edits.remove_layer(split, 2), tmp_path / "a.himapp")
    again = load_project(tmp_path / "a.himapp")
    assert search(again, draw(LEFT)) is again


def test_merged_people_are_not_found_apart():
    document = make(draw(LEFT), draw((120, 100, 40, 100)))
    merged = merge_people(document, [1, 2])
    assert search(merged, draw(shift(LEFT, 0)), draw((120, 100, 45, 100))) is merged


def test_parts_of_a_matte_become_one_person_only_by_merging():
    mattes = draw((20, 40, 100, 120)), draw((20, 160, 100, 80))
    document = make(*mattes)
    assert search(document, draw(LEFT)) is document
    parts = split_into_parts(make(draw((20, 40, 100, 120), (20, 170, 100, 80))), 1)
    assert search(parts, draw((20, 40, 100, 210))) is parts


def test_the_one_matte_of_two_people_whom_a_search_tells_apart_is_shared_out():
    document = make(draw((20, 40, 180, 200)))
    after = search(document, draw((20, 40, 120, 200)), draw((140, 40, 60, 200)))
    assert ids(after) == [2, 1]
    np.testing.assert_array_equal(total(after), total(document))


def test_new_edges_leave_those_who_stay_every_pixel():
    document = make(draw((20, 40, 100, 200)), draw((120, 40, 100, 200), value=60000))
    document = edits.set_matte(
        document, 2, MatteTiles.from_array(draw((120, 40, 90, 200), value=50000), (HEIGHT, WIDTH))
    )
    after = search(document, draw((20, 30, 120, 210)))
    assert after.find_layer(2) is document.find_layer(2)
    ann = read(after.find_layer(1))
    assert (ann[100, 119], ann[100, 130], ann[35, 130]) == (
        ALPHA_MAX,
        ALPHA_MAX - 50000,
        ALPHA_MAX,
    )
    assert total(after).max() == ALPHA_MAX


def test_a_new_person_gets_what_is_left_if_that_is_most_of_them():
    document = make(draw(LEFT))
    assert search(document, draw((60, 40, 110, 200))) is document
    after = search(document, draw((80, 40, 110, 200)))
    np.testing.assert_array_equal(read(after.find_layer(2)), draw((120, 40, 70, 200)))


def test_mattes_of_another_photo_are_refused():
    found = cut_mattes([Found(np.ones((5, 5), np.uint16))], (50, 50))
    with pytest.raises(ValueError, match="photo"):
        find_again(make(draw(LEFT)), found)


def share_out(rng, count):
    """Soft random people who sum to at most one."""
    mattes = np.zeros((count, HEIGHT, WIDTH))
    for matte in mattes:
        x, y = rng.integers(0, WIDTH - 150), rng.integers(0, HEIGHT - 150)
        width, height = rng.integers(60, 150, 2)
        matte[y : y + height, x : x + width] = rng.random((height, width))
    mattes /= np.maximum(mattes.sum(axis=0), 1)
    return np.floor(mattes * ALPHA_MAX).astype(np.uint16)


@given(seed=st.integers(0, 10_000))
def test_alphas_sum_to_at_most_one_and_nobody_is_lost(seed):
    rng = np.random.default_rng(seed)
    mattes = share_out(rng, 4)
    document = split_by_line(make(*mattes), 1, (0, 150), (600, float(rng.integers(300))))
    bare = document.find_layer(2).matte.replace_region(
        np.zeros((40, 300), np.uint16), left=0, top=int(rng.integers(0, 250))
    )
    document = edits.set_matte(document, 2, bare)
    moved = [np.roll(matte, int(rng.integers(0, 20)), axis=1) for matte in mattes[1:]]
    others = share_out(rng, 3)
    free = ALPHA_MAX - np.minimum(sum(matte.astype(np.int64) for matte in others), ALPHA_MAX)
    spread = np.maximum(sum(matte.astype(np.int64) for matte in moved), 1)
    fitted = [(x * np.minimum(free / spread, 1)).astype(np.uint16) for x in moved]
    after = search(document, *fitted, *others)
    assert total(after).max() <= ALPHA_MAX
    assert set(ids(document)) <= set(ids(after))
    for layer in document.layers:
        if not layer.is_as_found:
            assert after.find_layer(layer.id) is layer
