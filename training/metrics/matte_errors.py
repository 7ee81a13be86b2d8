"""Measure one matte against the true one: SAD, MSE, MAD, Grad and Conn.

Reference: Rhemann et al., "A Perceptually Motivated Online Benchmark for Image Matting",
CVPR 2009, section 4. SAD, Grad and Conn are given in thousands, as is usual.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.metrics.arrays import Mask, Matte

GRADIENT_SIGMA = 1.4
CONNECTIVITY_STEP = 0.1
CONNECTIVITY_TOLERANCE = 0.15
"""A pixel may lie this far above the level that connects it (theta of Rhemann et al.)."""


@dataclass(frozen=True, slots=True)
class MatteErrors:
    """Hold the errors of one matte.

    Attributes:
        sad: sum of |a - g| / 1000.
        mse: mean of (a - g)².
        mad: mean of |a - g|.
        grad: sum of (|∇a| - |∇g|)² / 1000.
        conn: sum of the differences in connectivity / 1000.
    """

    sad: float
    mse: float
    mad: float
    grad: float
    conn: float


def measure_matte(alpha: Matte, truth: Matte, band: Mask | None = None) -> MatteErrors:
    """Measure a matte against the true one, everywhere or in a band.

    Args:
        alpha: matte [H, W] in 0..1.
        truth: true matte [H, W] in 0..1.
        band: where to measure [H, W]; None means everywhere.

    Returns:
        The errors; all 0 for an empty band.

    Raises:
        ValueError: the mattes differ in size.
    """
    if alpha.shape != truth.shape:
        raise ValueError(f"mattes differ in size: {alpha.shape} and {truth.shape}")
    where = np.ones(truth.shape, bool) if band is None else band
    difference = (alpha - truth)[where].astype(np.float64)
    pixels = max(difference.size, 1)
    return MatteErrors(
        sad=float(np.abs(difference).sum()) / 1000,
        mse=float(np.square(difference).sum()) / pixels,
        mad=float(np.abs(difference).sum()) / pixels,
        grad=float(gradient_error_map(alpha, truth)[where].sum(dtype=np.float64)) / 1000,
        conn=float(connectivity_error_map(alpha, truth)[where].sum(dtype=np.float64)) / 1000,
    )


def unknown_band(truth: Matte, margin_px: int = 7) -> Mask:
    """Mark the soft pixels of a true matte [H, W] and `margin_px` round them."""
    is_soft = ((truth > 0.02) & (truth < 0.98)).astype(np.uint8)
    side = 2 * margin_px + 1
    return cv2.dilate(is_soft, np.ones((side, side), np.uint8)).astype(bool)


def gradient_error_map(alpha: Matte, truth: Matte) -> Matte:
    """Square the difference of the two gradient magnitudes at every pixel [H, W]."""
    error: Matte = np.square(gradient_magnitude(alpha) - gradient_magnitude(truth))
    return error


def gradient_magnitude(alpha: Matte, sigma: float = GRADIENT_SIGMA) -> Matte:
    """Filter a matte [H, W] with first-order Gaussian derivatives and take the magnitude.

    The kernels have unit energy (their squares sum to 1), the convention of the benchmark.
    """
    smooth, derivative = _gaussian_kernels(sigma)
    across = cv2.sepFilter2D(alpha, cv2.CV_32F, derivative, smooth, borderType=cv2.BORDER_REPLICATE)
    down = cv2.sepFilter2D(alpha, cv2.CV_32F, smooth, derivative, borderType=cv2.BORDER_REPLICATE)
    return np.hypot(across, down).astype(np.float32)


def _gaussian_kernels(sigma: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a Gaussian and its derivative, each of unit energy, cut where they fall below 1 %."""
    # At radius r the Gaussian is exp(-r² / 2 sigma²) of its peak: .01 at r = sigma sqrt(2 ln 100).
    radius = int(np.ceil(sigma * np.sqrt(2 * np.log(100))))
    x = np.arange(-radius, radius + 1, dtype=np.float64)
    smooth = np.exp(-np.square(x) / (2 * sigma**2))
    derivative = x * smooth
    return smooth / np.linalg.norm(smooth), derivative / np.linalg.norm(derivative)


def connectivity_error_map(alpha: Matte, truth: Matte) -> Matte:
    """Compare how well each pixel hangs together with the body in both mattes [H, W]."""
    level = _connected_levels(np.minimum(alpha, truth))
    error: Matte = np.abs(_connectivity(alpha, level) - _connectivity(truth, level))
    return error


def _connectivity(alpha: Matte, level: Matte) -> Matte:
    above = alpha - level
    return (1 - above * (above >= CONNECTIVITY_TOLERANCE)).astype(np.float32)


def _connected_levels(common: Matte) -> Matte:
    """Find the highest level at which each pixel still touches the largest common region."""
    level = np.full(common.shape, -1, np.float32)
    steps = round(1 / CONNECTIVITY_STEP)
    for step in range(1, steps + 1):
        body = _largest_region(common >= step * CONNECTIVITY_STEP)
        level[(level < 0) & ~body] = (step - 1) * CONNECTIVITY_STEP
    level[level < 0] = 1
    return level


def _largest_region(mask: Mask) -> Mask:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=4
    )
    if count < 2:
        return np.zeros(mask.shape, bool)
    return np.asarray(labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()))
