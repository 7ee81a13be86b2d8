"""One error for too little memory, whoever asked for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import cv2

_OPENCV_WORDS: Final = "Insufficient memory"
"""OpenCV keeps an error's code with the class, where another thread's error changes it."""


@contextmanager
def memory_errors() -> Iterator[None]:
    """Turn OpenCV's own error for too little memory into Python's; also to mark functions with.

    Raises:
        MemoryError: OpenCV had too little memory; all its other errors stay what they are.
    """
    try:
        yield
    except cv2.error as error:
        if _OPENCV_WORDS not in str(error):
            raise
        raise MemoryError(str(error)) from error
