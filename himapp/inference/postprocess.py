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
_Enlarge = Callable[[_Floats, CancelToken], Cropped | None]

# A person of fewer grid pixels (five by five) is a speck that nobody can use.
_SMALLEST_MASS_PX = 25.0


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
    if guided:
        keep_shared(crops, guided, pixels.shape[:2])
    limit_sums(crops, pixels.shape[:2])
    return tuple(InstanceMatte(*cropped, person.score, person.box) for person, cropped in mattes)


def _choose_method(model_input: ModelInput, pixels: PixelArray) -> _Enlarge:
    """Return how a matte comes to photo size; to one below the grid's it is shrunk beforehand."""
    if _is_small(model_input, pixels):
        height, width = pixels.shape[:2]
        own = Guide.measure(pixels, in_unit_range(pixels))
        return lambda alpha, cancel: upsample_matte(own, _shrink(alpha, height, width), cancel)
    guide = Guide.measure(pixels, model_input.content)
    return lambda alpha, cancel: upsample_matte(guide, alpha, cancel)


def _prepare_refinement(
    model_input: ModelInput, pixels: PixelArray, refiner: TileRefiner | None
) -> MatteRefinement | None:
    """Return what refines the mattes; None without a refiner or detail that it could find."""
    if refiner is None or _is_small(model_input, pixels):
        return None
    step = pixels.shape[0] / model_input.placement.content_height
    return MatteRefinement(refiner, pixels, step)


def _is_small(model_input: ModelInput, pixels: PixelArray) -> bool:
    """Tell whether the network's grid is at least as fine as the photo."""
    placement = model_input.placement
    height, width = pixels.shape[:2]
    return bool(height <= placement.content_height and width <= placement.content_width)


def _shrink(alpha: _Floats, height: int, width: int) -> _Floats:
    small = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32, copy=False)
