"""What the user points at: a click or a box on a person whom the network missed or mistook."""

from dataclasses import dataclass

Point = tuple[float, float]
"""``(x, y)`` in photo pixels; the middle of pixel ``i`` is ``i + 0.5``."""


@dataclass(frozen=True, slots=True)
class PointPrompt:
    """Clicks that say where a person is.

    Attributes:
        positive: places on the person; at least one.
        negative: places that are not the person.
    """

    positive: tuple[Point, ...]
    negative: tuple[Point, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a prompt that points at nothing.

        Raises:
            ValueError: there is no positive point.
        """
        if not self.positive:
            raise ValueError("A point prompt needs a positive point")


@dataclass(frozen=True, slots=True)
class BoxPrompt:
    """A box drawn round a person.

    Attributes:
        box: ``(x0, y0, x1, y1)`` in photo pixels.
        positive: places on the person, if any are known.
        negative: places that are not the person.
    """

    box: tuple[float, float, float, float]
    positive: tuple[Point, ...] = ()
    negative: tuple[Point, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a box that holds nothing.

        Raises:
            ValueError: the box has no width or no height.
        """
        x0, y0, x1, y1 = self.box
        if not (x0 < x1 and y0 < y1):
            raise ValueError(f"A box needs x0 < x1 and y0 < y1, not {self.box}")


Prompt = PointPrompt | BoxPrompt
