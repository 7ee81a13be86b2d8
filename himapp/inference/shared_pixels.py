"""Pixels that several people hold: what they may hold together, and what they must not lose.

Everybody's matte is brought to the photo's size for itself. Where people touch, the sum may then be
too large, or too small, which shows as a seam between them; and the refiner, who sees one matte at
a time, may take a wrist that two of them share for a gap beside each.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from himapp.inference.session import ALPHA_ONE

Alpha = npt.NDArray[np.uint16]
Cropped = tuple[Alpha, int, int]
"""Alpha ``[h, w]``, 65535 for all of a pixel, and the crop's left and top in the photo."""

_Place = tuple[slice, slice]

_STRIP_ROWS = 128
# A pixel is shared from so much alpha on beside that of whoever holds most of it; and it is one of
# theirs, not a gap with haze of both, from so much on that they hold together.
_SHARED = round(0.1 * ALPHA_ONE)
_SOLID = round(0.5 * ALPHA_ONE)


@dataclass(frozen=True, slots=True)
class _Area:
    """Rows and columns of the photo in which crops overlap."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def shape(self) -> tuple[int, int]:
        return self.bottom - self.top, self.right - self.left

    def cut(self, matte: Cropped) -> tuple[Alpha, _Place] | None:
        """Return a view of the matte's part in the area, and where in the area that lies."""
        alpha, left, top = matte
        first, last = max(self.top, top), min(self.bottom, top + alpha.shape[0])
        start, stop = max(self.left, left), min(self.right, left + alpha.shape[1])
        if first >= last or start >= stop:
            return None
        place = slice(first - self.top, last - self.top), slice(start - self.left, stop - self.left)
        return alpha[first - top : last - top, start - left : stop - left], place


def limit_sums(mattes: Sequence[Cropped], shape: tuple[int, int]) -> None:
    """Scale mattes down, in place, where they sum to more than 65535.

    Args:
        mattes: of all people.
        shape: the photo's height and width in pixels.
    """
    for area in _shared_areas(mattes, shape):
        parts = [part for matte in mattes if (part := area.cut(matte))]
        total = _add_up(parts, area)
        if total.max() <= ALPHA_ONE:
            continue
        for alpha, place in parts:
            here = total[place]
            is_over = here > ALPHA_ONE
            # 65535 squared still fits in 32 bit; rounded down, so the sum cannot grow.
            alpha[is_over] = alpha[is_over].astype(np.uint32) * ALPHA_ONE // here[is_over]


def keep_shared(
    mattes: Sequence[Cropped],
    before: Sequence[Cropped],
    shape: tuple[int, int],
    *,
    together: Cropped | None = None,
) -> None:
    """Give people back, in place, what they lost together of pixels that they share.

    Each gets it by the share they had. What one of them holds alone may be lost: a gap opens.

    Args:
        mattes: of all people, each changed for itself.
        before: the same in the same crops, before they were changed.
        shape: the photo's height and width in pixels.
        together: what all of them hold at least where they share, brought to the photo's size as
            one matte; None leaves it at what ``before`` sums to.
    """
    for area in _shared_areas(mattes, shape):
        old = [part for matte in before if (part := area.cut(matte))]
        new = [part for matte in mattes if (part := area.cut(matte))]
        had = _add_up(old, area)
        most = np.zeros(area.shape, np.uint16)
        for alpha, place in old:
            np.maximum(most[place], alpha, out=most[place])
        is_shared = (had - most > _SHARED) & (had > _SOLID)
        wanted = np.minimum(had, ALPHA_ONE)
        if together is not None and (part := area.cut(together)):
            np.maximum(wanted[part[1]], part[0], out=wanted[part[1]])
        lost = wanted.astype(np.float32) - _add_up(new, area)
        lost = np.where(is_shared & (lost > 0), lost / np.maximum(had, 1), 0)
        if lost.any():
            for (alpha, place), (own, _) in zip(new, old, strict=True):
                # Rounded down, so that the sum stays below what it was.
                alpha += (lost[place] * own).astype(np.uint16)


def _shared_areas(mattes: Sequence[Cropped], shape: tuple[int, int]) -> Iterator[_Area]:
    """Give strips of the photo, each with the columns in which crops overlap."""
    for top in range(0, shape[0], _STRIP_ROWS):
        bottom = min(top + _STRIP_ROWS, shape[0])
        count = np.zeros(shape[1], np.uint16)
        for alpha, left, own_top in mattes:
            if own_top < bottom and top < own_top + alpha.shape[0]:
                count[left : left + alpha.shape[1]] += 1
        shared = np.flatnonzero(count > 1)
        if shared.size:
            yield _Area(top, bottom, int(shared[0]), int(shared[-1]) + 1)


def _add_up(parts: Sequence[tuple[Alpha, _Place]], area: _Area) -> npt.NDArray[np.uint32]:
    total = np.zeros(area.shape, np.uint32)
    for alpha, place in parts:
        total[place] += alpha
    return total
