"""How large a photo may be: a fixed limit, and the memory that is free."""

import os
from pathlib import Path
from typing import Final

from himapp.errors import PhotoError

MAX_PIXELS: Final = 2**30
"""Pixels of the largest photo (1 gigapixel; OpenCV's decoders have the same limit)."""

MAX_FILE_BYTES: Final = 2**31 - 1
"""Bytes of the largest file (OpenCV counts the bytes of a buffer in 31 bits)."""

_MEMINFO: Final = Path("/proc/meminfo")
_RESULT_CHANNELS: Final = 6
"""Beside the stored samples: the RGB pixels, and a second time while they are turned upright."""


def available_memory() -> int | None:
    """Return the bytes a program may still take; None where the system does not say.

    Linux says what is free without swapping, other Unixes all there is.
    """
    try:
        for line in _MEMINFO.read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def pixel_bytes(channels: int, bits: int) -> int:
    """Return the bytes a pixel takes at the peak of reading.

    Args:
        channels: stored samples of a pixel, alpha included.
        bits: of a sample, as they lie in memory (8 or 16).
    """
    return (channels + _RESULT_CHANNELS) * ((bits + 7) // 8)


def check_size(name: str, width: int, height: int, bytes_per_pixel: int) -> None:
    """Refuse a photo that is too large, before it is decoded.

    Args:
        name: the file as the user sees it.
        width: of the stored picture, in pixels.
        height: likewise.
        bytes_per_pixel: memory at the peak of reading, see :func:`pixel_bytes`.

    Raises:
        PhotoError: the photo is over the limit, or needs more memory than is free.
        ValueError: a side is not positive.
    """
    if width < 1 or height < 1:
        raise ValueError(f"a photo of {width} × {height} pixels")
    if width * height > MAX_PIXELS:
        raise PhotoError(
            f"“{name}” has {width} × {height} pixels; photos up to 1 gigapixel can be opened."
        )
    needed, free = width * height * bytes_per_pixel, available_memory()
    if free is not None and needed > free:
        raise PhotoError(
            f"“{name}” ({width} × {height} pixels) needs {_say_bytes(needed)} of memory to open, "
            f"and {_say_bytes(free)} are free."
        )


def _say_bytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1_000_000_000 else f"{count / 1e6:.0f} MB"
