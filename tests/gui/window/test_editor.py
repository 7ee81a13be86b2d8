"""The editor: steps, gestures, selection and what is added to the opening."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from himapp.document.background import ColourBackground, ImageBackground, PhotoBackground
from himapp.document.document import Document
from himapp.document.edits import add_person_layers, remove_layer, rename, set_background
from himapp.document.history import count_bytes
from himapp.gui.editor import Editor
from himapp.imaging.photo import Photo
from himapp.inference.session import InstanceMatte

PHOTO = Photo(np.zeros((40, 60, 3), np.uint8))


def with_people() -> Document:
    matte = np.full((20, 10), 65535, np.uint16)
    people = [InstanceMatte(matte, left, 5, 0.9, (0, 0, 1, 1)) for left in (5, 30)]
    return add_person_layers(Document.for_photo(PHOTO), people)


@pytest.fixture
def make_editor(qapp: object) -> Iterator[Callable[..., Editor]]:
    """Make editors that end without steps; PySide crashes where the collector frees many."""
    made = []

    def make(document: Document, **options: int) -> Editor:
        made.append(Editor(**options))
        made[-1].open_document(document)
        return made[-1]

    yield make
    for editor in made:
        editor.undo_stack.clear()


@pytest.fixture
def editor(make_editor: Callable[..., Editor]) -> Editor:
    return make_editor(with_people())


def colour(editor: Editor, red: int, key: str | None = "gesture") -> None:
    assert editor.document is not None
    after = set_background(editor.document, ColourBackground((red, 0, 0)))
    editor.apply(after, "background", key)


def test_moves_of_one_gesture_are_one_step(editor: Editor) -> None:
    for red in (10, 20, 30):
        colour(editor, red)
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert isinstance(editor.document.background, PhotoBackground)
    editor.undo_stack.redo()
    assert editor.document.background == ColourBackground((30, 0, 0))


def test_a_gesture_that_ended_takes_no_more_moves(editor: Editor) -> None:
    colour(editor, 10)
    editor.end_gesture()
    colour(editor, 20)
    assert editor.undo_stack.count() == 2


def test_undo_ends_a_gesture(editor: Editor) -> None:
    colour(editor, 10)
    colour(editor, 20, None)
    editor.undo_stack.undo()
    colour(editor, 30)
    assert editor.undo_stack.count() == 2


def test_an_edit_that_changes_nothing_leaves_no_step(editor: Editor) -> None:
    editor.apply(rename(editor.document, 1, "Person 1"), "name")
    assert editor.undo_stack.count() == 0


def test_a_gesture_that_comes_back_leaves_no_step(editor: Editor) -> None:
    colour(editor, 10)
    editor.end_gesture()
    colour(editor, 20)
    colour(editor, 10)
    assert editor.undo_stack.count() == 1


def test_after_a_gesture_that_came_back_the_next_move_is_a_step_of_its_own(editor: Editor) -> None:
    colour(editor, 10)
    editor.end_gesture()
    for red in (20, 10, 30):
        colour(editor, red)
    assert editor.undo_stack.count() == 2
    editor.undo_stack.undo()
    assert editor.document.background == ColourBackground((10, 0, 0))


def put_image(editor: Editor, grey: int, key: str | None = None) -> None:
    image = ImageBackground(np.full((10, 10, 3), grey, np.uint8))
    editor.apply(set_background(editor.document, image), f"image {grey}", key)


@pytest.fixture
def small_editor(make_editor: Callable[..., Editor]) -> Editor:
    """Has room for the document, three images of 300 bytes, and no more."""
    document = with_people()
    return make_editor(document, undo_budget_bytes=count_bytes([document]) + 3 * 300)


def test_the_oldest_steps_go_when_they_take_too_much(small_editor: Editor, qtbot) -> None:
    told = []
    small_editor.document_changed.connect(lambda document, _: told.append(document))
    for grey in range(5):
        put_image(small_editor, grey)
    stack = small_editor.undo_stack
    assert [stack.text(i) for i in range(stack.count())] == ["image 3", "image 4"]
    assert len(told) == 5
    assert told[-1] is small_editor.document
    seen = [small_editor.document.background.pixels[0, 0, 0]]
    while stack.canUndo():
        stack.undo()
        seen.append(small_editor.document.background.pixels[0, 0, 0])
    assert seen == [4, 3, 2]
    assert not stack.isClean()


def test_nobody_hears_that_all_is_saved_when_older_steps_go(small_editor: Editor) -> None:
    told = []
    small_editor.undo_stack.cleanChanged.connect(told.append)
    for grey in range(6):
        put_image(small_editor, grey)
        if grey == 3:
            small_editor.undo_stack.setClean()
    assert told == [False, True, False]
    assert small_editor.undo_stack.undoText() == "image 5"
    assert small_editor.undo_stack.canUndo()


def test_a_gesture_goes_on_when_older_steps_go(small_editor: Editor) -> None:
    for grey in range(3):
        put_image(small_editor, grey)
    small_editor.undo_stack.setClean()
    for grey in (3, 4, 5):
        put_image(small_editor, grey, "drag")
    assert small_editor.undo_stack.undoText() == "image 3"
    small_editor.undo_stack.undo()
    assert small_editor.document.background.pixels[0, 0, 0] == 2
    assert small_editor.undo_stack.isClean()


def test_views_are_told_what_differs(editor: Editor, qtbot) -> None:
    with qtbot.waitSignal(editor.document_changed) as signal:
        editor.apply(rename(editor.document, 2, "Ada"), "name")
    document, changes = signal.args
    assert document is editor.document
    assert changes.changed == {2: frozenset({"name"})}


def test_another_document_is_told_without_changes(editor: Editor, qtbot) -> None:
    colour(editor, 10)
    with qtbot.waitSignal(editor.document_changed) as signal:
        editor.open_document(with_people())
    assert signal.args[1] is None
    assert editor.undo_stack.count() == 0
    assert editor.undo_stack.isClean()


def test_selecting_more_adds_and_takes_away(editor: Editor) -> None:
    editor.select([1])
    editor.select([2], add=True)
    assert editor.selection == {1, 2}
    editor.select([1], add=True)
    assert editor.selection == {2}


def test_nobody_can_be_selected_who_is_not_there(editor: Editor) -> None:
    editor.select([1, 99])
    assert editor.selection == {1}


def test_a_removed_person_is_no_longer_selected(editor: Editor) -> None:
    editor.select([1, 2])
    editor.hover(2)
    editor.apply(remove_layer(editor.document, 2), "removal")
    assert editor.selection == {1}
    assert editor.hovered is None


def test_what_is_added_to_the_opening_is_in_every_step(make_editor: Callable[..., Editor]) -> None:
    editor = make_editor(Document.for_photo(PHOTO))
    colour(editor, 10, None)
    colour(editor, 20, None)
    editor.undo_stack.undo()
    found = with_people()
    editor.amend_opening(
        lambda state: replace(state, layers=found.layers, next_number=found.next_number)
    )
    assert editor.undo_stack.count() == 2
    for move in (editor.undo_stack.redo, editor.undo_stack.undo, editor.undo_stack.undo):
        move()
        assert len(editor.document.layers) == 2
    assert isinstance(editor.document.background, PhotoBackground)


def test_without_a_document_there_is_nothing_to_edit(qapp: object) -> None:
    with pytest.raises(ValueError, match="no document"):
        Editor().apply(with_people(), "edit")
