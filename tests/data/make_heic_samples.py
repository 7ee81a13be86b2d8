"""Make small_heic.npz: small HEIC and AVIF files that the program cannot write itself.

pillow-heif contains x265 (GPL) and imagecodecs half a hundred libraries, so that the tests read
this file instead. Run ``python tests/data/make_heic_samples.py`` with both installed. Every photo
is the upright scene of :func:`draw`, and is to be read back as that.
"""

import io
from pathlib import Path

import imagecodecs
import numpy as np
import pillow_heif
from PIL import Image, ImageCms

HEIGHT, WIDTH = 32, 48
STORED_TURNED = {6: 1, 3: 2, 8: 3}
"""Quarter turns to the left that a camera's stored picture has, by EXIF orientation."""


def draw(top: int) -> np.ndarray:
    """Return four flat quarters, each of another colour: they survive any encoder."""
    quarters = np.array([[[1, 0.25, 0], [0, 0.75, 0.5]], [[0.25, 0.25, 1], [0.9, 0.9, 0.9]]])
    scene = np.kron(quarters, np.ones((HEIGHT // 2, WIDTH // 2, 1)))
    return np.rint(scene * top).astype(np.uint8 if top == 255 else np.uint16)


def encode_heic(mode: str, pixels: np.ndarray, **options: object) -> np.ndarray:
    height, width = pixels.shape[:2]
    photo = pillow_heif.from_bytes(mode, (width, height), np.ascontiguousarray(pixels).tobytes())
    buffer = io.BytesIO()
    photo.save(buffer, quality=90, chroma=444, **options)
    return np.frombuffer(buffer.getvalue(), np.uint8)


def encode_turned(orientation: int) -> np.ndarray:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Maker"
    exif[0x8769] = {0x9003: "2024:05:06 07:08:09"}
    stored = np.rot90(draw(255), STORED_TURNED[orientation])
    buffer = io.BytesIO()
    pillow_heif.register_heif_opener()
    Image.fromarray(np.ascontiguousarray(stored)).save(
        buffer, "HEIF", quality=90, chroma=444, exif=exif.tobytes(), xmp=b"<x:xmpmeta/>"
    )
    return np.frombuffer(buffer.getvalue(), np.uint8)


def main() -> None:
    """Encode every kind and write the file."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    half = np.full((HEIGHT, WIDTH, 1), 128, np.uint8)
    deep = draw(1023) << np.uint16(6)
    files = {
        "plain.heic": encode_heic("RGB", draw(255), icc_profile=profile),
        "alpha.heic": encode_heic("RGBA", np.dstack([draw(255), half])),
        "grey.heic": encode_heic("L", draw(255)[:, :, 1]),
        "ten_bit.heic": encode_heic("RGB;16", deep),
        **{f"turned_{each}.heic": encode_turned(each) for each in STORED_TURNED},
        "ten_bit.avif": encode_avif(10),
        "twelve_bit.avif": encode_avif(12),
    }
    np.savez_compressed(Path(__file__).with_name("small_heic.npz"), **files)


def encode_avif(bits: int) -> np.ndarray:
    data = imagecodecs.avif_encode(draw(2**bits - 1), level=95, bitspersample=bits)
    return np.frombuffer(data, np.uint8)


if __name__ == "__main__":
    main()
