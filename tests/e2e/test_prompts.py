"""Somebody who was taken off the list comes back by a click or a box, with the shipped weights."""

from collections.abc import Callable

import numpy as np
import pytest

from himapp.document.document import Document
from himapp.document.edits import add_person, remove_layer
from himapp.document.layers import PersonLayer
from himapp.document.matte_tiles import MatteTiles
from himapp.document.parting import merge_people
from himapp.imaging.photo_io import read_photo
from himapp.inference.prompts import BoxPrompt, PointPrompt, Prompt
from himapp.inference.session import InstanceMatte, MattingSession
from himapp.paths import samples_dir
from himapp.pipeline import document_with_people, open_session

SAMPLE = samples_dir() / "group-of-four.jpg"
WHO = 2


def read(layer: PersonLayer, document: Document) -> np.ndarray:
    return layer.matte.read_region(document.frame)


def iou(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a > 32767, b > 32767
    return float((a & b).sum() / (a | b).sum())


@pytest.fixture(scope="module")
def session() -> MattingSession:
    return open_session("cpu")


@pytest.fixture(scope="module")
def document(session: MattingSession) -> Document:
    photo = read_photo(SAMPLE)
    return document_with_people(photo, session.find_people(photo.pixels))


def as_instance(layer: PersonLayer) -> InstanceMatte:
    area = layer.matte.bounds
    box = (area.x, area.y, area.right, area.bottom)
    return InstanceMatte(layer.matte.to_array(), area.x, area.y, layer.score, box)


def point_at_chest(alpha: np.ndarray) -> Prompt:
    """The middle of the person's columns, not quite half-way down."""
    rows = np.flatnonzero((alpha > 32767).any(1))
    y = int(rows[0] + 0.45 * (rows[-1] - rows[0]))
    x = float(np.median(np.flatnonzero(alpha[y] > 32767)))
    return PointPrompt(((x + 0.5, y + 0.5),))


def draw_round(alpha: np.ndarray) -> Prompt:
    rows, columns = (np.flatnonzero((alpha > 32767).any(axis)) for axis in (1, 0))
    return BoxPrompt((columns[0] - 8.0, rows[0] - 8.0, columns[-1] + 8.0, rows[-1] + 1.0))


@pytest.mark.parametrize("prompt_for", [point_at_chest, draw_round])
def test_who_was_removed_comes_back_and_the_others_keep_every_bit(
    session: MattingSession,
    document: Document,
    prompt_for: Callable[[np.ndarray], Prompt],
) -> None:
    removed = read(document.find_layer(WHO), document)
    rest = remove_layer(document, WHO)
    before = [read(layer, rest) for layer in rest.layers]
    others = [as_instance(layer) for layer in rest.layers]
    found = session.add_person(document.photo.pixels, prompt_for(removed), others)
    assert found is not None
    after = add_person(rest, found)
    new = read(after.layers[0], after)
    assert iou(new, removed) >= 0.9
    assert after.layers[0].name == "Person 5"
    for layer, alpha in zip(after.layers[1:], before, strict=True):
        np.testing.assert_array_equal(read(layer, after), alpha)
    total = sum(alpha.astype(np.int64) for alpha in before) + new
    assert total.max() <= 65535


def test_a_neighbour_inside_a_matte_leaves_it_when_excluded(
    session: MattingSession, document: Document
) -> None:
    merged = merge_people(document, [WHO, WHO + 1])
    place = point_at_chest(read(document.find_layer(WHO + 1), document)).positive[0]
    both = as_instance(merged.find_layer(WHO))
    rest = session.exclude_place(document.photo.pixels, place, both)
    assert rest is not None
    matte = MatteTiles.from_array(
        rest.alpha, document.frame.shape, left=rest.left, top=rest.top
    ).read_region(document.frame)
    assert iou(matte, read(document.find_layer(WHO), document)) >= 0.8
    assert (matte <= read(merged.find_layer(WHO), merged)).all()


def test_a_person_who_is_excluded_at_the_chest_is_a_wrong_one_or_gets_smaller(
    session: MattingSession, document: Document
) -> None:
    layer = document.find_layer(WHO)
    alpha = read(layer, document)
    prompt = point_at_chest(alpha)
    rest = session.exclude_place(document.photo.pixels, prompt.positive[0], as_instance(layer))
    x, y = (int(value) for value in prompt.positive[0])
    assert rest is None or (
        (rest.alpha.sum() < alpha.sum()) and (int(rest.alpha[y - rest.top, x - rest.left]) < 32768)
    )
