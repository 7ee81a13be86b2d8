import numpy as np

from himapp.document import edits
from himapp.document.history import History, count_tile_bytes


def opacity(document, value):
    return edits.set_opacity(document, 1, value)


def test_undo_and_redo_return_the_very_documents(make_document):
    first = make_document()
    history = History(first)
    second = opacity(first, 0.5)
    history.push(second, "Opacity")
    assert (history.undo_text, history.redo_text) == ("Opacity", None)
    assert history.undo() is first
    assert (history.undo_text, history.redo_text) == (None, "Opacity")
    assert history.redo() is second
    assert history.redo() is second


def test_a_gesture_is_one_step(make_document):
    first = make_document()
    history = History(first)
    for value in (0.9, 0.5, 0.2):
        history.push(opacity(history.document, value), "Opacity", "drag 1")
    assert history.document.layers[0].opacity == 0.2
    assert history.undo() is first


def test_the_end_of_a_gesture_starts_a_new_step(make_document):
    history = History(make_document())
    history.push(opacity(history.document, 0.9), "Opacity", "slider")
    history.end_gesture()
    history.push(opacity(history.document, 0.5), "Opacity", "slider")
    assert history.undo().layers[0].opacity == 0.9


def test_another_key_starts_a_new_step(make_document):
    history = History(make_document())
    history.push(opacity(history.document, 0.9), "Opacity", "a")
    history.push(opacity(history.document, 0.5), "Opacity", "b")
    assert history.undo().layers[0].opacity == 0.9


def test_a_push_that_changes_nothing_leaves_no_step(make_document):
    history = History(make_document())
    history.push(opacity(history.document, 1.0), "Opacity")
    assert history.undo_text is None


def test_a_gesture_back_to_its_start_leaves_no_step_and_spoils_no_other(make_document):
    history = History(make_document())
    history.push(opacity(history.document, 0.7), "Opacity", "slider")
    history.end_gesture()
    for value in (0.5, 0.7, 0.3):
        history.push(opacity(history.document, value), "Opacity", "slider")
    assert history.undo().layers[0].opacity == 0.7
    assert history.undo().layers[0].opacity == 1.0


def test_a_new_step_drops_what_was_undone(make_document):
    history = History(make_document())
    history.push(opacity(history.document, 0.7), "Opacity")
    history.undo()
    history.push(edits.rename(history.document, 1, "Ann"), "Rename")
    assert history.redo_text is None


def test_the_oldest_steps_go_when_the_tiles_exceed_the_budget(make_document):
    start = make_document()
    budget = count_tile_bytes([start]) + 3 * 256 * 256 * 2
    history = History(start, budget_bytes=budget)
    for stroke in range(6):
        layer = history.document.layers[0]
        painted = layer.matte.replace_region(
            np.full((5, 5), 100 + stroke, np.uint16), left=200, top=200
        )
        history.push(edits.set_matte(history.document, 1, painted), f"Stroke {stroke}")
    assert history.dropped_steps == 4  # a dropped step leaves the tile of its state
    steps = 0
    while history.undo_text is not None:
        history.undo()
        steps += 1
    assert steps == 2
    assert count_tile_bytes([history.document]) <= budget
