"""Take faint traces away that a matte leaves beside its person, on a neighbour's arm above all.

The people part every pixel among themselves, and the network is never quite sure: a limb of one
leaves a few per cent of itself in the mattes of those around. Such a piece hangs on nothing and is
nowhere solid. It goes, and whoever else holds the place gets what it took.
"""

import cv2
import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float32]
_Mask = npt.NDArray[np.bool_]

_VISIBLE = 0.04
"""Alpha from which pixels hang together: fainter haze does not tie a trace to the body."""
_SOLID = 0.5
_PLAIN = 0.15
"""The same where somebody else holds the place: haze does not tie an arm to a neighbour."""
_RIM_PX = 3
"""How far round a body its matte may fade out below what is visible."""


def drop_traces(alphas: _Floats) -> _Floats:
    """Return the mattes ``[K, h, w]`` without pieces that are nowhere solid.

    Where others mostly hold the place, they get the trace's alpha; sums never grow.
    """
    if not len(alphas):
        return alphas
    everybody = alphas.sum(0)
    kept = np.stack([_keep_bodies(alpha, everybody - alpha) for alpha in alphas])
    total = kept.sum(0)
    others = np.where(total > _SOLID, total, np.inf)
    kept *= 1 + np.maximum(everybody - total, 0) / others
    return kept


def _keep_bodies(alpha: _Floats, others: _Floats) -> _Floats:
    """Return a matte without what hangs on nothing solid; one that is solid nowhere as it is."""
    bodies, _ = _tell_apart(alpha, _VISIBLE)
    if not bodies.any():
        return alpha.copy()
    plain_bodies, pieces = _tell_apart(alpha, _PLAIN)
    on_others = np.bincount(pieces.ravel(), others.ravel()) > _SOLID * np.bincount(pieces.ravel())
    on_others[0] = False
    traces = on_others[pieces] & ~plain_bodies
    kept = _grow(bodies) & ~(_grow(traces) & ~_grow(plain_bodies))
    return np.where(kept, alpha, np.float32(0))


def _tell_apart(alpha: _Floats, least: float) -> tuple[_Mask, npt.NDArray[np.int32]]:
    """Return where what hangs together, from an alpha on, is solid somewhere; and all pieces."""
    _, found = cv2.connectedComponents((alpha > least).view(np.uint8), connectivity=8)
    pieces = np.asarray(found, np.int32)
    return np.isin(pieces, np.unique(pieces[alpha > _SOLID])), pieces


def _grow(mask: _Mask) -> _Mask:
    side = 2 * _RIM_PX + 1
    return cv2.dilate(mask.view(np.uint8), np.ones((side, side), np.uint8)).astype(np.bool_)
