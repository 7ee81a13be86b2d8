"""The document: a photo, its people and what stands behind them."""

from dataclasses import dataclass

import numpy as np

from himapp.document.background import PHOTO_BACKGROUND, Background
from himapp.document.layers import PersonLayer
from himapp.document.matte_tiles import ALPHA_MAX
from himapp.document.regions import Region, frame_region
from himapp.imaging.photo import Photo

PICK_ALPHA = ALPHA_MAX // 4
"""From this alpha on a click means the person."""


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """Everything an edit can change; which person is selected belongs to the window.

    Attributes:
        photo: the opened photo, never changed.
        layers: the people, bottom to top.
        background: what stands behind them.
        next_number: the number of the next person; numbers are not used twice.
    """

    photo: Photo
    layers: tuple[PersonLayer, ...] = ()
    background: Background = PHOTO_BACKGROUND
    next_number: int = 1

    @classmethod
    def for_photo(cls, photo: Photo) -> "Document":
        """Return the document of a photo in which nobody was found yet."""
        return cls(photo)

    @property
    def frame(self) -> Region:
        """The whole photo."""
        return frame_region(self.photo.pixels.shape)

    def find_layer(self, layer_id: int) -> PersonLayer:
        """Return the layer with an id.

        Raises:
            ValueError: no layer has it.
        """
        for layer in self.layers:
            if layer.id == layer_id:
                return layer
        raise ValueError(f"No person layer has the id {layer_id}")

    def has_same_content(self, other: "Document") -> bool:
        """Whether both show and list the same; edits that came back to the start do."""
        return (
            self.photo is other.photo
            and self.layers == other.layers
            and self.background == other.background
        )

    def person_at(self, x: int, y: int) -> int | None:
        """Return the id of the topmost person with alpha of at least a quarter at a photo pixel."""
        spot = Region(x, y, 1, 1)
        for layer in reversed(self.layers):
            if int(np.max(layer.matte.read_region(spot))) >= PICK_ALPHA:
                return layer.id
        return None
