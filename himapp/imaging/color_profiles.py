"""Which colour model a profile describes."""

from typing import Final, Literal

ColorModel = Literal["RGB", "GRAY", "CMYK", "Lab"]
_MODELS: Final[dict[bytes, ColorModel]] = {
    b"RGB ": "RGB",
    b"GRAY": "GRAY",
    b"CMYK": "CMYK",
    b"Lab ": "Lab",
}
_HEADER_BYTES: Final = 128


def color_model(icc: bytes | None) -> ColorModel | None:
    """Return the colour model a profile describes; None for no, damaged or other profiles.

    Reference:
        ICC.1:2022, 7.2: data colour space at bytes 16-19, signature ``acsp`` at 36-39.
    """
    if icc is None or len(icc) < _HEADER_BYTES or icc[36:40] != b"acsp":
        return None
    return _MODELS.get(icc[16:20])
