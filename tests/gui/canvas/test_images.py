"""Pixels, tints and outlines as Qt draws them."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage

from himapp.document.document import Document
from himapp.document.edits import add_person_layers
from himapp.document.matte_tiles import MatteTiles
from himapp.document.regions import EMPTY, Region
from himapp.document.render_cache import RenderCache
from himapp.gui.canvas.outlines import trace_outline
from himapp.gui.canvas.tile_images import draw_picture, draw_tint
from himapp.gui.qimage import to_qimage
from himapp.gui.theme import PERSON_COLOURS, person_colour
from himapp.inference.session import InstanceMatte


def test_rgb_comes_back_bit_for_bit() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (7, 5, 3), np.uint8)
    image = to_qimage(pixels)
    shown = [[image.pixelColor(x, y).getRgb()[:3] for x in range(5)] for y in range(7)]
    assert np.array_equal(shown, pixels)


def test_sixteen_bits_are_rounded_to_eight() -> None:
    pixels = np.full((2, 2, 4), 65535, np.uint16)
    pixels[..., 0] = 257 * 128 + 200
    assert to_qimage(pixels).pixelColor(0, 0) == QColor(129, 255, 255)


def test_clear_pixels_are_premultiplied() -> None:
    image = to_qimage(np.full((3, 3, 4), (200, 100, 50, 128), np.uint8))
    assert image.format() == QImage.Format.Format_ARGB32_Premultiplied
    colour = image.pixelColor(1, 1)
    assert colour.alpha() == 128
    assert abs(colour.red() - 200) <= 1
    assert abs(colour.blue() - 50) <= 1


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 2), (0, 4, 3)])
def test_other_arrays_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="pixels must be"):
        to_qimage(np.zeros(shape, np.uint8))


def test_the_picture_is_what_the_renderer_gives(document: Document) -> None:
    image = draw_picture(document, Region(90, 90, 30, 20), 0, RenderCache())
    assert (image.width(), image.height()) == (30, 20)
    assert image.pixelColor(0, 0) == QColor(100, 100, 100)


def test_a_tint_has_the_persons_colour_and_alpha(document: Document) -> None:
    layers = document.layers
    image = draw_tint(layers, Region(90, 90, 300, 100), 0, RenderCache())
    assert image.pixelColor(20, 20) == person_colour(0)
    assert image.pixelColor(220, 20) == person_colour(1)
    assert image.pixelColor(0, 0).alpha() == 0


def test_where_nobody_is_there_is_no_tint(document: Document) -> None:
    layers = document.layers
    assert draw_tint(layers, Region(500, 300, 50, 50), 0, RenderCache()).isNull()


def test_people_beyond_the_palette_take_its_colours_again() -> None:
    assert person_colour(len(PERSON_COLOURS)) == person_colour(0)
    assert len({colour.name() for colour in PERSON_COLOURS}) == len(PERSON_COLOURS)


def test_an_outline_runs_around_the_person_in_photo_pixels(document: Document) -> None:
    matte = document.layers[0].matte
    for level in (0, 1):
        bounds = trace_outline(matte, Region(0, 0, 600, 400), level, RenderCache()).boundingRect()
        assert bounds.left() == pytest.approx(100, abs=2**level)
        assert bounds.bottom() == pytest.approx(200, abs=2**level)


def test_a_hole_in_a_person_has_an_outline_of_its_own(document: Document) -> None:
    alpha = np.full((60, 60), 65535, np.uint16)
    alpha[20:40, 20:40] = 0
    more = add_person_layers(document, [InstanceMatte(alpha, 450, 250, 0.9, (450, 250, 510, 310))])
    path = trace_outline(more.layers[-1].matte, document.frame, 0, RenderCache())
    assert not path.contains(QPointF(480, 280))
    assert path.contains(QPointF(455, 255))


def test_a_person_out_of_sight_has_no_outline(document: Document) -> None:
    matte = document.layers[0].matte
    assert trace_outline(matte, Region(250, 0, 40, 40), 0, RenderCache()).isEmpty()
    empty = MatteTiles.from_array(np.zeros((4, 4), np.uint16), (400, 600))
    assert empty.bounds == EMPTY
    assert trace_outline(empty, Region(0, 0, 600, 400), 0, RenderCache()).isEmpty()
