"""Name the array types that the metrics share."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Mask: TypeAlias = NDArray[np.bool_]
"""A binary mask [H, W], or a stack of them [N, H, W]."""

Matte: TypeAlias = NDArray[np.float32]
"""A soft matte [H, W] in 0..1, or a stack of them [N, H, W]."""

Table: TypeAlias = NDArray[np.float64]
"""A table of measured numbers, such as the IoU of every prediction with every person [K, N]."""
