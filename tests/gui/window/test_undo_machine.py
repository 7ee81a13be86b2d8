"""Arbitrary edits in the editor: every state comes back bit for bit, by any undo and redo."""

from functools import partial

import numpy as np
import pytest
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
from himapp.document.render import render_level
from himapp.document.render_cache import RenderCache
from himapp.gui.editor import Editor
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


def _fade(document, layer_id, opacity):
    return edits.set_opacity(document, layer_id, opacity)


class UndoMachine(RuleBasedStateMachine):
    """Edits a small document as the window does and keeps what every state looked like."""

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
        self.editor = Editor()
        self.editor.open_document(document)
        self.stack = self.editor.undo_stack
        self.seen = [render_fresh(document)]

    def edit(self, *changes):
        """Apply changes to the lowest person as the moves of one gesture."""
        before, index = self.editor.document, self.stack.index()
        if not before.layers:
            return
        for change in changes:
            document = self.editor.document
            self.editor.apply(change(document, before.layers[0].id), "edit", "gesture")
        self.editor.end_gesture()
        if self.editor.document is before:
            return
        del self.seen[index + 1 :]
        if self.stack.index() > index:
            assert self.stack.index() == index + 1
            self.seen.append(render_fresh(self.editor.document))

    @rule(name=NAMES, value=st.sampled_from([0.0, 0.25, 1.0]))
    def adjust(self, name, value):
        self.edit(lambda d, i: edits.set_adjustment(d, i, name, value))

    @rule(value=st.sampled_from([0.0, 0.5, 1.0]), visible=st.booleans())
    def change_look(self, value, visible):
        self.edit(
            lambda d, i: edits.set_visible(edits.set_opacity(d, i, value), i, visible=visible)
        )

    @rule(values=st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=2, max_size=4))
    def drag(self, values):
        self.edit(*(partial(_fade, opacity=value) for value in values))

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
        self.stack.undo()

    @rule()
    def redo(self):
        self.stack.redo()

    @invariant()
    def no_edits_mean_the_photo(self):
        document = self.editor.document
        if document.background == PhotoBackground() and not any(
            layer.edits_photo for layer in document.layers
        ):
            picture = render_level(document, document.frame, 0, cache=RenderCache())
            np.testing.assert_array_equal(picture[..., :3], document.photo.pixels)

    def teardown(self):
        if not hasattr(self, "seen"):
            return
        while self.stack.canRedo():
            self.stack.redo()
        for picture in reversed(self.seen):
            assert render_fresh(self.editor.document) == picture
            self.stack.undo()
        assert not self.stack.canUndo()
        for picture in self.seen:
            assert render_fresh(self.editor.document) == picture
            self.stack.redo()
        self.stack.clear()  # PySide crashes where the garbage collector frees many steps


TestUndo = pytest.mark.usefixtures("qapp")(UndoMachine.TestCase)
TestUndo.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
