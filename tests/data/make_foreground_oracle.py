"""Make foreground_oracle.npz: a scene with known F, B and alpha, and pymatting's estimate of F.

pymatting compiles for a minute when it is first imported, so that the tests read its answer from
this file. Run ``python tests/data/make_foreground_oracle.py`` with pymatting 1.1.16 installed.
"""

from pathlib import Path

import cv2
import numpy as np
from pymatting import estimate_foreground_ml

SIDE = 96


def main() -> None:
    """Draw strands of varying colour over a textured background and ask pymatting for F."""
    rng = np.random.default_rng(7)
    alpha = np.zeros((SIDE * 4, SIDE * 4), np.uint8)
    cv2.ellipse(alpha, (192, 230), (90, 110), 0, 0, 360, 255, -1)
    for angle in rng.uniform(-np.pi, 0, 70):
        start = (192 + 80 * np.cos(angle), 200 + 80 * np.sin(angle))
        end = (start[0] + 90 * np.cos(angle), start[1] + 70 * np.sin(angle) + 20)
        cv2.line(alpha, tuple(map(int, start)), tuple(map(int, end)), 255, 3, cv2.LINE_AA)
    alpha = cv2.resize(alpha, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    foreground = _texture(rng, (150, 90, 60))
    background = _texture(rng, (60, 140, 190))
    share = alpha[:, :, None] / 255
    image = np.rint(share * foreground + (1 - share) * background).astype(np.uint8)
    estimate = estimate_foreground_ml(image / 255, alpha / 255)
    np.savez_compressed(
        Path(__file__).with_name("foreground_oracle.npz"),
        image=image,
        alpha=alpha,
        foreground=foreground,
        pymatting=np.rint(estimate * 255).astype(np.uint8),
    )


def _texture(rng: np.random.Generator, color: tuple[int, int, int]) -> np.ndarray:
    """Return smooth noise around a colour."""
    noise = cv2.resize(rng.normal(0, 60, (12, 12, 3)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.clip(np.asarray(color) + noise, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
