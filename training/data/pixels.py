"""Typed doors to OpenCV: arrays keep the type that they came with."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
Rgba = NDArray[np.uint8]
Plane = NDArray[np.uint8]
Random = np.random.Generator
Pixel = TypeVar("Pixel", np.uint8, np.float32)

_TO_RGB = {2: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}


def read_colour(path: Path) -> NDArray[np.uint8]:
    """Read RGB ``[H, W, 3]``, or RGBA ``[H, W, 4]`` where the file has alpha.

    Raises:
        FileNotFoundError: If there is no picture that can be read.
    """
    stored = _read(path, cv2.IMREAD_UNCHANGED)
    kind = stored.shape[2] if stored.ndim == 3 else 2
    return np.asarray(cv2.cvtColor(stored, _TO_RGB[kind]), np.uint8)


def read_plane(path: Path) -> Plane:
    """Read a grey picture ``[H, W]``.

    Raises:
        FileNotFoundError: If there is no picture that can be read.
    """
    return _read(path, cv2.IMREAD_GRAYSCALE)


def resize(pixels: NDArray[Pixel], width: int, height: int, method: int) -> NDArray[Pixel]:
    """Resize ``[h, w]`` or ``[h, w, C]`` by one of OpenCV's methods.

    A single channel loses its axis, which is OpenCV's habit.
    """
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=method), pixels.dtype)


def blur(picture: Rgb, sigma: float) -> Rgb:
    """Blur by a Gaussian of ``sigma`` pixels."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)


def unit_alpha(alpha: Plane) -> NDArray[np.float32]:
    """Turn alpha 0..255 into float32 0..1."""
    return alpha.astype(np.float32) / np.float32(255)


def _read(path: Path, mode: int) -> NDArray[np.uint8]:
    stored = cv2.imread(str(path), mode)
    if stored is None:
        raise FileNotFoundError(f"cannot read {path}")
    return np.asarray(stored, np.uint8)
