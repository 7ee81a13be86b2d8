"""The visible tiles put together, so that they are scaled as one image and show no seams."""

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QImage, QPainter

from himapp.document.mip_levels import MAX_LEVEL
from himapp.document.regions import EMPTY, Region
from himapp.gui.canvas.tiles import Place, TileStore, parent_of


@dataclass(frozen=True, slots=True)
class Mosaic:
    """An image of whole tiles.

    Attributes:
        image: ARGB32, premultiplied.
        region: what it shows, in pixels of the level.
        level: the mip level.
    """

    image: QImage
    region: Region
    level: int


def compose(
    places: list[Place], picture: TileStore, tint: TileStore | None, tint_opacity: float
) -> Mosaic:
    """Put tiles together; one that is missing is enlarged from the finest level that has it.

    Args:
        places: at least one tile, all of one level.
        picture: the tiles.
        tint: tiles laid over them; None for none.
        tint_opacity: 0..1.
    """
    region = EMPTY
    for place in places:
        region = region.unite(picture.area(place))
    image = QImage(region.width, region.height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    painter.translate(-region.x, -region.y)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    for place in places:
        _draw_tile(painter, picture, place)
    if tint is not None and tint_opacity > 0:
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceAtop)
        painter.setOpacity(tint_opacity)
        for place in places:
            _draw_tile(painter, tint, place)
    painter.end()
    return Mosaic(image, region, places[0].level)


def _draw_tile(painter: QPainter, store: TileStore, place: Place) -> None:
    area = store.area(place)
    image = store.find(place)
    if image is not None:
        painter.drawImage(QPoint(area.x, area.y), image)
        return
    ancestor, image = _find_coarser(store, place)
    if image is None or image.isNull():
        return
    outer, scale = store.area(ancestor), 0.5 ** (ancestor.level - place.level)
    source = QRectF(
        area.x * scale - outer.x, area.y * scale - outer.y, area.width * scale, area.height * scale
    )
    painter.drawImage(QRectF(QRect(area.x, area.y, area.width, area.height)), image, source)


def _find_coarser(store: TileStore, place: Place) -> tuple[Place, QImage | None]:
    while place.level < MAX_LEVEL:
        place = parent_of(place)
        image = store.find(place)
        if image is not None:
            return place, image
    return place, None
