import tracemalloc

import cv2
import numpy as np
import pytest

from himapp.document import edits
from himapp.document.backdrop import place_image, read_backdrop
from himapp.document.background import ImageBackground
from himapp.document.document import Document
from himapp.document.regions import Region
from himapp.document.render_cache import RenderCache
from himapp.imaging.photo import Photo

FRAME = Region(0, 0, 400, 300)


def noise(height, width):
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)


def show(image, region=FRAME, level=0):
    document = Document.for_photo(Photo(np.zeros((*FRAME.shape, 3), np.uint8)))
    document = edits.set_background(document, image)
    return read_backdrop(RenderCache(), document, region, level).colours


@pytest.mark.parametrize("position", [(0.5, 0.5), (0, 1), (1, 0)])
@pytest.mark.parametrize("shape", [(40, 1), (2, 60), (200, 120), (150, 200)])
def test_an_image_fills_the_frame_as_if_all_of_it_were_enlarged(shape, position):
    image = ImageBackground(noise(*shape), "fill", position)
    place = place_image(image, FRAME)
    size = place.width, place.height
    whole = cv2.resize(image.pixels, size, interpolation=cv2.INTER_CUBIC)
    expected = whole[FRAME.slices_in(place)] / 255
    # OpenCV's weights have 11 bits.
    np.testing.assert_allclose(show(image), expected, atol=1.01 / 255)


@pytest.mark.parametrize("shape", [(500, 1), (1, 800)])
@pytest.mark.parametrize("level", [0, 2])
def test_what_is_not_seen_of_a_narrow_image_takes_no_memory(shape, level):
    image = ImageBackground(noise(*shape))
    tracemalloc.start()
    show(image, FRAME.at_level(level), level)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 20e6


@pytest.mark.parametrize("level", [0, 1, 3])
def test_regions_of_a_narrow_image_agree_with_the_whole(level):
    image = ImageBackground(noise(90, 3), "fill", (0.5, 0.3))
    frame = FRAME.at_level(level)
    whole = show(image, frame, level)
    for region in (Region(0, 0, 7, 9), Region(11, 5, 30, 20), frame):
        part = show(image, region, level)
        np.testing.assert_array_equal(part, whole[region.slices_in(frame)])
