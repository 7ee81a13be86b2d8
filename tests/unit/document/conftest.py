"""Small photos with people in them, made for the tests of the document."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import ImageCms

from himapp.document.document import Document
from himapp.document.edits import add_person_layers
from himapp.document.render_cache import RenderCache
from himapp.imaging.photo import Photo

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@dataclass(frozen=True)
class Found:
    """What inference hands over."""

    alpha: npt.NDArray[np.uint16]
    left: int
    top: int
    score: float = 0.9


def soft_disc(side: int, softness: float = 6.0) -> npt.NDArray[np.uint16]:
    """A disc with a soft edge that reaches 0 inside its square."""
    grid = np.arange(side) - (side - 1) / 2
    distance = np.hypot(grid[:, None], grid[None, :])
    alpha = np.clip((side / 2 - 2 - distance) / softness, 0, 1)
    return np.asarray(np.rint(alpha * 65535), np.uint16)


def random_pixels(height: int, width: int, dtype: Any = np.uint8) -> npt.NDArray[Any]:
    """Smooth noise over the whole range, with a grain that no renderer may lose."""
    rng = np.random.default_rng(height * 1000 + width)
    top = np.iinfo(dtype).max
    ramp = np.linspace(0, 0.8, width)[None, :, None] * np.linspace(1, 0.5, height)[:, None, None]
    return np.asarray((ramp + rng.random((height, width, 3)) * 0.2) * top, dtype)


@pytest.fixture
def cache() -> RenderCache:
    return RenderCache()


@pytest.fixture
def make_document() -> Callable[..., Document]:
    """Return a maker of documents with two overlapping people and one apart."""

    def make(height: int = 300, width: int = 400, dtype: Any = np.uint8) -> Document:
        photo = Photo(random_pixels(height, width, dtype), icc=SRGB)
        left = soft_disc(120)
        # The neighbour gets no more than the first person leaves: alphas sum to at most 1.
        right = soft_disc(120)
        right[:, :40] = np.minimum(right[:, :40], 65535 - left[:, 80:])
        people = [Found(right, 180, 60), Found(left, 100, 60), Found(soft_disc(90), 300, 200)]
        return add_person_layers(Document.for_photo(photo), people)

    return make
