"""A person layer: one person of the photo with their matte, place in the list and edits."""

from dataclasses import dataclass

from himapp.document.adjustments import NEUTRAL, Adjustments
from himapp.document.matte_tiles import MatteTiles
from himapp.document.regions import Region

VISIBLE_ALPHA = 0.02
"""From this alpha on a cropped file keeps a pixel: at 0.02 a person is 5 of 255 code values.

A network's mattes have fainter traces far away from the person, which would widen the crop.
"""


@dataclass(frozen=True, slots=True)
class PersonLayer:
    """One person.

    Attributes:
        id: names the layer for commands and panels; unique in a document.
        number: which person of the photo this is, from 1; never changes.
        name: what the list shows, e.g. ``"Person 1"``.
        matte: the matte as it is now.
        original_matte: the matte as the network found it, for "reset matte".
        score: how sure the network was, 0..1.
        opacity: 0..1.
        visible: whether the eye is on.
        adjustments: the person's edits.
        colour_index: which colour of the people's palette the swatch and the overlay take, from
            0; to be taken modulo the palette's length.
        is_parted: whether the matte is a part of one that the network found, or several of them:
            the person was split or merged.
    """

    id: int
    number: int
    name: str
    matte: MatteTiles
    original_matte: MatteTiles
    score: float = 1.0
    opacity: float = 1.0
    visible: bool = True
    adjustments: Adjustments = NEUTRAL
    colour_index: int = 0
    is_parted: bool = False

    def __post_init__(self) -> None:
        if not 0.0 <= self.opacity <= 1.0:
            raise ValueError(f"opacity must be in 0..1, not {self.opacity}")

    @property
    def bounds(self) -> Region:
        """The smallest region of the photo that holds the matte."""
        return self.matte.bounds

    @property
    def visible_bounds(self) -> Region:
        """The smallest region that holds what can be seen of the matte; for cropped files."""
        return self.matte.find_bounds(VISIBLE_ALPHA)

    @property
    def is_as_found(self) -> bool:
        """Whether the matte is still what the network found, and nobody changed it by hand."""
        return self.matte is self.original_matte and not self.is_parted

    @property
    def is_drawn(self) -> bool:
        """Whether the layer can leave a trace in a picture at all."""
        return self.visible and self.opacity > 0 and not self.bounds.is_empty

    @property
    def edits_photo(self) -> bool:
        """Whether the layer changes the picture over the original background."""
        return self.is_drawn and not self.adjustments.is_neutral
