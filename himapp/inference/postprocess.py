"""From what the network says to people at photo size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from himapp.imaging.geometry import Box, Placement
from himapp.imaging.photo import PixelArray
from himapp.inference.devices import Prediction
from himapp.inference.edges import Guide, in_unit_range, upsample_matte
from himapp.inference.preprocess import ModelInput
from himapp.inference.refine import MatteRefinement
from himapp.inference.session import CancelToken, InstanceMatte
from himapp.inference.shared_pixels import Cropped, keep_shared, limit_sums
from himapp.inference.tiles import TileRefiner
from himapp.inference.traces import drop_traces

_Floats = npt.NDArray[np.float32]
_Mask = npt.NDArray[np.bool_]

# A person of fewer grid pixels (five by five) is a speck that nobody can use.
_SMALLEST_MASS_PX = 25.0
# Two people share a pixel of the grid from so much of it on, and at the photo's size it may be so
# many pixels of the grid beside.
_SHARED = 0.05
_CONTACT_REACH = 3
# Of photos smaller than the grid's so many the refiner knows no more (docs/experiments.md).
_LEAST_STEP = 0.7


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person on the network's grid: alpha float32 ``[h, w]``, its box in photo pixels."""

    alpha: _Floats
    score: float
    box: tuple[float, float, float, float]


class FoundPerson(Protocol):
    """Somebody on a grid of the photo, ready to be brought to its size; see ``Candidate``."""

    @property
    def alpha(self) -> _Floats:
        """The matte on the whole grid."""
        ...

    @property
    def score(self) -> float:
        """How sure the network is."""
        ...

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Bounds in photo pixels."""
        ...


@dataclass(frozen=True, slots=True)
class _Enlarge:
    """Brings mattes of the network's grid to the photo's size."""

    guide: Guide

    def __call__(
        self, alpha: _Floats, cancel: CancelToken, *, within: _Mask | None = None
    ) -> Cropped | None:
        """Return a matte at photo size; see ``upsample_matte``."""
        grid = self.guide.small.shape[1:]
        alpha = _shrink(alpha, *grid)
        if within is not None:
            within = _shrink(within.astype(np.float32), *grid) > 0
        return upsample_matte(self.guide, alpha, cancel, within=within)


def select_people(
    prediction: Prediction, placement: Placement, threshold: float
) -> list[Candidate]:
    """Return who is sure enough and large enough, from left to right by the centre of the matte.

    Args:
        prediction: what the network says about its whole input.
        placement: where the photo lies in that.
        threshold: least score.
    """
    rows, columns = placement.content_slices
    alphas = drop_traces(prediction.alpha[:, rows, columns])
    people = [
        Candidate(alpha, float(score), _to_photo(box, placement))
        for alpha, score, box in zip(alphas, prediction.score, prediction.box, strict=True)
        if score >= threshold and alpha.sum() >= _SMALLEST_MASS_PX
    ]
    return sorted(people, key=lambda person: _centre_x(person.alpha))


def _to_photo(box: _Floats, placement: Placement) -> tuple[float, float, float, float]:
    """Return a box in photo pixels, inside the photo."""
    x0, y0, x1, y1 = (float(edge) for edge in box)
    inside = placement.to_photo(Box(x0, y0, x1, y1)).clip(
        placement.photo_height, placement.photo_width
    )
    return inside.x0, inside.y0, inside.x1, inside.y1


def _centre_x(alpha: _Floats) -> float:
    columns = alpha.sum(0, dtype=np.float64)
    return float(columns @ np.arange(len(columns)) / columns.sum())


def bring_to_photo(
    people: Sequence[FoundPerson],
    model_input: ModelInput,
    pixels: PixelArray,
    *,
    progress: Callable[[int, int], None],
    cancel: CancelToken,
    refiner: TileRefiner | None = None,
) -> tuple[InstanceMatte, ...]:
    """Return people's mattes at photo size; at every pixel they sum to at most 65535.

    Args:
        people: in the order they shall have.
        model_input: what the network saw.
        pixels: the photo, uint8 or uint16 ``[H, W, 3]``.
        progress: called as ``progress(done, of)`` after each person.
        cancel: looked at between people, strips and batches of tiles.
        refiner: None leaves the edges to guided up-sampling.

    Raises:
        Cancelled: the token was cancelled.
    """
    if not people:
        return ()
    enlarge = _choose_method(model_input, pixels)
    refinement = _prepare_refinement(model_input, pixels, refiner)
    mattes: list[tuple[FoundPerson, Cropped]] = []
    guided: list[Cropped] = []
    # One after the other: two threads wait for each other more than they gain, so short are the
    # steps between Python's lock (ten people at 12 megapixels: .37 s by two, .31 s by one).
    for number, person in enumerate(people, start=1):
        cancel.raise_if_cancelled()
        cropped = enlarge(person.alpha, cancel)
        if cropped is not None:
            if refinement is not None:
                guided.append((cropped[0].copy(), *cropped[1:]))
                refinement.refine(*cropped, cancel)
            mattes.append((person, cropped))
        progress(number, len(people))
    crops = [cropped for _, cropped in mattes]
    contact = _find_contact(people)
    if contact is not None:
        together = enlarge(contact.everybody, cancel, within=contact.place)
        keep_shared(crops, guided or crops, pixels.shape[:2], together=together)
    limit_sums(crops, pixels.shape[:2])
    return tuple(InstanceMatte(*cropped, person.score, person.box) for person, cropped in mattes)


def _choose_method(model_input: ModelInput, pixels: PixelArray) -> _Enlarge:
    """Return how a matte comes to photo size; to one below the grid's it is shrunk beforehand."""
    if _is_small(model_input, pixels):
        return _Enlarge(Guide.measure(pixels, in_unit_range(pixels)))
    return _Enlarge(Guide.measure(pixels, model_input.content))


@dataclass(frozen=True, slots=True)
class _Contact:
    """Where people share pixels of the grid, and what all of them hold, float32 ``[h, w]``."""

    everybody: _Floats
    place: _Mask


def _find_contact(people: Sequence[FoundPerson]) -> _Contact | None:
    """Tell where people touch; None where nobody does."""
    most = np.zeros_like(people[0].alpha)
    total = np.zeros_like(most)
    for person in people:
        np.maximum(most, person.alpha, out=most)
        total += person.alpha
    is_shared = (total - most > _SHARED).astype(np.uint8)
    if not is_shared.any():
        return None
    around = np.ones((2 * _CONTACT_REACH + 1, 2 * _CONTACT_REACH + 1), np.uint8)
    return _Contact(np.minimum(total, 1), cv2.dilate(is_shared, around).astype(bool))


def _prepare_refinement(
    model_input: ModelInput, pixels: PixelArray, refiner: TileRefiner | None
) -> MatteRefinement | None:
    """Return what refines the mattes; None without a refiner, or for a photo too small for it."""
    step = pixels.shape[0] / model_input.placement.content_height
    if refiner is None or step < _LEAST_STEP:
        return None
    return MatteRefinement(refiner, pixels, step)


def _is_small(model_input: ModelInput, pixels: PixelArray) -> bool:
    """Tell whether the network's grid is at least as fine as the photo."""
    placement = model_input.placement
    height, width = pixels.shape[:2]
    return bool(height <= placement.content_height and width <= placement.content_width)


def _shrink(alpha: _Floats, height: int, width: int) -> _Floats:
    if alpha.shape == (height, width):
        return alpha
    small = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32, copy=False)
