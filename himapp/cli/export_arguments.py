"""The arguments of ``himapp export``: a preset, and single choices that go over it."""

import argparse
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

from himapp.document.export_names import check_template
from himapp.document.export_options import (
    Aspect,
    BitDepth,
    CodingOptions,
    Collision,
    Content,
    CropOptions,
    ExportOptions,
    ImageFormat,
    NamingOptions,
    SizeOptions,
)
from himapp.document.export_presets import find_preset
from himapp.errors import ExportError
from himapp.imaging.metadata import MetadataPolicy
from himapp.imaging.working_spaces import ColorSpace
from himapp.settings import load_settings

_Choices = TypeVar("_Choices", CropOptions, SizeOptions, CodingOptions, NamingOptions)
_MARGIN: Final = re.compile(r"(\d+(?:\.\d+)?)(%|px)?")
_COLOUR: Final = re.compile(r"#?([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.set_defaults(refuse=parser.error)
    add = parser.add_argument
    add(
        "projects", nargs="+", type=Path, metavar="PROJECT",
        help="a .himapp file, or a folder of them",
    )  # fmt: skip
    add("--out", required=True, type=Path, metavar="DIR", help="where files go")
    add("--photos", type=Path, metavar="DIR", help="where photos are that were moved")
    add("--preset", metavar="NAME", help="choices to start from, e.g. web-png or one of your own")
    add("--content", choices=get_args(Content), help="what to write (default: cut-out)")
    add("--format", choices=get_args(ImageFormat), help="kind of file (default: png)")
    add("--template", metavar="TEXT", help="file names, e.g. '{stem}-{person}-{index:02}'")
    add("--existing", choices=get_args(Collision), help="what to do with files that are there")
    add("--json", action="store_true", help="write one JSON document to stdout")
    pixels = parser.add_argument_group("pixels")
    add = pixels.add_argument
    add("--size", type=int, metavar="PX", help="longer side; smaller pictures stay as they are")
    add("--enlarge", action="store_true", help="enlarge smaller pictures to --size")
    add("--full-frame", action="store_true", help="do not crop to the person")
    add("--margin", type=_read_margin, metavar="N", help="around a person: 20 pixels, or 8%%")
    add("--aspect", choices=get_args(Aspect), help="shape of cropped files")
    add("--depth", choices=get_args(BitDepth), help="bits per channel")
    add("--color-space", choices=("keep", *get_args(ColorSpace)), help="keep or convert colours")
    add("--background", type=_read_colour, metavar="#RRGGBB", help="behind people in a JPEG, sRGB")
    add("--quality", type=int, metavar="N", help="1 to 100; makes a WebP lossy")
    add("--dpi", type=float, metavar="N", help="pixels per inch in print")
    add("--keep-colours", action="store_true", help="do not clean colours at soft edges")
    beside = parser.add_argument_group("beside the pixels")
    add = beside.add_argument
    add("--metadata", choices=get_args(MetadataPolicy), help="what of the photo's is kept")
    add("--zip", action="store_true", help="colour and alpha as two PNG files in a ZIP")
    add("--sidecar", action="store_true", help="a JSON file with each file's place in the photo")


def read_export_options(given: argparse.Namespace) -> ExportOptions:
    """Return the choices; what cannot be ends with the command's usage.

    Raises:
        SystemExit: a preset or a field is unknown, or two choices exclude each other.
    """
    try:
        check_template(given.template or "")
        start = ExportOptions()
        if given.preset is not None:
            start = find_preset(given.preset, load_settings().export_presets).options
        return _combine(start, given)
    except (ExportError, ValueError) as error:
        given.refuse(str(error))
        raise  # refuse has ended the process


def _combine(start: ExportOptions, given: argparse.Namespace) -> ExportOptions:
    """Lay single choices over a preset."""
    content = given.content or ("layered" if given.format == "psd" else start.content)
    image_format = given.format or _fitting_format(content, start.coding.image_format)
    coding = _over(
        start.coding,
        image_format=image_format,
        bit_depth=given.depth,
        quality=given.quality,
        is_lossless=False if given.quality is not None else None,
        color_space=given.color_space,
        metadata=given.metadata,
        background=given.background,
    )
    size = _over(
        start.size,
        longer_side_px=given.size,
        may_enlarge=given.enlarge or None,
        dpi=given.dpi,
    )
    return replace(
        start,
        content=content,
        is_decontaminated=start.is_decontaminated and not given.keep_colours,
        is_zipped=start.is_zipped or given.zip,
        crop=_read_crop(start.crop, given),
        size=size,
        coding=coding,
        naming=_read_naming(start.naming, given),
    )


def _fitting_format(content: Content, image_format: ImageFormat) -> ImageFormat:
    """Return the format of a preset, or the one that another content asks for."""
    if content == "layered":
        return "psd"
    return "png" if image_format == "psd" else image_format


def _read_crop(start: CropOptions, given: argparse.Namespace) -> CropOptions:
    margin, unit = given.margin or (None, None)
    is_cropped = False if given.full_frame else None
    return _over(start, is_cropped=is_cropped, margin=margin, margin_unit=unit, aspect=given.aspect)


def _read_naming(start: NamingOptions, given: argparse.Namespace) -> NamingOptions:
    return _over(
        start,
        template=given.template,
        collision=given.existing,
        has_sidecar=given.sidecar or None,
    )


def _over(start: _Choices, **choices: Any) -> _Choices:
    """Replace what was chosen; None leaves what is there."""
    return replace(start, **{name: value for name, value in choices.items() if value is not None})


def _read_margin(text: str) -> tuple[float, str]:
    match = _MARGIN.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"“{text}” is no margin: write 20 for pixels, or 8%")
    return float(match[1]), "percent" if match[2] == "%" else "px"


def _read_colour(text: str) -> tuple[int, ...]:
    match = _COLOUR.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"“{text}” is no colour: write it as #FFFFFF")
    return tuple(int(part, 16) for part in match.groups())
