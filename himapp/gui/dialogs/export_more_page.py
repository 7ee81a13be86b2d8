"""The rarer choices of an export: depth, colours, metadata, paper, and what goes beside files."""

from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QCheckBox, QFormLayout, QSpinBox

from himapp.document.export_options import (
    LARGEST_DPI,
    BitDepth,
    CodingOptions,
    ColorChoice,
    Content,
    ExportOptions,
    ImageFormat,
    explain_depth,
    explain_size,
    explain_zip,
)
from himapp.gui.dialogs.choice_box import ChoiceBox, allow
from himapp.gui.dialogs.rows import in_row
from himapp.gui.panels.colour_row import ColourRow, Rgb
from himapp.imaging.metadata import MetadataPolicy

_DEPTHS: Final[tuple[tuple[BitDepth, str], ...]] = (
    ("keep", "As in the photo"),
    ("8", "8 bit"),
    ("16", "16 bit"),
)
_SPACES: Final[tuple[tuple[ColorChoice, str], ...]] = (
    ("keep", "As in the photo"),
    ("srgb", "sRGB"),
    ("display-p3", "Display P3"),
    ("adobe-rgb", "Adobe RGB"),
)
_POLICIES: Final[tuple[tuple[MetadataPolicy, str], ...]] = (
    ("all", "All"),
    ("no-location", "All but location"),
    ("copyright", "Copyright only"),
    ("none", "None"),
)
_NO_LOSS: Final = "Only JPEG and WebP can lose quality."


class MorePage(QObject):
    """Rows of a form.

    Signals:
        changed: another choice was made.
    """

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.depth_box: ChoiceBox[BitDepth] = ChoiceBox(_DEPTHS)
        self.quality_box = QSpinBox()
        self.lossless_box = QCheckBox("Lossless")
        self.space_box: ChoiceBox[ColorChoice] = ChoiceBox(_SPACES)
        self.metadata_box: ChoiceBox[MetadataPolicy] = ChoiceBox(_POLICIES)
        self.dpi_box = QSpinBox()
        self.enlarge_box = QCheckBox("Enlarge what is smaller than that size")
        self.colour_row = ColourRow()
        self.clean_box = QCheckBox("Clean the background's colour out of soft edges")
        self.zip_box = QCheckBox("Colour and alpha apart, in a ZIP")
        self.sidecar_box = QCheckBox("A JSON file with each file's place in the photo")
        self._background: Rgb = (255, 255, 255)
        self._fill()
        self._connect()

    def _fill(self) -> None:
        self.quality_box.setRange(1, 100)
        self.dpi_box.setRange(0, LARGEST_DPI)
        self.dpi_box.setSpecialValueText("As in the photo")
        self.dpi_box.setSuffix(" pixels per inch")
        for widget, name in (
            (self.depth_box, "Bit depth"),
            (self.quality_box, "Quality"),
            (self.space_box, "Colour space"),
            (self.metadata_box, "Metadata"),
            (self.dpi_box, "Resolution in print"),
        ):
            widget.setAccessibleName(name)

    def add_to(self, form: QFormLayout) -> None:
        """Put the rows into a form."""
        form.addRow("Bit depth", self.depth_box)
        form.addRow("Quality", in_row(self.quality_box, self.lossless_box))
        form.addRow("Colour space", self.space_box)
        form.addRow("Behind a JPEG", self.colour_row)
        form.addRow("Metadata", self.metadata_box)
        form.addRow("Resolution", self.dpi_box)
        form.addRow("Size", self.enlarge_box)
        form.addRow("Edges", self.clean_box)
        form.addRow("", self.zip_box)
        form.addRow("Also", self.sidecar_box)

    def _connect(self) -> None:
        for box in (self.depth_box, self.space_box, self.metadata_box):
            box.currentIndexChanged.connect(self.changed)
        for spin in (self.quality_box, self.dpi_box):
            spin.valueChanged.connect(self.changed)
        for button in self.check_boxes:
            button.toggled.connect(self.changed)
        self.colour_row.chosen.connect(self._on_colour_chosen)

    @property
    def check_boxes(self) -> tuple[QCheckBox, ...]:
        """What can be ticked."""
        return (
            self.lossless_box,
            self.enlarge_box,
            self.clean_box,
            self.zip_box,
            self.sidecar_box,
        )

    def show_options(self, options: ExportOptions) -> None:
        """Show choices."""
        coding = options.coding
        self.depth_box.choose(coding.bit_depth)
        self.quality_box.setValue(coding.quality)
        self.lossless_box.setChecked(coding.is_lossless)
        self.space_box.choose(coding.color_space)
        self.metadata_box.choose(coding.metadata)
        self._background = coding.background
        self.colour_row.show_colour(coding.background)
        self.dpi_box.setValue(round(options.size.dpi or 0))
        self.enlarge_box.setChecked(options.size.may_enlarge)
        self.clean_box.setChecked(options.is_decontaminated)
        self.zip_box.setChecked(options.is_zipped)
        self.sidecar_box.setChecked(options.naming.has_sidecar)

    def read_coding(self, image_format: ImageFormat) -> CodingOptions:
        """Return the choices about bytes, for a format."""
        depth = self.depth_box.value
        return CodingOptions(
            image_format,
            depth if explain_depth(image_format, depth) is None else "keep",
            self.quality_box.value(),
            self.lossless_box.isChecked(),
            self.space_box.value,
            self.metadata_box.value,
            self._background,
        )

    def read_dpi(self) -> float | None:
        """Return pixels per inch; None keeps the photo's."""
        return float(self.dpi_box.value()) or None

    def allow_choices(self, content: Content, image_format: ImageFormat) -> None:
        """Let be chosen what content and format allow, and say why the rest does not."""
        self.depth_box.explain("16", explain_depth(image_format, "16"))
        is_webp, is_jpeg = image_format == "webp", image_format == "jpeg"
        allow(self.lossless_box, None if is_webp else "Only WebP can do both.")
        keeps_all = is_webp and self.lossless_box.isChecked()
        lossless = "A lossless WebP keeps every pixel." if keeps_all else None
        allow(self.quality_box, lossless if is_webp or is_jpeg else _NO_LOSS)
        allow(self.colour_row, None if is_jpeg else "Only a JPEG needs a colour behind people.")
        colourless = "A matte has no colours." if content == "matte" else None
        allow(self.space_box, colourless)
        allow(self.metadata_box, "A matte is no photo." if content == "matte" else None)
        allow(self.enlarge_box, explain_size(content))
        has_edges = content in ("cut-out", "layered")
        allow(self.clean_box, None if has_edges else "Only cut-outs and layers are cleaned.")
        allow(self.zip_box, explain_zip(content, image_format))

    def _on_colour_chosen(self, rgb: Rgb, is_final: bool) -> None:  # noqa: FBT001 - a Qt slot
        if is_final:
            self._background = rgb
            self.colour_row.show_colour(rgb)
            self.changed.emit()
