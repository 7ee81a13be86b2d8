"""Ask what to export and where to, and show which files that makes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from himapp.document.document import Document
from himapp.document.export_options import (
    ExportOptions,
    NamingOptions,
    SizeOptions,
    explain_zip,
)
from himapp.document.export_plan import PlannedFile, plan_export
from himapp.document.export_sizes import describe_bytes, find_most_bytes
from himapp.errors import ExportError
from himapp.gui import theme
from himapp.gui.dialogs.export_content_page import ContentPage
from himapp.gui.dialogs.export_more_page import MorePage
from himapp.gui.dialogs.export_place_page import PlacePage
from himapp.gui.dialogs.export_preset_bar import PresetBar
from himapp.gui.dialogs.scrolled_page import ScrolledPage
from himapp.gui.exporting import ExportRequest

_WIDTH: Final = 560
_PREVIEW_ROWS: Final = 5
_FATES: Final = {"new": "", "replaced": "   replaces the file", "skipped": "   is there: skipped"}


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What the dialog shows first.

    Attributes:
        options: the last choices.
        folder: the folder proposed.
        selected: ids of the selected people, whom "only the selected" means.
        presets: the user's own presets, as the settings keep them.
        shows_more: whether the rarer choices are open.
    """

    options: ExportOptions
    folder: Path
    selected: tuple[int, ...] = ()
    presets: Mapping[str, Any] = field(default_factory=dict)
    shows_more: bool = False


class ExportDialog(QDialog):
    """Holds the choices; nothing is written here.

    Signals:
        presets_changed: ``(dict)``, the user's own presets as they are now.
    """

    presets_changed = Signal(object)

    def __init__(self, document: Document, wish: ExportWish, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._wish = wish
        self._is_showing = False
        self.preset_bar = PresetBar(wish.presets, self)
        self.content_page = ContentPage(
            wish.selected, has_people=bool(document.layers), parent=self
        )
        self.place_page = PlacePage(self)
        self.more_page = MorePage(self)
        self.more_button = QToolButton()
        self.preview = QListWidget()
        self.summary = QLabel()
        self.buttons = QDialogButtonBox()
        self._build()
        self.place_page.show_folder(wish.folder)
        self.show_options(wish.options)
        self._connect()

    @property
    def request(self) -> ExportRequest:
        """What the user chose."""
        folder = self.place_page.folder or Path()
        return ExportRequest(self.options, folder)

    @property
    def options(self) -> ExportOptions:
        """The choices; what the content does not allow is left out."""
        page, more, place = self.content_page, self.more_page, self.place_page
        image_format = page.format_box.value
        zips = more.zip_box.isChecked() and explain_zip(page.content, image_format) is None
        return ExportOptions(
            content=page.content,
            people=page.read_people(),
            protected=self._wish.options.protected,
            is_decontaminated=more.clean_box.isChecked(),
            is_zipped=zips,
            crop=page.read_crop(),
            size=SizeOptions(page.read_side_px(), more.enlarge_box.isChecked(), more.read_dpi()),
            coding=more.read_coding(image_format),
            naming=NamingOptions(
                place.template, place.collision_box.value, more.sidecar_box.isChecked()
            ),
        )

    def show_options(self, options: ExportOptions) -> None:
        """Show other choices; the folder stays."""
        self._is_showing = True
        self.content_page.show_options(options)
        self.more_page.show_options(options)
        self.place_page.show_options(options.naming, options.content)
        self._is_showing = False
        self._refresh()

    def show_document(self, document: Document) -> None:
        """Show what is written now that the document was edited; the choices stay."""
        self._document = document
        self.content_page.follow_people(has_people=bool(document.layers))
        self._refresh()

    # --- building ---------------------------------------------------------------------------

    def _build(self) -> None:
        self.setWindowTitle("Export")
        self._fill()
        common = _make_form()
        self.preset_bar.add_to(common)
        self.content_page.add_to(common)
        self.place_page.add_to(common)
        common.addRow("Files", self.preview)
        common.addRow("", self.summary)
        rare = _make_form()
        self.more_page.add_to(rare)
        self._more = QWidget()
        self._more.setLayout(rare)
        self._line = QFrame()
        self._line.setFrameShape(QFrame.Shape.VLine)
        self._line.setForegroundRole(QPalette.ColorRole.Mid)
        page = QWidget()
        pages = QHBoxLayout(page)
        pages.setContentsMargins(0, 0, 0, 0)
        pages.setSpacing(16)
        common_side = QWidget()
        common_side.setLayout(common)
        common_side.setMinimumWidth(_WIDTH)
        pages.addWidget(common_side, 1)
        pages.addWidget(self._line)
        pages.addWidget(self._more)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(16)
        self._scrolled = ScrolledPage(page, self)
        column.addWidget(self._scrolled)
        column.addLayout(self._make_bottom())
        self._show_more(self._wish.shows_more)
        self._brighten_boxes()

    def _make_bottom(self) -> QHBoxLayout:
        self.more_button.setText("More choices")
        self.more_button.setCheckable(True)
        self.more_button.setChecked(self._wish.shows_more)
        self.more_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        row = QHBoxLayout()
        row.addWidget(self.more_button)
        row.addStretch(1)
        row.addWidget(self.buttons)
        return row

    def _fill(self) -> None:
        line_px = self.preview.fontMetrics().height() + 4
        self.preview.setFixedHeight(_PREVIEW_ROWS * line_px + 2 * self.preview.frameWidth())
        self.preview.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.preview.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.preview.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.preview.setAccessibleName("Files that will be written")
        self.summary.setWordWrap(True)
        self.summary.setMinimumHeight(2 * self.summary.fontMetrics().lineSpacing())
        self.summary.setAlignment(Qt.AlignmentFlag.AlignTop)
        role = QDialogButtonBox.StandardButton
        self.buttons.setStandardButtons(role.Ok | role.Cancel)
        self.export_button = self.buttons.button(role.Ok)
        self.export_button.setText("Export")

    def _brighten_boxes(self) -> None:
        """Let empty boxes be seen: on this dark window Fusion's are darker still."""
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, theme.BUTTON.lighter(150))
        page = self.content_page
        for box in (*page.contents.values(), page.cropped_box, *self.more_page.check_boxes):
            box.setPalette(palette)

    def _connect(self) -> None:
        for page in (self.content_page, self.place_page, self.more_page):
            page.changed.connect(self._refresh)
        self.preset_bar.chosen.connect(self._on_preset_chosen)
        self.preset_bar.kept_changed.connect(self.presets_changed)
        self.more_button.toggled.connect(self._show_more)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    # --- what the choices make ----------------------------------------------------------------

    def _show_more(self, is_shown: bool) -> None:  # noqa: FBT001 - a Qt slot
        self._more.setVisible(is_shown)
        self._line.setVisible(is_shown)
        arrow = Qt.ArrowType.LeftArrow if is_shown else Qt.ArrowType.RightArrow
        self.more_button.setArrowType(arrow)
        self.ensurePolished()
        self._scrolled.updateGeometry()
        self._column.activate()
        self.resize(QSize(self.minimumSizeHint().width(), self.height()))
        if is_shown:
            self._scrolled.bring_in(self._more)

    def _on_preset_chosen(self, options: ExportOptions) -> None:
        """Take a preset over; who is exported is no part of it and stays."""
        only_selected = bool(self.content_page.people_box.currentData())
        people = self._wish.selected if only_selected else None
        self.show_options(replace(options, people=people))

    def _refresh(self) -> None:
        if self._is_showing:
            return
        page = self.content_page
        self.place_page.follow_content(page.content)
        page.allow_choices()
        self.more_page.allow_choices(page.content, page.format_box.value)
        self.preset_bar.show_match(self.options)
        problem, plan = self._plan()
        self.preview.clear()
        self.preview.addItems([_describe_file(file) for file in plan])
        self.summary.setText(problem or self._summarise(plan))
        self.export_button.setEnabled(not problem)

    def _plan(self) -> tuple[str, tuple[PlannedFile, ...]]:
        """Return a sentence about what is wrong, or empty, and the files."""
        request = self.request
        if self.place_page.folder is None:
            return "Choose a folder.", ()
        try:
            plan = plan_export(self._document, request.options, request.folder)
        except ExportError as error:
            return str(error), ()
        if not plan.files:
            return "Nobody is shown: there is nothing to write.", ()
        if not plan.to_write:
            return "All of these files are there: there is nothing to write.", plan.files
        return "", plan.files

    def _summarise(self, plan: tuple[PlannedFile, ...]) -> str:
        written = [file for file in plan if file.fate != "skipped"]
        count = "1 file" if len(written) == 1 else f"{len(written)} files"
        most = find_most_bytes(self._document, self.options, written)
        return count if most is None else f"{count}, {describe_bytes(most)} at most"


def _make_form() -> QFormLayout:
    form = QFormLayout()
    form.setContentsMargins(0, 0, 0, 0)
    form.setHorizontalSpacing(16)
    form.setVerticalSpacing(8)
    return form


def _describe_file(file: PlannedFile) -> str:
    width, height = file.size
    return f"{file.path.name}   {width} × {height}{_FATES[file.fate]}"
