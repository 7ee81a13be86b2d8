"""What a matting session is: the types between inference and those who show or write mattes.

Nothing here loads torch, so that a window or a command line can import it at start.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from himapp.errors import Cancelled
from himapp.imaging.photo import PixelArray
from himapp.inference.prompts import Point, Prompt

ALPHA_ONE = 65535
"""The alpha value that means fully this person."""

Stage = Literal["load", "find", "edges"]
"""Loading the network, finding people, bringing each matte to photo size."""

DeviceWish = Literal["auto", "cpu", "cuda"]
"""Where the user wants the network to run; ``auto`` takes a GPU that is there."""

Quality = Literal["draft", "normal", "best"]
"""How much work edges are worth.

``draft`` looks at fewer pixels and leaves edges to guided up-sampling; ``normal`` refines them;
``best`` looks twice, at the photo and its mirror image, and refines the mean.
"""

ProgressCallback = Callable[[Stage, int, int], None]
"""Called as ``progress(stage, done, of)``, on the thread that does the work.

``done`` is 0 as a stage starts; ``edges`` comes again after each of its ``of`` people, and ``find``
after each of the ``of`` tiles in which a crowd is looked at again.
"""


@dataclass(frozen=True, slots=True)
class InstanceMatte:
    """One person's matte, cropped to the person.

    Attributes:
        alpha: uint16 ``[h, w]``, 65535 = fully this person; made read-only. Outside the
            crop alpha is 0.
        left: column of the crop's first pixel in the photo.
        top: row of the crop's first pixel in the photo.
        score: the network's confidence, 0..1.
        box: ``(x0, y0, x1, y1)`` in photo pixels, as the network found it.
    """

    alpha: npt.NDArray[np.uint16]
    left: int
    top: int
    score: float
    box: tuple[float, float, float, float]

    def __post_init__(self) -> None:
        if self.alpha.ndim != 2 or self.alpha.dtype != np.uint16:
            raise ValueError(
                f"alpha must be uint16 [h, w], not {self.alpha.dtype} {self.alpha.shape}"
            )
        self.alpha.setflags(write=False)


class CancelToken:
    """A wish to stop, set by one thread and looked at by another."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work that holds this token to stop; asking twice is the same as once."""
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody asked to stop."""
        return self._event.is_set()

    def raise_if_cancelled(self) -> None:
        """Stop here if somebody asked to.

        Raises:
            Cancelled: ``cancel`` was called.
        """
        if self._event.is_set():
            raise Cancelled


@dataclass(frozen=True, slots=True)
class MattingResult:
    """Everything a session found in one photo.

    Attributes:
        people: from left to right by the centre of their mattes; at every photo pixel their alphas
            sum to at most 65535.
        seconds: wall-clock time by stage, for the stages that ran.
        device: where the network ran, for people to read, e.g. ``"CPU (2 threads)"``.
        notes: sentences the user should see, e.g. that the GPU ran out of memory.
    """

    people: tuple[InstanceMatte, ...]
    seconds: Mapping[str, float]
    device: str
    notes: tuple[str, ...] = ()


class MattingSession(Protocol):
    """A loaded (or lazily loading) network that finds people; used by one thread at a time."""

    @property
    def device(self) -> str:
        """Where the network runs, for people to read."""
        ...

    def find_people(
        self,
        pixels: PixelArray,
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> MattingResult:
        """Find every person and their matte at photo size.

        Args:
            pixels: uint8 or uint16 ``[H, W, 3]`` RGB, upright; only read.
            progress: told about every stage as it starts and moves on.
            cancel: looked at between stages, people and strips, so that a wish to stop is met
                within a second.

        Raises:
            Cancelled: the token was cancelled.
            WeightsError: the network's weights are missing or damaged.
        """
        ...

    def add_person(
        self,
        pixels: PixelArray,
        prompt: Prompt,
        others: Sequence[InstanceMatte],
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> InstanceMatte | None:
        """Find the person a prompt points at; None where nobody can be told from the others.

        The others keep every pixel they have: the new matte takes at most what they leave, so that
        all of them sum to at most 65535. Within the network the prompt's query competes with all
        others, so that neighbours who are not in the list keep their pixels as well.

        Args:
            pixels: as for ``find_people``.
            prompt: where the person is, in photo pixels.
            others: everybody who is in the list already.
            progress: as for ``find_people``.
            cancel: as for ``find_people``.

        Raises:
            Cancelled: the token was cancelled.
            WeightsError: the network's weights are missing or damaged.
        """
        ...

    def exclude_place(
        self,
        pixels: PixelArray,
        place: Point,
        matte: InstanceMatte,
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> InstanceMatte | None:
        """Take from a person what is at a place; None where the whole person is wrong.

        What leaves is the connected part, at the place, of the matte of whatever else the network
        sees there; where it sees nothing else, the matte's own connected part; and where that is
        most of the matte, the person is not one. The matte never grows.

        Args:
            pixels: as for ``find_people``.
            place: ``(x, y)`` in photo pixels.
            matte: the person's.
            progress: as for ``find_people``.
            cancel: as for ``find_people``.

        Raises:
            Cancelled: the token was cancelled.
            WeightsError: the network's weights are missing or damaged.
        """
        ...


def ignore_progress(stage: Stage, done: int, of: int) -> None:
    """Take a progress report and do nothing; the default where nobody listens."""
