import numpy as np
import pytest

from himapp.document import edits
from himapp.document.adjustments import Adjustments
from himapp.document.background import (
    BlurBackground,
    ColourBackground,
    ImageBackground,
    PhotoBackground,
)
from himapp.document.document import Document
from himapp.document.matte_tiles import MatteTiles


def names(document):
    return [layer.name for layer in document.layers]


def test_people_are_numbered_left_to_right(make_document):
    document = make_document()
    assert names(document) == ["Person 1", "Person 2", "Person 3"]
    assert [layer.bounds.x for layer in document.layers] == sorted(
        layer.bounds.x for layer in document.layers
    )
    assert [layer.colour_index for layer in document.layers] == [0, 1, 2]


def test_the_number_of_a_removed_person_is_not_given_again(make_document):
    document = edits.remove_layer(make_document(), 3)
    person = make_document().layers[0].matte
    found = type("Found", (), {"alpha": person.to_array(), "left": 0, "top": 0, "score": 1.0})()
    document = edits.add_person_layers(document, [found])
    assert names(document) == ["Person 1", "Person 2", "Person 4"]
    assert document.find_layer(4).number == 4


def test_nobody_found_changes_nothing(make_document):
    document = make_document()
    assert edits.add_person_layers(document, []) is document


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: edits.rename(d, 1, " Person 1 "),
        lambda d: edits.rename(d, 1, "  "),
        lambda d: edits.set_visible(d, 2, visible=True),
        lambda d: edits.set_opacity(d, 2, 1.0),
        lambda d: edits.set_adjustments(d, 1, Adjustments()),
        lambda d: edits.reset_adjustment(d, 1, "blur_px"),
        lambda d: edits.reset_matte(d, 3),
        lambda d: edits.reorder(d, 3, 99),
        lambda d: edits.set_background(d, PhotoBackground()),
    ],
)
def test_an_edit_that_changes_nothing_returns_the_same_document(make_document, edit):
    document = make_document()
    assert edit(document) is document


def test_an_edit_touches_one_person_and_leaves_the_given_document(make_document):
    document = make_document()
    edited = edits.set_adjustment(document, 2, "exposure_stops", 1.5)
    assert edited.find_layer(2).adjustments == Adjustments(exposure_stops=1.5)
    assert document.find_layer(2).adjustments == Adjustments()
    assert edited.layers[0] is document.layers[0]
    assert edits.reset_adjustment(edited, 2, "exposure_stops").has_same_content(document)


@pytest.mark.parametrize(
    ("index", "order"), [(0, [3, 1, 2]), (1, [1, 3, 2]), (-4, [3, 1, 2]), (2, [1, 2, 3])]
)
def test_reorder_moves_a_person_to_the_index(make_document, index, order):
    document = edits.reorder(make_document(), 3, index)
    assert [layer.id for layer in document.layers] == order


def test_show_only_is_its_own_inverse(make_document):
    document = make_document()
    alone = edits.show_only(document, 2)
    assert [layer.visible for layer in alone.layers] == [False, True, False]
    assert edits.show_only(alone, 2).has_same_content(document)
    pair = edits.show_only(document, 1, 3)
    assert [layer.visible for layer in pair.layers] == [True, False, True]
    assert edits.show_only(pair, 1, 3).has_same_content(document)


def test_the_networks_matte_comes_back_exactly(make_document):
    document = make_document()
    original = document.find_layer(1).matte
    painted = original.replace_region(np.full((9, 9), 3, np.uint16), left=0, top=0)
    edited = edits.set_matte(document, 1, painted)
    assert edited.find_layer(1).matte is painted
    assert edits.reset_matte(edited, 1).find_layer(1).matte is original


def test_a_matte_of_another_photo_is_refused(make_document):
    other = MatteTiles.from_array(np.ones((5, 5), np.uint16), (50, 50))
    with pytest.raises(ValueError, match="photo"):
        edits.set_matte(make_document(), 1, other)


def test_values_out_of_range_are_refused(make_document):
    document = make_document()
    with pytest.raises(ValueError, match="opacity"):
        edits.set_opacity(document, 1, 1.1)
    with pytest.raises(ValueError, match="saturation"):
        edits.set_adjustment(document, 1, "saturation", -2)
    with pytest.raises(ValueError, match="id 9"):
        edits.set_visible(document, 9, visible=False)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ColourBackground((0, 0, 256)),
        lambda: BlurBackground(0),
        lambda: ImageBackground(np.zeros((4, 4), np.uint8)),
        lambda: ImageBackground(np.zeros((4, 4, 3), np.float32)),
        lambda: ImageBackground(np.zeros((4, 4, 3), np.uint8), position=(0, 1.5)),
    ],
)
def test_a_background_that_cannot_be_is_refused(make):
    with pytest.raises(ValueError, match="must be"):
        make()


def test_backgrounds_are_equal_if_they_show_the_same():
    pixels = np.zeros((4, 4, 3), np.uint8)
    assert ImageBackground(pixels) == ImageBackground(pixels)
    assert ImageBackground(pixels) != ImageBackground(pixels.copy())
    assert ImageBackground(pixels) != ImageBackground(pixels, position=(0, 0))
    assert ColourBackground((1, 2, 3)) == ColourBackground((1, 2, 3))


def test_a_click_means_the_topmost_person_with_a_quarter_of_alpha(make_document):
    document = make_document()
    assert document.person_at(160, 120) == 1
    assert document.person_at(345, 245) == 3
    assert document.person_at(5, 5) is None
    faint = MatteTiles.from_array(np.full((300, 400), 16382, np.uint16), (300, 400))
    firm = MatteTiles.from_array(np.full((300, 400), 16384, np.uint16), (300, 400))
    assert edits.set_matte(document, 3, faint).person_at(160, 120) == 1
    assert edits.set_matte(document, 3, firm).person_at(160, 120) == 3


def test_a_document_knows_its_frame(make_document):
    assert make_document().frame == (0, 0, 400, 300)
    assert Document.for_photo(make_document().photo).layers == ()
