"""What the libraries let out on damaged files."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import cv2
from PIL import Image

# Found by cutting files and flipping bits in them.
DECODING_ERRORS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
    cv2.error,
    Image.DecompressionBombError,
)
"""Exceptions of a decoder that mean: the file is damaged."""


@contextmanager
def ignored_warnings() -> Iterator[None]:
    """Keep warnings about odd metadata from the user's terminal; real damage raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
