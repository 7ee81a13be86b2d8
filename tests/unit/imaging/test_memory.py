import cv2
import numpy as np
import pytest

from himapp.imaging.memory import memory_errors

BEYOND_ANY_MEMORY = (30_000_000, 30_000_000)


def test_opencv_without_memory_is_a_memory_error() -> None:
    with pytest.raises(MemoryError, match="allocate"), memory_errors():
        cv2.resize(np.zeros((2, 2, 3), np.uint8), BEYOND_ANY_MEMORY)


def test_other_errors_of_opencv_stay_what_they_are() -> None:
    with pytest.raises(cv2.error, match="empty"), memory_errors():
        cv2.resize(np.zeros((0, 0), np.uint8), (1, 1))


def test_a_function_can_be_marked() -> None:
    @memory_errors()
    def enlarge() -> None:
        cv2.resize(np.zeros((2, 2, 3), np.uint8), BEYOND_ANY_MEMORY)

    for _ in range(2):
        with pytest.raises(MemoryError):
            enlarge()
