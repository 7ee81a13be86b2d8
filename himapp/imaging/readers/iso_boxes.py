"""What the boxes of HEIC and AVIF files say that no library passes on."""

from typing import Final

from himapp.imaging.working_spaces import profile_of

_BOXES_BYTES: Final = 65536
"""The boxes that describe the picture stand at the start of the file."""

# ITU-T H.273: primaries SMPTE EG 432 (Display P3); transfer BT.709, unknown or sRGB.
_DISPLAY_P3: Final = 12
_SCREEN_CURVES: Final = (1, 2, 13)
_HIGH_BIT_DEPTH: Final = 0x40
_TWELVE_BIT: Final = 0x20


def find_profile(data: bytes) -> bytes | None:
    """Return the profile for colours that are named by number; None means sRGB or unknown.

    Reference:
        ISO 14496-12, 12.1.5: box ``colr`` of type ``nclx``; ITU-T H.273, 8.1 and 8.2.
    """
    at = data.find(b"colrnclx", 0, _BOXES_BYTES)
    if at < 0:
        return None
    primaries = int.from_bytes(data[at + 8 : at + 10], "big")
    curve = int.from_bytes(data[at + 10 : at + 12], "big")
    is_p3 = primaries == _DISPLAY_P3 and curve in _SCREEN_CURVES
    return profile_of("display-p3") if is_p3 else None


def find_avif_bits(data: bytes) -> int:
    """Return the bits per sample of an AVIF: 8, 10 or 12.

    Reference:
        AV1 Codec ISO Media File Format Binding, 2.3.3: box ``av1C``.
    """
    at = data.find(b"av1C", 0, _BOXES_BYTES)
    flags = data[at + 6] if 0 <= at < len(data) - 6 else 0
    if not flags & _HIGH_BIT_DEPTH:
        return 8
    return 12 if flags & _TWELVE_BIT else 10
