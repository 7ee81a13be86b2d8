"""What a reader makes of a file: samples in the file's own colour model, and facts."""

from dataclasses import dataclass, field

from himapp.imaging.color_profiles import ColorModel
from himapp.imaging.photo import PixelArray


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Say what a file tells beside its pixels; None where it does not.

    Attributes:
        exif: TIFF structure without the lead ``Exif``, as the file has it.
        xmp: the XMP packet.
        iptc: IPTC-IIM records.
        dpi: pixels per inch.
        captured: ``YYYY:MM:DD HH:MM:SS``.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    dpi: float | None = None
    captured: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class DecodedFile:
    """Hold a decoded file before its colours are brought to a photo's.

    Attributes:
        samples: uint8 or uint16; ``[H, W]`` grey, ``[H, W, 3]`` RGB or Lab, ``[H, W, 4]`` CMYK
            (largest value: full ink). Lab at 8 bit: L 0..255, a and b + 128; at 16 bit: L
            0..65535, a and b 256 per unit + 32768.
        model: what the samples mean.
        source_mode: Pillow's name for the file's own mode.
        alpha: ``[H, W]`` of the samples' type; None for an opaque file.
        is_associated: whether the samples are already multiplied by alpha.
        orientation: the EXIF value the samples still have to be turned by.
        icc: the file's profile, whether it fits or not.
        facts: what else the file tells.
    """

    samples: PixelArray
    model: ColorModel
    source_mode: str
    alpha: PixelArray | None = None
    is_associated: bool = False
    orientation: int = 1
    icc: bytes | None = None
    facts: FileFacts = field(default_factory=FileFacts)
