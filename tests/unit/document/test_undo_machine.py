"""Arbitrary edits: every state comes back bit for bit, however one undoes and redoes."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from himapp.document import edits
from himapp.document.background import (
    BlurBackground,
    ColourBackground,
    ImageBackground,
    PhotoBackground,
    TransparentBackground,
)
from himapp.document.document import Document
from himapp.document.history import History
from himapp.document.render import render_level
from himapp.document.render_cache import RenderCache
from himapp.imaging.photo import Photo

SIDE = 64
IMAGE = np.random.default_rng(2).integers(0, 256, (30, 40, 3), np.uint8)
NAMES = st.sampled_from(["exposure_stops", "saturation", "blur_px"])


class Person:
    """What inference hands over."""

    def __init__(self, alpha, left, top):
        self.alpha, self.left, self.top, self.score = alpha, left, top, 0.8


def render_fresh(document):
    """Render without anything remembered, so that only the document decides."""
    return render_level(document, document.frame, 0, cache=RenderCache()).tobytes()


class UndoMachine(RuleBasedStateMachine):
    """Edits a small document through a history and keeps what every state looked like."""

    @initialize(is_deep=st.booleans())
    def open_photo(self, is_deep):
        dtype = np.uint16 if is_deep else np.uint8
        top = np.iinfo(dtype).max
        pixels = np.random.default_rng(1).integers(0, top + 1, (SIDE, SIDE, 3), dtype)
        ramp = np.linspace(0, 65535, 30).astype(np.uint16)
        people = [
            Person(np.tile(ramp, (40, 1)), 5, 10),
            Person(np.tile(65535 - ramp, (40, 1)), 25, 3),
        ]
        document = edits.add_person_layers(Document.for_photo(Photo(pixels)), people)
        self.history = History(document)
        self.seen = [(document, render_fresh(document))]

    def push(self, document, text, key=None):
        before = self.history.document
        self.history.push(document, text, key)
        if self.history.document is before:
            return
        del self.seen[self.position + 1 :]
        self.seen.append((document, render_fresh(document)))

    @property
    def position(self):
        states = [state for state, _ in self.seen]
        return next(i for i, state in enumerate(states) if state is self.at)

    def edit(self, change):
        self.at = self.history.document
        layers = self.at.layers
        if layers:
            self.push(change(self.at, layers[0].id), "Edit")

    @rule(name=NAMES, value=st.sampled_from([0.0, 0.25, 1.0]))
    def adjust(self, name, value):
        self.edit(lambda d, i: edits.set_adjustment(d, i, name, value))

    @rule(value=st.sampled_from([0.0, 0.5, 1.0]), visible=st.booleans())
    def change_look(self, value, visible):
        self.edit(
            lambda d, i: edits.set_visible(edits.set_opacity(d, i, value), i, visible=visible)
        )

    @rule(index=st.integers(0, 2))
    def move(self, index):
        self.edit(lambda d, i: edits.reorder(d, i, index))

    @rule(value=st.integers(0, 65535), place=st.integers(0, SIDE - 8))
    def paint(self, value, place):
        values = np.full((8, 8), value, np.uint16)

        def stroke(document, layer_id):
            matte = document.find_layer(layer_id).matte
            return edits.set_matte(
                document, layer_id, matte.replace_region(values, left=place, top=place)
            )

        self.edit(stroke)

    @rule()
    def remove(self):
        self.edit(edits.remove_layer)

    @rule(
        background=st.sampled_from(
            [
                PhotoBackground(),
                TransparentBackground(),
                ColourBackground((1, 2, 3)),
                ImageBackground(IMAGE, "fit"),
                BlurBackground(3.0),
            ]
        )
    )
    def put_behind(self, background):
        self.edit(lambda d, _: edits.set_background(d, background))

    @rule()
    def undo(self):
        self.history.undo()

    @rule()
    def redo(self):
        self.history.redo()

    @invariant()
    def no_edits_mean_the_photo(self):
        document = self.history.document
        if document.background == PhotoBackground() and not any(
            layer.edits_photo for layer in document.layers
        ):
            picture = render_level(document, document.frame, 0, cache=RenderCache())
            np.testing.assert_array_equal(picture[..., :3], document.photo.pixels)

    def teardown(self):
        if not hasattr(self, "seen"):
            return
        while self.history.redo_text is not None:
            self.history.redo()
        for _, picture in reversed(self.seen):
            assert render_fresh(self.history.document) == picture
            self.history.undo()
        assert self.history.undo_text is None
        for _, picture in self.seen:
            assert render_fresh(self.history.document) == picture
            self.history.redo()


TestUndo = UndoMachine.TestCase
TestUndo.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
