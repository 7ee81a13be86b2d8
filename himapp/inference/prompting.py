"""Answer prompts: whom a click or a box means, and what does not belong to a person.

The whole photo is looked at first; where nothing fits, the surroundings of the prompt are looked at
again, larger: a face in a crowd is a few pixels of the network's input, in a crop it is a hundred.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, runtime_checkable

import cv2
import numpy as np
import numpy.typing as npt
import torch

from himapp.errors import WeightsError
from himapp.imaging.alpha_parts import part_at
from himapp.imaging.alpha_sums import limit_to_free
from himapp.imaging.geometry import Placement, Window
from himapp.imaging.photo import PixelArray
from himapp.inference.devices import NetworkRunner
from himapp.inference.edges import crop_visible
from himapp.inference.postprocess import Candidate, bring_to_photo
from himapp.inference.preprocess import ModelInput, prepare_input
from himapp.inference.prompts import BoxPrompt, Point, PointPrompt, Prompt
from himapp.inference.session import ALPHA_ONE, CancelToken, InstanceMatte, ProgressCallback
from himapp.inference.tiles import TileRefiner
from models.e2e_him.lite.prompts import NetworkPrompt

_Floats = npt.NDArray[np.float32]

# How well an answer fits, 0..1 (measured on validation photographs with the shipped weights):
# people who were taken off the list and pointed at again come back with .3 to .9, those who were
# missed with .28 to .5, clicks on the background get nothing or, nine times of ten, less than .26.
_GOOD_FIT = 0.4
_LEAST_FIT = 0.26
_CROP_SHARES = (0.5, 0.25)
_SMALLEST_CROP_PX = 64
_BOX_MARGIN = 0.5
_CUT_SHARE = 0.02
# What neighbours leave of a matte has a faint rim along them; that alone is nobody.
_SMALLEST_AREA_PX = 25
# Who keeps less than this of their matte was not a person with something at the edge.
_LEAST_REST = 0.15
_SOLID = 0.5


@runtime_checkable
class PromptedNetwork(Protocol):
    """What is asked of a network that can be pointed at people."""

    def answer_prompt(self, images: torch.Tensor, prompt: NetworkPrompt) -> Any:
        """Return score, box and alpha of at most one person."""
        ...


@dataclass(frozen=True, slots=True)
class _Question:
    """A prompt and whom the answer must not be; they keep their pixels if that is wanted."""

    prompt: Prompt
    known: tuple[InstanceMatte, ...]
    keeps_known: bool = True


@dataclass(frozen=True, slots=True)
class _Look:
    """A look at a window of the photo, and what the network answered."""

    window: Window
    model_input: ModelInput
    alpha: _Floats
    fit: float


@dataclass(frozen=True, slots=True)
class PromptAnswering:
    """Answers prompts about one photo.

    Attributes:
        runner: runs the network.
        pixels: the photo, uint8 or uint16 ``[H, W, 3]``.
        progress: told about every stage.
        cancel: looked at between looks and strips.
        refiner: None leaves the edges to guided up-sampling.
    """

    runner: NetworkRunner
    pixels: PixelArray
    progress: ProgressCallback
    cancel: CancelToken
    refiner: TileRefiner | None = None

    def add_person(self, prompt: Prompt, others: Sequence[InstanceMatte]) -> InstanceMatte | None:
        """Return whom a prompt points at; see ``MattingSession``."""
        look = self._look(_Question(prompt, tuple(others)))
        if look is None:
            return None
        matte = self._enlarge(look)
        for place in prompt.negative:
            if matte is not None and _alpha_at(matte, place) > 0:
                matte = self.exclude_place(place, matte)
        return _leave_to(others, matte) if matte is not None else None

    def exclude_place(self, place: Point, matte: InstanceMatte) -> InstanceMatte | None:
        """Return a person without what is at a place; see ``MattingSession``."""
        if not _alpha_at(matte, place):
            return matte
        look = self._look(_Question(PointPrompt((place,)), (matte,), keeps_known=False))
        other = self._enlarge(look) if look is not None else None
        if other is not None:
            rest = _without(matte, other, place)
            if rest is not None and _alpha_at(rest, place) < _alpha_at(matte, place) / 2:
                return rest
        return _without_part(matte, place)

    def _look(self, question: _Question) -> _Look | None:
        """Return the best look, or None where none fits."""
        best: _Look | None = None
        windows = _choose_windows(question.prompt, self.pixels.shape)
        for number, window in enumerate(windows):
            self.cancel.raise_if_cancelled()
            self.progress("find", number, len(windows))
            look = self._look_at(window, question)
            if look.fit > (best.fit if best is not None else _LEAST_FIT):
                best = look
            if best is not None and best.fit >= _GOOD_FIT:
                break
        return best

    def _look_at(self, window: Window, question: _Question) -> _Look:
        pixels = self.pixels[window.slices]
        model_input = prepare_input(pixels, self.runner.network.input_side)
        ask = partial(_ask, question, window, model_input.placement)
        found = self.runner.run(ask, model_input.image)
        rows, columns = model_input.placement.content_slices
        if not len(found.score):
            return _Look(window, model_input, model_input.image[0, rows, columns], 0.0)
        alpha = found.alpha[0, rows, columns]
        is_cut = _is_cut(alpha, window, self.pixels.shape)
        return _Look(window, model_input, alpha, 0.0 if is_cut else float(found.score[0]))

    def _enlarge(self, look: _Look) -> InstanceMatte | None:
        """Return a look's person at photo size; None if nothing is left of them."""
        if look.alpha.sum() < _SMALLEST_AREA_PX:
            return None
        self.cancel.raise_if_cancelled()
        self.progress("edges", 0, 1)
        window = look.window
        people = bring_to_photo(
            [Candidate(look.alpha, min(look.fit, 1.0), (0.0, 0.0, 0.0, 0.0))],
            look.model_input,
            self.pixels[window.slices],
            progress=partial(self.progress, "edges"),
            cancel=self.cancel,
            refiner=self.refiner,
        )
        if not people:
            return None
        found = people[0]
        return _make_matte(
            found.alpha, found.left + window.left, found.top + window.top, found.score
        )


def _ask(
    question: _Question, window: Window, placement: Placement, network: Any, images: torch.Tensor
) -> Any:
    """Bring a question to the network's grid and ask it."""
    if not isinstance(network, PromptedNetwork):
        raise WeightsError("This network cannot be pointed at people.")
    prompt = question.prompt
    shape = (int(images.shape[2]), int(images.shape[3]))
    known = [_on_grid(matte, window, placement, shape) for matte in question.known]
    inside = [matte for matte in known if matte.any()]
    box = None
    if isinstance(prompt, BoxPrompt):
        x0, y0, x1, y1 = prompt.box
        box = _to_grid(((x0, y0), (x1, y1)), window, placement, images).flatten()
    return network.answer_prompt(
        images,
        NetworkPrompt(
            points=_to_grid(prompt.positive, window, placement, images),
            avoided=_to_grid(prompt.negative, window, placement, images),
            box=box,
            known=torch.from_numpy(np.array(inside, np.float32).reshape(-1, *shape)).to(images),
            keeps_known=question.keeps_known,
        ),
    )


def _to_grid(
    points: Sequence[Point], window: Window, placement: Placement, images: torch.Tensor
) -> torch.Tensor:
    """Bring photo points to the input pixels of a look at a window, ``[P, 2]``."""
    at = images.new_tensor(points, dtype=torch.float32).reshape(-1, 2)
    origin = at.new_tensor([window.left, window.top])
    scale = at.new_tensor([placement.scale_x, placement.scale_y])
    return (at - origin) * scale + at.new_tensor([placement.left, placement.top])


def _on_grid(
    matte: InstanceMatte, window: Window, placement: Placement, shape: tuple[int, int]
) -> _Floats:
    """Return a matte on the input of a look at a window, float32 in 0..1."""
    grid = np.zeros(shape, np.float32)
    height, width = matte.alpha.shape
    own = Window(matte.top, matte.top + height, matte.left, matte.left + width)
    shared = Window(
        max(own.top, window.top),
        min(own.bottom, window.bottom),
        max(own.left, window.left),
        min(own.right, window.right),
    )
    if shared.top >= shared.bottom or shared.left >= shared.right:
        return grid
    top = round((shared.top - window.top) * placement.scale_y) + placement.top
    left = round((shared.left - window.left) * placement.scale_x) + placement.left
    bottom = round((shared.bottom - window.top) * placement.scale_y) + placement.top
    right = round((shared.right - window.left) * placement.scale_x) + placement.left
    if top < bottom and left < right:
        part = matte.alpha[shared.slices_in(own)]
        small = cv2.resize(part, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
        grid[top:bottom, left:right] = small.astype(np.float32) / ALPHA_ONE
    return grid


def _choose_windows(prompt: Prompt, shape: tuple[int, ...]) -> list[Window]:
    """Return the windows of the photo to look at, the whole one first, then closer and closer."""
    windows = [Window(0, shape[0], 0, shape[1])]
    points = np.array(prompt.positive, np.float64).reshape(-1, 2)
    if isinstance(prompt, BoxPrompt):
        x0, y0, x1, y1 = prompt.box
        sides = [(1 + 2 * _BOX_MARGIN) * max(x1 - x0, y1 - y0)]
        points = np.array([(x0, y0), (x1, y1)])
    else:
        spread = float(2 * np.ptp(points, axis=0).max())
        sides = [max(share * max(shape[:2]), spread) for share in _CROP_SHARES]
    middle = (points.min(0) + points.max(0)) / 2
    for side in sides:
        window = _square(middle, side, shape)
        if side >= _SMALLEST_CROP_PX and window not in windows:
            windows.append(window)
    return windows


def _square(middle: npt.NDArray[np.float64], side: float, shape: tuple[int, ...]) -> Window:
    """Return a square of the photo round a point, moved inside; less where the photo is less."""
    spans = []
    for at, length in ((middle[1], shape[0]), (middle[0], shape[1])):
        extent = min(round(side), length)
        start = min(max(round(at - extent / 2), 0), length - extent)
        spans.append((start, start + extent))
    return Window(*spans[0], *spans[1])


def _is_cut(alpha: _Floats, window: Window, shape: tuple[int, ...]) -> bool:
    """Tell whether a window cuts through its person, where the photo goes on."""
    solid = alpha > _SOLID
    sides = (
        (window.top > 0, solid[0]),
        (window.bottom < shape[0], solid[-1]),
        (window.left > 0, solid[:, 0]),
        (window.right < shape[1], solid[:, -1]),
    )
    cut = sum(int(line.sum()) for goes_on, line in sides if goes_on)
    return cut > _CUT_SHARE * sum(alpha.shape)


def _leave_to(others: Sequence[InstanceMatte], matte: InstanceMatte) -> InstanceMatte | None:
    """Return what the others leave of a matte; None if that is next to nothing."""
    crops = [(other.alpha, other.left, other.top) for other in others]
    free = limit_to_free(matte.alpha, matte.left, matte.top, crops)
    return _make_matte(free, matte.left, matte.top, matte.score)


def _without(matte: InstanceMatte, other: InstanceMatte, place: Point) -> InstanceMatte | None:
    """Return a matte without the part of another one that lies at a place; None for too little."""
    part = _part_at(other, place)
    kept = limit_to_free(matte.alpha, matte.left, matte.top, [(part, other.left, other.top)])
    return _make_rest(matte, kept)


def _without_part(matte: InstanceMatte, place: Point) -> InstanceMatte | None:
    """Return a matte without its own part at a place, soft rim and all; None for too little."""
    part = part_at(matte.alpha, int(place[0]) - matte.left, int(place[1]) - matte.top)
    return _make_rest(matte, matte.alpha - part)


def _make_rest(matte: InstanceMatte, kept: npt.NDArray[np.uint16]) -> InstanceMatte | None:
    """Return what is kept of a matte; None for too little."""
    if int(kept.sum(dtype=np.uint64)) < _LEAST_REST * int(matte.alpha.sum(dtype=np.uint64)):
        return None
    return _make_matte(kept, matte.left, matte.top, matte.score)


def _part_at(matte: InstanceMatte, place: Point) -> npt.NDArray[np.uint16]:
    """Return the connected part of a matte at a place, made solid there; empty beside it.

    Where the network is half sure of what else is there, half of the person would stay behind.
    """
    strength = _alpha_at(matte, place)
    if not strength:
        return np.zeros_like(matte.alpha)
    part = part_at(matte.alpha, int(place[0]) - matte.left, int(place[1]) - matte.top)
    solid = part.astype(np.uint32) * ALPHA_ONE // strength
    return np.minimum(solid, ALPHA_ONE).astype(np.uint16)


def _alpha_at(matte: InstanceMatte, place: Point) -> int:
    x, y = int(place[0]) - matte.left, int(place[1]) - matte.top
    height, width = matte.alpha.shape
    return int(matte.alpha[y, x]) if 0 <= x < width and 0 <= y < height else 0


def _make_matte(
    alpha: npt.NDArray[np.uint16], left: int, top: int, score: float
) -> InstanceMatte | None:
    """Return a matte cropped to what is visible; None for a speck."""
    visible = crop_visible(alpha)
    if visible is None or np.count_nonzero(visible[0] >= ALPHA_ONE // 2) < _SMALLEST_AREA_PX:
        return None
    crop, x, y = visible
    height, width = crop.shape
    box = (float(left + x), float(top + y), float(left + x + width), float(top + y + height))
    return InstanceMatte(crop, left + x, top + y, score, box)
