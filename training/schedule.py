"""Learning rate over a run: linear warm-up, then cosine to a hundredth."""

from __future__ import annotations

import math

FINAL_SHARE = 0.01


def rate_factor(step: int, warmup_steps: int, progress: float) -> float:
    """Return the factor on the peak rate.

    Args:
        step: Steps taken so far.
        warmup_steps: Length of the linear warm-up.
        progress: Share of the run that is over, 0..1.
    """
    warm = min(1.0, (step + 1) / max(1, warmup_steps))
    return warm * (FINAL_SHARE + (1 - FINAL_SHARE) * (0.5 + 0.5 * math.cos(math.pi * progress)))
