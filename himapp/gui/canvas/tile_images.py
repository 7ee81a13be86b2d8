"""What the canvas's tiles show: the picture itself, and the tint of people."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage

from himapp.document.document import Document
from himapp.document.layers import PersonLayer
from himapp.document.mip_levels import read_alpha
from himapp.document.regions import Region
from himapp.document.render import render_level
from himapp.document.render_cache import RenderCache
from himapp.gui.qimage import to_qimage, view_bgra
from himapp.gui.screen_color import show_pixels
from himapp.gui.theme import person_colour
from himapp.imaging.bit_depth import from_float


def draw_picture(document: Document, region: Region, level: int, cache: RenderCache) -> QImage:
    """Return a region of the document as it looks on the screen.

    Args:
        document: what to draw.
        region: in pixels of the level, inside the picture and not empty.
        level: 0..8.
        cache: the renderer's.
    """
    pixels = render_level(document, region, level, cache=cache)
    return to_qimage(show_pixels(pixels, document.photo))


def draw_tint(
    layers: Sequence[PersonLayer], region: Region, level: int, cache: RenderCache
) -> QImage:
    """Return the people's mattes in their colours, premultiplied; null where nobody is.

    Args:
        layers: whom to tint; where they overlap their colours add.
        region: in pixels of the level.
        level: 0..8.
        cache: the renderer's.
    """
    image = QImage()
    for layer in layers:
        area = layer.bounds.at_level(level).intersect(region)
        if area.is_empty:
            continue
        if image.isNull():
            image = QImage(region.width, region.height, QImage.Format.Format_ARGB32_Premultiplied)
            image.fill(0)
        target = view_bgra(image)[area.slices_in(region)]
        alpha = from_float(read_alpha(cache, layer.matte, area, level), np.uint8)
        tint = cv2.LUT(cv2.merge([alpha] * 4), _tint_table(person_colour(layer.colour_index)))
        target[...] = cv2.add(target, tint)
    return image


def _tint_table(colour: QColor) -> npt.NDArray[np.uint8]:
    """Return ``[256, 1, 4]``: for each alpha the premultiplied blue, green, red and alpha."""
    alphas = np.arange(256)[:, np.newaxis] / 255
    channels = np.array([colour.blue(), colour.green(), colour.red(), 255])
    return np.asarray(np.rint(alphas * channels), np.uint8)[:, np.newaxis, :]
