"""Which part of the photo an exported file shows, and how large it is."""

import math
from typing import Final

from himapp.document.document import Document
from himapp.document.export_options import Aspect, CropOptions, SizeOptions
from himapp.document.layers import PersonLayer
from himapp.document.regions import Region

_RATIOS: Final[dict[Aspect, tuple[int, int]]] = {
    "1:1": (1, 1),
    "3:4": (3, 4),
    "4:3": (4, 3),
    "2:3": (2, 3),
    "16:9": (16, 9),
}


def find_person_region(document: Document, layer: PersonLayer, crop: CropOptions) -> Region:
    """Return what a person's file shows, in photo pixels.

    With a fixed aspect the person stands in the middle and the region may hang over the photo;
    else it ends with the photo.
    """
    if not crop.is_cropped or layer.bounds.is_empty:
        return document.frame
    person = layer.visible_bounds
    region = person.grow(_margin_px(person, crop))
    if crop.aspect == "free":
        return region.intersect(document.frame)
    return _widen(region, *_RATIOS[crop.aspect])


def _margin_px(person: Region, crop: CropOptions) -> int:
    if crop.margin_unit == "px":
        return round(crop.margin)
    return round(max(person.shape) * crop.margin / 100)


def _widen(region: Region, across: int, down: int) -> Region:
    """Return the smallest region of an aspect around another one, in its middle."""
    width = max(region.width, math.ceil(region.height * across / down))
    height = max(region.height, math.ceil(region.width * down / across))
    left = region.x - (width - region.width) // 2
    top = region.y - (height - region.height) // 2
    return Region(left, top, width, height)


def find_size(region: Region, size: SizeOptions) -> tuple[int, int]:
    """Return ``(width, height)`` of the file that shows a region."""
    longer = max(region.width, region.height)
    side = size.longer_side_px
    if side is None or side == longer or (side > longer and not size.may_enlarge):
        return region.width, region.height
    scale = side / longer
    return max(round(region.width * scale), 1), max(round(region.height * scale), 1)
