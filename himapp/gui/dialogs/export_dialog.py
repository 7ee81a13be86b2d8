"""Ask what to export and where to, and show which files that makes."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from himapp.document.document import Document
from himapp.document.export_plan import Content, ExportOptions, PlannedFile, plan_export
from himapp.gui import theme
from himapp.gui.dialogs import files
from himapp.gui.exporting import ExportRequest

_CONTENTS: Final[tuple[tuple[Content, str], ...]] = (
    ("cut-out", "Each person, cut out"),
    ("matte", "Each person's matte"),
    ("composite", "The picture"),
)
_MARGIN_LIMIT_PX = 10_000
_WIDTH = 576
_PREVIEW_ROWS = 5


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What the dialog shows first.

    Attributes:
        options: the last choices.
        folder: the folder proposed.
        selected: ids of the selected people, whom "only the selected" means.
    """

    options: ExportOptions
    folder: Path
    selected: tuple[int, ...] = ()


class ExportDialog(QDialog):
    """Holds the choices; nothing is written here."""

    def __init__(self, document: Document, wish: ExportWish, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._wish = wish
        self.contents: dict[Content, QRadioButton] = {}
        self.people_box = QComboBox()
        self.format_box = QComboBox()
        self.cropped_box = QCheckBox("Crop to the person, with a margin of")
        self.margin_box = QSpinBox()
        self.prefix_field = QLineEdit()
        self.folder_field = QLineEdit()
        self.browse_button = QPushButton("Browse…")
        self.replace_box = QCheckBox("Replace files of the same name")
        self.preview = QListWidget()
        self.summary = QLabel()
        self.buttons = QDialogButtonBox()
        self._build()
        self._show_wish()
        self._connect()
        self._refresh()

    @property
    def request(self) -> ExportRequest:
        """What the user chose."""
        folder = os.path.expanduser(self.folder_field.text().strip())
        return ExportRequest(self._options(), Path(folder))

    def _build(self) -> None:
        self.setWindowTitle("Export")
        self.setMinimumWidth(_WIDTH)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.addRow("What", self._make_contents())
        form.addRow("People", self.people_box)
        form.addRow("Format", self.format_box)
        form.addRow("", _in_row(self.cropped_box, self.margin_box))
        form.addRow("Folder", _in_row(self.folder_field, self.browse_button, stretch=0))
        form.addRow("Names begin with", self.prefix_field)
        form.addRow("", self.replace_box)
        form.addRow("Files", self.preview)
        form.addRow("", self.summary)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(16)
        column.addLayout(form)
        column.addWidget(self.buttons)
        self._fill()
        self._brighten_boxes()

    def _brighten_boxes(self) -> None:
        """Let empty boxes be seen: on this dark window Fusion's are darker still."""
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, theme.BUTTON.lighter(150))
        for box in (*self.contents.values(), self.cropped_box, self.replace_box):
            box.setPalette(palette)

    def _make_contents(self) -> QWidget:
        group = QButtonGroup(self)
        for content, words in _CONTENTS:
            self.contents[content] = QRadioButton(words)
            group.addButton(self.contents[content])
        return _in_column(*self.contents.values())

    def _fill(self) -> None:
        self.people_box.addItem("Everybody who is shown", False)
        self.people_box.addItem(f"Only the selected ({len(self._wish.selected)})", True)
        self.people_box.setEnabled(bool(self._wish.selected))
        self.format_box.addItem("PNG, with transparency", "png")
        self.format_box.addItem("JPEG, over white", "jpeg")
        self.margin_box.setRange(0, _MARGIN_LIMIT_PX)
        self.margin_box.setSuffix(" px")
        self.preview.setFixedHeight(
            _PREVIEW_ROWS * (self.preview.fontMetrics().height() + 4)
            + 2 * self.preview.frameWidth()
        )
        self.preview.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.preview.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.preview.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        role = QDialogButtonBox.StandardButton
        self.buttons.setStandardButtons(role.Ok | role.Cancel)
        self.export_button = self.buttons.button(role.Ok)
        self.export_button.setText("Export")

    def _show_wish(self) -> None:
        options = self._wish.options
        self.contents[options.content].setChecked(True)
        self.people_box.setCurrentIndex(int(options.people is not None and bool(self._selected())))
        self.format_box.setCurrentIndex(int(options.image_format == "jpeg"))
        self.cropped_box.setChecked(options.is_cropped)
        self.margin_box.setValue(options.margin_px)
        self.prefix_field.setText(options.name_prefix)
        self.folder_field.setText(str(self._wish.folder))
        self.replace_box.setChecked(options.collision == "overwrite")

    def _connect(self) -> None:
        for button in (*self.contents.values(), self.cropped_box, self.replace_box):
            button.toggled.connect(self._refresh)
        for box in (self.people_box, self.format_box):
            box.currentIndexChanged.connect(self._refresh)
        self.margin_box.valueChanged.connect(self._refresh)
        for field in (self.prefix_field, self.folder_field):
            field.textChanged.connect(self._refresh)
        self.browse_button.clicked.connect(self._browse)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def _selected(self) -> tuple[int, ...]:
        return self._wish.selected

    def _content(self) -> Content:
        return next(content for content, button in self.contents.items() if button.isChecked())

    def _options(self) -> ExportOptions:
        content = self._content()
        is_picture = content == "composite"
        only_selected = bool(self.people_box.currentData()) and not is_picture
        return replace(
            self._wish.options,
            content=content,
            people=self._selected() if only_selected else None,
            is_cropped=self.cropped_box.isChecked(),
            margin_px=self.margin_box.value(),
            image_format=self.format_box.currentData() if is_picture else "png",
            name_prefix=self.prefix_field.text().strip(),
            collision="overwrite" if self.replace_box.isChecked() else "rename",
        )

    def _refresh(self) -> None:
        is_picture = self._content() == "composite"
        self.format_box.setEnabled(is_picture)
        self.people_box.setEnabled(not is_picture and bool(self._selected()))
        self.cropped_box.setEnabled(not is_picture)
        self.margin_box.setEnabled(not is_picture and self.cropped_box.isChecked())
        problem, plan = self._plan()
        self.preview.clear()
        self.preview.addItems([_describe_file(file) for file in plan])
        self.summary.setText(problem or ("1 file" if len(plan) == 1 else f"{len(plan)} files"))
        self.export_button.setEnabled(not problem)

    def _plan(self) -> tuple[str, tuple[PlannedFile, ...]]:
        """Return a sentence about what is wrong, or empty, and the files."""
        request = self.request
        if not self.folder_field.text().strip():
            return "Choose a folder.", ()
        if set(request.options.name_prefix) & set('/\\:*?"<>|'):
            return 'Names cannot hold / \\ : * ? " < > |', ()
        plan = plan_export(self._document, request.options, request.folder)
        return ("" if plan else "Nobody is shown: there is nothing to write."), plan

    def _browse(self) -> None:
        folder = files.ask_folder(self, "Export to", self.folder_field.text())
        if folder is not None:
            self.folder_field.setText(str(folder))


def _describe_file(file: PlannedFile) -> str:
    return f"{file.path.name}   {file.region.width} × {file.region.height}"


def _in_row(*widgets: QWidget, stretch: int = 1) -> QWidget:
    """Put widgets side by side; the first takes what is left if ``stretch`` is 0."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for widget in widgets:
        row.addWidget(widget)
    if stretch:
        row.addStretch(stretch)
    return holder


def _in_column(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    for widget in widgets:
        column.addWidget(widget)
    return holder
