"""Connected parts of a matte: a hand beyond a door frame, two people in one outline."""

import cv2
import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int32]
"""``[h, w]``: which part a pixel belongs to, from 1; 0 for none."""

SOLID_ALPHA = 65535 // 4
"""From this alpha on pixels connect: where a click begins to mean the person."""

_VISIBLE_ALPHA = 65535 // 100
"""Pixels below do not connect a trace with the body: nobody sees the haze between them."""

_LEAST_AREA_PX = 64
_LEAST_SHARE = 0.003


def find_parts(is_solid: npt.NDArray[np.bool_]) -> Labels:
    """Give numbers to the connected parts of a mask, the largest first; specks are none.

    A speck has fewer than 64 pixels or .3 % of the mask: loose hair is no part of its own.

    Args:
        is_solid: bool ``[h, w]``; pixels touch by corners as well.
    """
    if not is_solid.any():  # OpenCV crashes on a picture without pixels
        return np.zeros(is_solid.shape, np.int32)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        is_solid.view(np.uint8), connectivity=8
    )
    areas = stats[1:, cv2.CC_STAT_AREA]
    least = max(_LEAST_AREA_PX, _LEAST_SHARE * float(areas.sum()))
    order = [label for label in np.argsort(-areas, kind="stable") if areas[label] >= least]
    table = np.zeros(count, np.int32)
    table[np.array(order, np.int64) + 1] = np.arange(1, len(order) + 1)
    parts: Labels = table[labels]
    return parts


def assign_to_nearest(seeds: Labels) -> Labels:
    """Give every pixel the number of the nearest seed; all 0 where there is no seed."""
    if not seeds.any():
        return seeds
    _, nearest = cv2.distanceTransformWithLabels(
        (seeds == 0).view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros(int(nearest.max()) + 1, np.int32)
    table[nearest[seeds > 0]] = seeds[seeds > 0]
    return table[nearest]


def part_at(alpha: npt.NDArray[np.uint16], x: int, y: int) -> npt.NDArray[np.uint16]:
    """Return the connected part of a matte that a pixel belongs to; 0 everywhere else.

    A trace or a speck that touches no part is one by itself: it does not belong to the body.

    Args:
        alpha: uint16 ``[h, w]``.
        x: column inside of it.
        y: row inside of it.
    """
    parts = find_parts(alpha >= SOLID_ALPHA)
    is_visible = alpha >= min(_VISIBLE_ALPHA, int(alpha[y, x]))
    _, found = cv2.connectedComponents(is_visible.view(np.uint8), connectivity=8)
    traces = np.asarray(found, np.int32)
    touches_part = parts[traces == traces[y, x]].any()
    labels = assign_to_nearest(parts if touches_part else traces)
    part: npt.NDArray[np.uint16] = np.where(labels == labels[y, x], alpha, np.uint16(0))
    return part
