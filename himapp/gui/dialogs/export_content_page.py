"""The common choices of an export: what, of whom, in which format, which part, how large."""

from typing import Final, Literal

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGridLayout,
    QRadioButton,
    QSpinBox,
    QWidget,
)

from himapp.document.export_options import (
    LARGEST_MARGIN,
    LARGEST_SIDE_PX,
    Aspect,
    Content,
    CropOptions,
    ExportOptions,
    ImageFormat,
    MarginUnit,
    explain_crop,
    explain_format,
    explain_size,
)
from himapp.gui.dialogs.choice_box import ChoiceBox, allow
from himapp.gui.dialogs.rows import in_row

CONTENTS: Final[tuple[tuple[Content, str], ...]] = (
    ("cut-out", "Each person, cut out"),
    ("matte", "Each person's matte"),
    ("composite", "The picture"),
    ("layered", "Everything as layers"),
)
_FORMATS: Final[tuple[tuple[ImageFormat, str], ...]] = (
    ("png", "PNG"),
    ("webp", "WebP"),
    ("tiff", "TIFF"),
    ("jpeg", "JPEG, on a background colour"),
    ("psd", "PSD, one layer per person"),
)
_UNITS: Final[tuple[tuple[MarginUnit, str], ...]] = (("px", "px"), ("percent", "%"))
_ASPECTS: Final[tuple[tuple[Aspect, str], ...]] = (
    ("free", "Any shape"),
    ("1:1", "1 : 1"),
    ("3:4", "3 : 4"),
    ("4:3", "4 : 3"),
    ("2:3", "2 : 3"),
    ("16:9", "16 : 9"),
)
_SIZES: Final[tuple[tuple[Literal["original", "longer"], str], ...]] = (
    ("original", "As in the photo"),
    ("longer", "Longer side"),
)
_FIRST_SIDE_PX: Final = 2048
_NOBODY: Final = "Nobody is in the list of people."


class ContentPage(QObject):
    """Rows of a form.

    Args:
        selected: ids of the people that "only the selected" means.
        has_people: whether there is anybody to cut out.

    Signals:
        changed: another choice was made.
    """

    changed = Signal()

    def __init__(self, selected: tuple[int, ...], *, has_people: bool, parent: QObject) -> None:
        super().__init__(parent)
        self._selected = selected
        self._has_people = has_people
        self.contents: dict[Content, QRadioButton] = {
            content: QRadioButton(words) for content, words in CONTENTS
        }
        self.people_box = QComboBox()
        self.format_box: ChoiceBox[ImageFormat] = ChoiceBox(_FORMATS)
        self.cropped_box = QCheckBox("To the person, margin")
        self.margin_box = QSpinBox()
        self.unit_box: ChoiceBox[MarginUnit] = ChoiceBox(_UNITS)
        self.aspect_box: ChoiceBox[Aspect] = ChoiceBox(_ASPECTS)
        self.size_box: ChoiceBox[Literal["original", "longer"]] = ChoiceBox(_SIZES)
        self.side_box = QSpinBox()
        self._image_format: ImageFormat = "png"
        self._fill()
        self._connect()

    def _fill(self) -> None:
        self.people_box.addItem("Everybody who is shown", False)
        self.people_box.addItem(f"Only the selected ({len(self._selected)})", True)
        self.margin_box.setRange(0, LARGEST_MARGIN)
        self.side_box.setRange(1, LARGEST_SIDE_PX)
        self.side_box.setSuffix(" px")
        self.side_box.setValue(_FIRST_SIDE_PX)
        for box, name in (
            (self.people_box, "People"),
            (self.format_box, "Format"),
            (self.margin_box, "Margin"),
            (self.unit_box, "Unit of the margin"),
            (self.aspect_box, "Shape"),
            (self.size_box, "Size"),
            (self.side_box, "Longer side"),
        ):
            box.setAccessibleName(name)

    def add_to(self, form: QFormLayout) -> None:
        """Put the rows into a form."""
        form.addRow("What", self._make_contents())
        form.addRow("People", self.people_box)
        form.addRow("Format", self.format_box)
        crop = in_row(self.cropped_box, self.margin_box, self.unit_box, self.aspect_box)
        form.addRow("Crop", crop)
        form.addRow("Size", in_row(self.size_box, self.side_box))

    def _make_contents(self) -> QWidget:
        group = QButtonGroup(self)
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        for index, button in enumerate(self.contents.values()):
            group.addButton(button)
            grid.addWidget(button, index % 2, index // 2)
        return holder

    def _connect(self) -> None:
        for button in self.contents.values():
            button.toggled.connect(self._on_content_toggled)
        self.format_box.activated.connect(self._on_format_chosen)
        self.cropped_box.toggled.connect(self.changed)
        for box in (self.people_box, self.format_box, self.unit_box, self.aspect_box):
            box.currentIndexChanged.connect(self.changed)
        self.size_box.currentIndexChanged.connect(self.changed)
        for spin in (self.margin_box, self.side_box):
            spin.valueChanged.connect(self.changed)

    @property
    def content(self) -> Content:
        """What is to be written."""
        return next(content for content, button in self.contents.items() if button.isChecked())

    def show_options(self, options: ExportOptions) -> None:
        """Show choices."""
        crop, side_px = options.crop, options.size.longer_side_px
        if options.coding.image_format != "psd":
            self._image_format = options.coding.image_format
        self.contents[options.content].setChecked(True)
        self.format_box.choose(options.coding.image_format)
        self.people_box.setCurrentIndex(int(options.people is not None and bool(self._selected)))
        self.cropped_box.setChecked(crop.is_cropped)
        self.margin_box.setValue(round(crop.margin))
        self.unit_box.choose(crop.margin_unit)
        self.aspect_box.choose(crop.aspect)
        self.size_box.choose("original" if side_px is None else "longer")
        if side_px is not None:
            self.side_box.setValue(side_px)

    def follow_people(self, *, has_people: bool) -> None:
        """Take over whether there is anybody to cut out."""
        self._has_people = has_people

    def read_crop(self) -> CropOptions:
        """Return the choices about the part of the photo."""
        return CropOptions(
            self.cropped_box.isChecked(),
            float(self.margin_box.value()),
            self.unit_box.value,
            self.aspect_box.value,
        )

    def read_side_px(self) -> int | None:
        """Return the longer side wanted; None for the photo's own pixels."""
        is_original = self.size_box.value == "original" or explain_size(self.content) is not None
        return None if is_original else self.side_box.value()

    def read_people(self) -> tuple[int, ...] | None:
        """Return whose files are wanted; None for everybody who is shown."""
        only_selected = bool(self.people_box.currentData()) and explain_crop(self.content) is None
        return self._selected if only_selected else None

    def allow_choices(self) -> None:
        """Let be chosen what the content allows, and say why the rest does not."""
        for content, button in self.contents.items():
            needs_people = content in ("cut-out", "matte")
            allow(button, _NOBODY if needs_people and not self._has_people else None)
        for image_format, _words in _FORMATS:
            self.format_box.explain(image_format, explain_format(self.content, image_format))
        whole, fixed = explain_crop(self.content), explain_size(self.content)
        unselected = None if self._selected else "Nobody is selected."
        allow(self.people_box, whole or unselected)
        allow(self.cropped_box, whole)
        uncropped = None if self.cropped_box.isChecked() else "The full frame has no margin."
        for box in (self.margin_box, self.unit_box, self.aspect_box):
            allow(box, whole or uncropped)
        allow(self.size_box, fixed)
        original = "Choose “Longer side” first." if self.size_box.value == "original" else None
        allow(self.side_box, fixed or original)

    def _on_content_toggled(self, is_on: bool) -> None:  # noqa: FBT001 - a Qt slot
        if not is_on:
            return
        # Layers are a PSD and nothing else is; the format of before comes back after them.
        is_layered = self.content == "layered"
        self.format_box.choose("psd" if is_layered else self._image_format)
        self.changed.emit()

    def _on_format_chosen(self) -> None:
        if self.format_box.value != "psd":
            self._image_format = self.format_box.value
