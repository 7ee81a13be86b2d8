"""What the canvas shows of photos in other colour spaces than the screen's."""

import io
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms
from PySide6.QtGui import QImage

from himapp.document import edits
from himapp.document.background import ColourBackground
from himapp.document.document import Document
from himapp.document.render import render_level
from himapp.document.render_cache import RenderCache
from himapp.gui.canvas.tile_images import draw_picture
from himapp.gui.panels.thumbnails import Thumbnails
from himapp.gui.qimage import view_bgra
from himapp.gui.screen_color import show_colour, show_pixels, take_colour
from himapp.imaging.photo import Photo
from himapp.imaging.profile_conversion import convert_pixels
from himapp.imaging.working_spaces import profile_of
from himapp.inference.session import InstanceMatte

ADOBE = profile_of("adobe-rgb")
ENGINE_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
GREEN = (60, 200, 80)


def look_up_in_lcms(rgb: tuple[int, int, int]) -> tuple[int, ...]:
    """What the colour engine says an Adobe RGB colour is in its own sRGB."""
    photo = Image.new("RGB", (1, 1), rgb)
    source = ImageCms.ImageCmsProfile(io.BytesIO(ADOBE))
    converted = ImageCms.profileToProfile(photo, source, ENGINE_SRGB, outputMode="RGB")
    return tuple(np.asarray(converted)[0, 0].tolist())


def make_pixels(dtype: type = np.uint8) -> npt.NDArray[np.uint8 | np.uint16]:
    values = np.random.default_rng(4).integers(0, np.iinfo(dtype).max + 1, (300, 420, 3))
    return values.astype(dtype)


def read_tile(document: Document) -> npt.NDArray[np.uint8]:
    image = draw_picture(document, document.frame, 0, RenderCache())
    assert image.format() == QImage.Format.Format_ARGB32_Premultiplied
    return view_bgra(image)[..., 2::-1].copy()


def test_the_green_of_an_adobe_rgb_photo_is_shown_as_the_engine_converts_it(
    make_stage: Callable[..., object],
) -> None:
    photo = Photo(np.full((400, 600, 3), GREEN, np.uint8), icc=ADOBE)
    shown = make_stage(Document.for_photo(photo)).colour(300, 200)
    wanted = look_up_in_lcms(GREEN)
    assert shown != GREEN
    assert max(abs(a - b) for a, b in zip(shown, wanted, strict=True)) <= 1
    assert wanted[0] == 0  # this green lies outside of sRGB


@pytest.mark.parametrize("icc", [None, profile_of("srgb"), ENGINE_SRGB.tobytes()])
def test_an_srgb_photo_is_shown_bit_for_bit(icc: bytes | None) -> None:
    pixels = make_pixels()
    np.testing.assert_array_equal(read_tile(Document.for_photo(Photo(pixels, icc=icc))), pixels)
    assert show_pixels(pixels, Photo(pixels, icc=icc)) is pixels


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("icc", [None, ADOBE, profile_of("display-p3")])
def test_the_preview_is_what_a_file_in_srgb_holds(dtype: type, icc: bytes | None) -> None:
    pixels = make_pixels(dtype)
    matte = InstanceMatte(np.full((80, 100), 65535, np.uint16), 50, 60, 0.9, (50, 60, 150, 140))
    document = edits.add_person_layers(Document.for_photo(Photo(pixels, icc=icc)), [matte])
    document = edits.set_adjustment(document, document.layers[0].id, "exposure_stops", 0.7)
    in_file = export_composite(document)
    # One rounding to 8 bit more or less.
    assert np.abs(read_tile(document).astype(int) - in_file).max() <= 1


def export_composite(document: Document) -> npt.NDArray[np.float64]:
    rgb = render_level(document, document.frame, 0, cache=RenderCache())[..., :3]
    converted = convert_pixels(np.ascontiguousarray(rgb), document.photo.icc, None)
    return converted / (1 if converted.dtype == np.uint8 else 257)


def test_a_grey_photo_is_shown_as_its_own_grey() -> None:
    pixels = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(1, 256, 3).repeat(4, axis=0)
    document = Document.for_photo(Photo(pixels, is_grey=True))
    np.testing.assert_array_equal(read_tile(document), pixels)


def test_thumbnails_are_in_the_screens_colours(qtbot: object) -> None:
    photo = Photo(np.full((400, 600, 3), GREEN, np.uint8), icc=ADOBE)
    square = np.full((100, 100), 65535, np.uint16)
    matte = InstanceMatte(square, 100, 100, 0.9, (100, 100, 200, 200))
    document = edits.add_person_layers(Document.for_photo(photo), [matte])
    thumbnails = Thumbnails(RenderCache(), 32)
    for pixmap in (
        thumbnails.of_background(document),
        thumbnails.of_person(document, document.layers[0]),
    ):
        colour = pixmap.toImage().pixelColor(16, 16)
        shown = colour.red(), colour.green(), colour.blue()
        assert max(abs(a - b) for a, b in zip(shown, look_up_in_lcms(GREEN), strict=True)) <= 1


def test_a_picked_colour_is_seen_as_it_was_picked() -> None:
    photo = Photo(np.full((40, 60, 3), GREEN, np.uint8), icc=ADOBE)
    picked = (62, 104, 168)
    taken = take_colour(picked, photo)
    assert taken != picked
    document = edits.set_background(Document.for_photo(photo), ColourBackground(taken))
    seen = read_tile(document)[20, 30].tolist()
    assert max(abs(a - b) for a, b in zip(seen, picked, strict=True)) <= 2
    assert show_colour(taken, photo) == tuple(seen)
    srgb = Photo(photo.pixels)
    assert take_colour(picked, srgb) == show_colour(picked, srgb) == picked
