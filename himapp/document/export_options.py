"""What a user can choose about an export, as values; what cannot be chosen together, and why."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from himapp.imaging.metadata import MetadataPolicy
from himapp.imaging.working_spaces import ColorSpace

Content = Literal["cut-out", "matte", "composite", "layered"]
"""Each person alone, each person's alpha in grey, the picture, or one file of layers."""

ImageFormat = Literal["png", "webp", "tiff", "jpeg", "psd"]
BitDepth = Literal["keep", "8", "16"]
ColorChoice = Literal["keep"] | ColorSpace
Aspect = Literal["free", "1:1", "3:4", "4:3", "2:3", "16:9"]
MarginUnit = Literal["px", "percent"]
Collision = Literal["rename", "overwrite", "skip"]

LARGEST_SIDE_PX: Final = 100_000
"""A longer side beyond this is a slip of the keyboard."""

LARGEST_MARGIN: Final = 10_000
LARGEST_DPI: Final = 9_600

_FORMAT_NAMES: Final[dict[ImageFormat, str]] = {
    "png": "PNG",
    "webp": "WebP",
    "tiff": "TIFF",
    "jpeg": "JPEG",
    "psd": "PSD",
}
_EIGHT_BIT: Final = frozenset({"webp", "jpeg"})


@dataclass(frozen=True, slots=True)
class CropOptions:
    """Which part of the photo a person's file shows.

    Attributes:
        is_cropped: whether files are cropped to what can be seen of the person, or keep the full
            frame and every trace of the matte.
        margin: left around a cropped person, in ``margin_unit``.
        margin_unit: photo pixels, or percent of the person's longer side.
        aspect: width to height of a cropped file; what hangs over the photo is transparent.
    """

    is_cropped: bool = True
    margin: float = 0.0
    margin_unit: MarginUnit = "px"
    aspect: Aspect = "free"

    def __post_init__(self) -> None:
        if not 0 <= self.margin <= LARGEST_MARGIN:
            raise ValueError(f"margin must be 0 to {LARGEST_MARGIN}, not {self.margin}")


@dataclass(frozen=True, slots=True)
class SizeOptions:
    """How large a file's picture is.

    Attributes:
        longer_side_px: of the file; None leaves the photo's own pixels.
        may_enlarge: whether a smaller picture is enlarged to that.
        dpi: pixels per inch written into the file; None keeps what the photo says.
    """

    longer_side_px: int | None = None
    may_enlarge: bool = False
    dpi: float | None = None

    def __post_init__(self) -> None:
        side, dpi = self.longer_side_px, self.dpi
        if side is not None and not 1 <= side <= LARGEST_SIDE_PX:
            raise ValueError(f"longer_side_px must be 1 to {LARGEST_SIDE_PX}, not {side}")
        if dpi is not None and not 1 <= dpi <= LARGEST_DPI:
            raise ValueError(f"dpi must be 1 to {LARGEST_DPI}, not {dpi}")


@dataclass(frozen=True, slots=True)
class CodingOptions:
    """How pixels become bytes.

    Attributes:
        image_format: the kind of file.
        bit_depth: of the file; ``"keep"`` is the photo's, as far as the format can.
        quality: of JPEG and of WebP with losses, 1..100.
        is_lossless: whether a WebP keeps every pixel.
        color_space: the photo's own, or what colours are converted to.
        metadata: what is taken over of the photo's.
        background: red, green, blue, 0..255, in sRGB, so that presets mean the same colour for
            every photo: what a JPEG shows where the picture is transparent.
    """

    image_format: ImageFormat = "png"
    bit_depth: BitDepth = "keep"
    quality: int = 95
    is_lossless: bool = True
    color_space: ColorChoice = "keep"
    metadata: MetadataPolicy = "no-location"
    background: tuple[int, int, int] = (255, 255, 255)

    def __post_init__(self) -> None:
        if not 1 <= self.quality <= 100:
            raise ValueError(f"quality must be 1 to 100, not {self.quality}")
        if not all(0 <= value <= 255 for value in self.background):
            raise ValueError(f"background must be three values of 0..255, not {self.background}")


@dataclass(frozen=True, slots=True)
class NamingOptions:
    """What files are called.

    Attributes:
        template: see :mod:`himapp.document.export_names`; empty for the content's own.
        collision: take another name, replace the file that is there, or leave it and write
            nothing; the photo itself is never replaced.
        has_sidecar: whether a JSON file says which part of the photo each file shows.
    """

    template: str = ""
    collision: Collision = "rename"
    has_sidecar: bool = False


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What to write.

    Attributes:
        content: what the files show.
        people: ids of the people; None means everybody whose eye is on. For cut-outs and mattes.
        protected: files that are never replaced, beside those the document is made of: a project.
        taken: what other documents of the same run have in the folder; never given out again, so
            that files of one run neither replace nor skip each other.
        is_decontaminated: whether cut-outs and layers hold the people's own colours, cleaned of
            what shines through and going on a little under alpha 0; else the photo's colours.
        is_zipped: whether a cut-out is a ZIP of two PNG files, colour and alpha.
        crop: which part.
        size: how large.
        coding: which format and colours.
        naming: which names.
    """

    content: Content = "cut-out"
    people: tuple[int, ...] | None = None
    protected: tuple[Path, ...] = ()
    taken: tuple[Path, ...] = ()
    is_decontaminated: bool = True
    is_zipped: bool = False
    crop: CropOptions = field(default_factory=CropOptions)
    size: SizeOptions = field(default_factory=SizeOptions)
    coding: CodingOptions = field(default_factory=CodingOptions)
    naming: NamingOptions = field(default_factory=NamingOptions)

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ValueError: a sentence of ``explain_*`` in this module.
        """
        coding = self.coding
        for reason in (
            explain_format(self.content, coding.image_format),
            explain_depth(coding.image_format, coding.bit_depth),
            explain_zip(self.content, coding.image_format) if self.is_zipped else None,
            explain_size(self.content) if self.size.longer_side_px is not None else None,
        ):
            if reason is not None:
                raise ValueError(reason)


def explain_format(content: Content, image_format: ImageFormat) -> str | None:
    """Say why a content cannot have a format; None if it can."""
    if content == "layered" and image_format != "psd":
        return f"{_FORMAT_NAMES[image_format]} has no layers: only a PSD holds them."
    if content != "layered" and image_format == "psd":
        return "A PSD holds everybody as layers: choose layers as content."
    return None


def explain_depth(image_format: ImageFormat, bit_depth: BitDepth) -> str | None:
    """Say why a format cannot have a bit depth; None if it can."""
    if bit_depth == "16" and image_format in _EIGHT_BIT:
        return f"{_FORMAT_NAMES[image_format]} has 8 bit only."
    return None


def explain_zip(content: Content, image_format: ImageFormat) -> str | None:
    """Say why colour and alpha cannot go into a ZIP; None if they can."""
    if content != "cut-out":
        return "Only cut-outs have colour and alpha to part."
    if image_format != "png":
        return "Colour and alpha in a ZIP are two PNG files."
    return None


def explain_size(content: Content) -> str | None:
    """Say why a content cannot be made smaller or larger; None if it can."""
    if content == "layered":
        return "Layers keep the photo's size."
    return None


def explain_crop(content: Content) -> str | None:
    """Say why a content cannot be cropped to a person; None if it can."""
    if content in ("composite", "layered"):
        return "The whole picture is not cropped to a person."
    return None
