import numpy as np

from himapp.document import edits
from himapp.document.background import ImageBackground
from himapp.document.history import Step, count_bytes, drop_oldest, list_states

TILE_BYTES = 256 * 256 * 2


def opacity_step(document, value, merge_key=None):
    return Step(document, edits.set_opacity(document, 1, value), "opacity", merge_key)


def paint(document, value):
    matte = document.layers[0].matte
    painted = matte.replace_region(np.full((5, 5), value, np.uint16), left=200, top=200)
    return Step(document, edits.set_matte(document, 1, painted), "stroke")


def test_steps_of_one_gesture_become_one(make_document):
    first = opacity_step(make_document(), 0.9, "drag")
    second = opacity_step(first.after, 0.5, "drag")
    merged = first.try_merge(second)
    assert (merged.before, merged.after) == (first.before, second.after)
    assert first.try_merge(opacity_step(first.after, 0.5, "another")) is None
    assert opacity_step(first.before, 0.9).try_merge(opacity_step(first.after, 0.5)) is None


def test_a_gesture_back_to_its_start_is_empty(make_document):
    away = opacity_step(make_document(), 0.9, "drag")
    back = opacity_step(away.after, 1.0, "drag")
    assert not away.is_empty
    assert away.try_merge(back).is_empty


def test_what_steps_share_counts_once(make_document):
    start = make_document()
    bytes_at_start = count_bytes([start])
    stroke = paint(start, 100)
    assert count_bytes([start, start]) == bytes_at_start > 0
    assert count_bytes(list_states([stroke])) == bytes_at_start + TILE_BYTES
    pixels = np.zeros((40, 50, 3), np.uint8)
    behind = [
        edits.set_background(start, ImageBackground(pixels, fit)) for fit in ("fill", "stretch")
    ]
    assert count_bytes(behind) == bytes_at_start + pixels.nbytes


def test_the_oldest_steps_go_when_there_are_too_many_bytes(make_document):
    start = make_document()
    steps = [paint(start, 100)]
    for value in range(101, 106):
        steps.append(paint(steps[-1].after, value))
    budget = count_bytes([start]) + 3 * TILE_BYTES
    kept = drop_oldest(steps, budget)
    assert kept == steps[4:]  # a dropped step leaves the tile of its state
    assert count_bytes(list_states(kept)) <= budget
    assert drop_oldest(steps, count_bytes(list_states(steps))) == steps
    assert drop_oldest(steps, 0) == steps[-1:]
