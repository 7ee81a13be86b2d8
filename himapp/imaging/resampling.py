"""Resize pictures and mattes, and bring a small matte to the photo's size along its edges."""

from typing import Final, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from himapp.imaging.photo import PixelArray

FloatArray = npt.NDArray[np.float32]
Pixel = TypeVar("Pixel", bound=np.uint8 | np.uint16 | np.float32)

_STRIP_ROWS: Final = 64
# Half a step of the 16-bit mattes: what is nearer to 0 or 1 than that is 0 or 1.
_SNAP: Final = np.float32(0.5 / 65535)
# Measured on rendered portraits with exact mattes, enlarged 3 to 6 times: mean error in the soft
# band 0.023 to 0.036 against 0.050 to 0.086 of linear enlarging; 0.037 to 0.061 with a grey guide.
_DEFAULT_RADIUS_PX: Final = 1
_DEFAULT_EPSILON: Final = 1e-4


def resize(pixels: npt.NDArray[Pixel], height: int, width: int) -> npt.NDArray[Pixel]:
    """Resize a picture: means of areas where it shrinks, Lanczos where it grows.

    Args:
        pixels: ``[H, W]`` or ``[H, W, C]``, C up to 4, uint8, uint16 or float32 in 0..1.
        height: New height in pixels.
        width: New width in pixels.

    Returns:
        The picture in its own type, never beyond the type's (or 0..1's) range.

    Raises:
        ValueError: A size is below 1.
    """
    return _resize(pixels, height, width, cv2.INTER_LANCZOS4)


def resize_matte(matte: npt.NDArray[Pixel], height: int, width: int) -> npt.NDArray[Pixel]:
    """Resize a matte: means of areas where it shrinks, linear where it grows.

    Unlike :func:`resize` this makes no overshoot, so that mattes which sum to at most 1 still do
    (but for rounding), and what is 0 or 1 all around stays so.

    Args:
        matte: ``[H, W]`` uint8, uint16 or float32 in 0..1.
        height: New height in pixels.
        width: New width in pixels.

    Raises:
        ValueError: A size is below 1.
    """
    return _resize(matte, height, width, cv2.INTER_LINEAR)


def guided_upsample(
    guide: PixelArray,
    alpha_small: FloatArray,
    *,
    radius_px: int = _DEFAULT_RADIUS_PX,
    epsilon: float = _DEFAULT_EPSILON,
) -> FloatArray:
    """Bring a small matte to the guide's size, its edges drawn along the guide's.

    Around each small pixel alpha is fitted as a linear function of the guide's colour; the
    functions are smoothed, enlarged and applied to the full guide. All three colours take part:
    grey alone loses edges between colours of equal lightness.

    Args:
        guide: ``[H, W, 3]`` uint8 or uint16, the photo's crop.
        alpha_small: ``[h, w]`` float32 in 0..1 that covers the same field as the guide.
        radius_px: Half the side of the windows, in small pixels.
        epsilon: How little contrast (variance of values in 0..1) counts as none.

    Returns:
        ``[H, W]`` float32 in 0..1. Exactly 0 or 1 where all small pixels within two windows are.

    Raises:
        ValueError: The guide is no RGB picture, or the matte or a parameter is out of range.

    Reference:
        He, Sun: Fast Guided Filter, arXiv:1505.00996, algorithm 2; the colour guide is equations
        19 and 20 of He, Sun, Tang: Guided Image Filtering, TPAMI 2013.
    """
    if guide.ndim != 3 or guide.shape[2] != 3:
        raise ValueError(f"the guide must be [H, W, 3], not {guide.shape}")
    if alpha_small.ndim != 2 or alpha_small.size == 0:
        raise ValueError(f"the matte must be [h, w], not {alpha_small.shape}")
    if radius_px < 1 or epsilon <= 0:
        raise ValueError(f"radius {radius_px} and epsilon {epsilon} must be positive")
    top = np.float32(np.iinfo(guide.dtype).max)
    small_guide = resize(guide, *alpha_small.shape).astype(np.float32) / top
    functions = _fit_functions(small_guide, alpha_small, radius_px, epsilon)
    functions[:3] /= top
    return _apply_functions(guide, functions)


def _resize(
    pixels: npt.NDArray[Pixel], height: int, width: int, enlarging: int
) -> npt.NDArray[Pixel]:
    """Shrink by areas first, then enlarge, each axis as it needs."""
    if height < 1 or width < 1:
        raise ValueError(f"cannot resize to {height} x {width}")
    small = (min(height, pixels.shape[0]), min(width, pixels.shape[1]))
    if small != pixels.shape[:2]:
        pixels = _run_resize(pixels, small, cv2.INTER_AREA)
    if small != (height, width):
        pixels = _run_resize(pixels, (height, width), enlarging)
    return pixels


def _run_resize(
    pixels: npt.NDArray[Pixel], size: tuple[int, int], method: int
) -> npt.NDArray[Pixel]:
    """Resize with OpenCV to (height, width), limiting float values to 0..1."""
    resized = cv2.resize(np.ascontiguousarray(pixels), size[::-1], interpolation=method)
    if pixels.dtype == np.float32:
        np.clip(resized, 0, 1, out=resized)
    return resized.astype(pixels.dtype, copy=False)


def _fit_functions(
    guide: FloatArray, alpha: FloatArray, radius_px: int, epsilon: float
) -> FloatArray:
    """Fit alpha ≈ a·colour + b in every window; returns the smoothed a and b, ``[4, h, w]``."""
    side = 2 * radius_px + 1
    planes = [np.ascontiguousarray(guide[:, :, channel]) for channel in range(3)]
    means = [_mean(plane, side) for plane in planes]
    mean_alpha = _mean(alpha, side)
    pulls = [
        _mean(plane * alpha, side) - mean * mean_alpha
        for plane, mean in zip(planes, means, strict=True)
    ]
    slopes = _solve_symmetric(_variances(planes, means, side, epsilon), pulls)
    offset = mean_alpha - sum(a * mean for a, mean in zip(slopes, means, strict=True))
    functions = np.stack([*slopes, offset])
    _keep_constant(functions, alpha, side)
    return np.stack([_mean(plane, side) for plane in functions])


def _mean(values: FloatArray, side: int) -> FloatArray:
    """Return the mean over the square window around each pixel, mirrored at the borders."""
    blurred = cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT)
    return blurred.astype(np.float32, copy=False)


def _variances(
    planes: list[FloatArray], means: list[FloatArray], side: int, epsilon: float
) -> list[FloatArray]:
    """Return the upper triangle rr, rg, rb, gg, gb, bb of the colours' regularised covariance."""
    pairs = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    return [
        _mean(planes[i] * planes[j], side) - means[i] * means[j] + np.float32(epsilon * (i == j))
        for i, j in pairs
    ]


def _solve_symmetric(matrix: list[FloatArray], right: list[FloatArray]) -> list[FloatArray]:
    """Solve a symmetric 3 x 3 system at every pixel by cofactors.

    In double precision: with a small epsilon the determinant loses most of its digits.
    """
    rr, rg, rb, gg, gb, bb = (plane.astype(np.float64) for plane in matrix)
    x, y, z = right
    c_rr, c_rg, c_rb = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    c_gg, c_gb, c_bb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    scale = 1 / (rr * c_rr + rg * c_rg + rb * c_rb)
    rows = ((c_rr, c_rg, c_rb), (c_rg, c_gg, c_gb), (c_rb, c_gb, c_bb))
    return [((a * x + b * y + c * z) * scale).astype(np.float32) for a, b, c in rows]


def _keep_constant(functions: FloatArray, alpha: FloatArray, side: int) -> None:
    """Make the functions of windows with one single alpha that alpha, in place.

    Rounding would leave small slopes, which strong colours turn into visible speckles.
    """
    window = np.ones((side, side), np.uint8)
    constant = cv2.erode(alpha, window) == cv2.dilate(alpha, window)
    functions[:3, constant] = 0
    functions[3, constant] = alpha[constant]


def _apply_functions(guide: PixelArray, functions: FloatArray) -> FloatArray:
    """Enlarge the functions linearly and apply them, strip by strip to bound the memory."""
    height, width = guide.shape[:2]
    rows = functions.shape[1]
    wide = [cv2.resize(plane, (width, rows), interpolation=cv2.INTER_LINEAR) for plane in functions]
    alpha = np.empty((height, width), np.float32)
    for top in range(0, height, _STRIP_ROWS):
        strip = slice(top, min(top + _STRIP_ROWS, height))
        first, weights = _row_weights(strip, height, rows)
        a_r, a_g, a_b, b = (weights @ plane[first : first + weights.shape[1]] for plane in wide)
        colors = guide[strip]
        b += a_r * colors[:, :, 0]
        b += a_g * colors[:, :, 1]
        b += a_b * colors[:, :, 2]
        alpha[strip] = _limit(b)
    return alpha


def _row_weights(strip: slice, height: int, rows: int) -> tuple[int, FloatArray]:
    """Return linear interpolation of ``rows`` source rows to a strip of ``height`` rows.

    Returns:
        The first source row needed, and a matrix [strip rows, source rows needed].
    """
    at = (np.arange(strip.start, strip.stop) + 0.5) * (rows / height) - 0.5
    at = np.clip(at, 0, rows - 1)
    low = np.floor(at).astype(np.intp)
    high = np.minimum(low + 1, rows - 1)
    first = int(low[0])
    weights = np.zeros((at.size, int(high[-1]) - first + 1), np.float32)
    index = np.arange(at.size)
    weights[index, low - first] = 1 - (at - low)
    weights[index, high - first] += (at - low).astype(np.float32)
    return first, weights


def _limit(alpha: FloatArray) -> FloatArray:
    """Limit to 0..1 and pull in what rounding left next to 0 and 1."""
    alpha[alpha < _SNAP] = 0
    alpha[alpha > 1 - _SNAP] = 1
    return alpha
