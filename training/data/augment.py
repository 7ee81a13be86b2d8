"""Changes of colour and quality that keep the geometry; every array is uint8 RGB."""

from __future__ import annotations

import cv2
import numpy as np

from training.data.pixels import Random, Rgb, blur, resize


def jitter_colour(picture: Rgb, rng: Random) -> Rgb:
    """Change exposure, white balance, contrast, saturation and gamma at random."""
    x = picture.astype(np.float32) * rng.uniform(0.7, 1.35)
    if rng.random() < 0.8:
        x *= rng.uniform(0.9, 1.1, 3).astype(np.float32)
    if rng.random() < 0.5:
        mean = x.mean()
        x = (x - mean) * rng.uniform(0.75, 1.3) + mean
    if rng.random() < 0.3:
        grey = x.mean(2, keepdims=True)
        x = grey + (x - grey) * rng.uniform(0, 1.6)
    x = np.clip(x, 0, 255)
    if rng.random() < 0.2:
        x = 255 * (x / 255) ** rng.uniform(0.7, 1.4)
    return np.asarray(x, np.uint8)


def match_light(person: Rgb, background: Rgb, rng: Random) -> Rgb:
    """Move a person's mean colour and contrast part of the way to the background's."""
    own, other = person.astype(np.float32), background.reshape(-1, 3).astype(np.float32)
    mean, spread = own.mean((0, 1)), own.std() + 1
    share = rng.uniform(0.1, 0.6)
    gain = (1 - share) + share * np.clip((other.std() + 1) / spread, 0.6, 1.5)
    moved = (own - mean) * gain + mean + share * (other.mean(0) - mean)
    return np.asarray(np.clip(moved, 0, 255), np.uint8)


def degrade(picture: Rgb, rng: Random) -> Rgb:
    """Blur, rescale, add noise, compress or remove colour, each now and then."""
    if rng.random() < 0.25:
        picture = blur(picture, rng.uniform(0.3, 1.5))
    if rng.random() < 0.1:
        picture = _rescale(picture, rng.uniform(0.4, 0.9))
    if rng.random() < 0.3:
        noise = rng.standard_normal(picture.shape, dtype=np.float32) * rng.uniform(1, 10)
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        picture = _compress(picture, int(rng.integers(40, 96)))
    if rng.random() < 0.05:
        picture = np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
    if rng.random() < 0.1:
        picture = _vignette(picture, rng.uniform(0.2, 0.6))
    return picture


def _rescale(picture: Rgb, scale: float) -> Rgb:
    height, width = picture.shape[:2]
    small = resize(picture, round(width * scale), round(height * scale), cv2.INTER_AREA)
    return resize(small, width, height, cv2.INTER_LINEAR)


def _compress(picture: Rgb, quality: int) -> Rgb:
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def _vignette(picture: Rgb, strength: float) -> Rgb:
    rows = np.linspace(-1, 1, picture.shape[0], dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, picture.shape[1], dtype=np.float32)[None]
    falloff = 1 - strength * (rows**2 + columns**2) / 2
    return (picture * falloff[..., None]).astype(np.uint8)
