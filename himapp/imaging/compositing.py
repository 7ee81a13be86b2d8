"""Combine colours through alpha, in float32 and with straight (unassociated) alpha.

Everything happens in the picture's own encoded colour space; round once, at the end, with
``bit_depth.from_float``.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Hold straight colours and their alpha.

    Attributes:
        color: ``[H, W, 3]`` float32 in 0..1, not multiplied by alpha.
        alpha: ``[H, W]`` float32 in 0..1.
    """

    color: FloatArray
    alpha: FloatArray

    def __post_init__(self) -> None:
        """Check the shapes.

        Raises:
            ValueError: Colour and alpha do not fit each other.
        """
        _check(self.color, self.alpha)


def composite(foreground: FloatArray, alpha: FloatArray, background: FloatArray) -> FloatArray:
    """Put a foreground over an opaque background: αF + (1-α)B.

    Args:
        foreground: ``[H, W, 3]`` float32 in 0..1, straight.
        alpha: ``[H, W]`` float32 in 0..1.
        background: ``[H, W, 3]`` float32 in 0..1.

    Returns:
        ``[H, W, 3]`` float32; exactly F where alpha is 1, exactly B where it is 0.

    Raises:
        ValueError: The shapes do not fit each other.
    """
    _check(foreground, alpha)
    _check(background, alpha)
    share = alpha[:, :, None]
    return share * foreground + (1 - share) * background


def over(top: Layer, bottom: Layer) -> Layer:
    """Put a layer over another that is behind it and independent of it.

    Raises:
        ValueError: The layers differ in size.

    Reference:
        Porter, Duff: Compositing Digital Images, SIGGRAPH 1984, operator *over*.
    """
    return _combine(top, bottom, bottom.alpha * (1 - top.alpha))


def disjoint_over(top: Layer, bottom: Layer) -> Layer:
    """Join layers that lie side by side: their alphas add, limited to 1.

    Two people in their places share an edge pixel half and half; *over* would cover it to three
    quarters only and let the background shine through as a seam.

    Raises:
        ValueError: The layers differ in size.

    Reference:
        X Rendering Extension, 2001, operator *DisjointOver*.
    """
    return _combine(top, bottom, np.minimum(bottom.alpha, 1 - top.alpha))


def _combine(top: Layer, bottom: Layer, visible_below: FloatArray) -> Layer:
    """Mix two layers by the shares that are seen of them."""
    if top.alpha.shape != bottom.alpha.shape:
        raise ValueError(f"layers of {top.alpha.shape} and {bottom.alpha.shape} do not fit")
    alpha = np.minimum(top.alpha + visible_below, 1)
    # A share of 1 takes the upper colour exactly; without any alpha the upper colour stays too.
    share = np.divide(top.alpha, alpha, out=np.ones_like(alpha), where=alpha > 0)[:, :, None]
    return Layer(share * top.color + (1 - share) * bottom.color, alpha)


def _check(color: FloatArray, alpha: FloatArray) -> None:
    """Refuse shapes that do not fit."""
    if alpha.ndim != 2 or color.shape != (*alpha.shape, 3):
        raise ValueError(f"colours {color.shape} do not fit alpha {alpha.shape}")
