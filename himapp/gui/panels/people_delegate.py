"""Draws a row of the people list: eye, number in the person's colour, thumbnail, name, opacity."""

from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, qGray
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from himapp.document.layers import PersonLayer
from himapp.gui import theme
from himapp.gui.editor import Editor
from himapp.gui.icons import icon
from himapp.gui.panels.people_model import PeopleRole, describe_background
from himapp.gui.panels.thumbnails import Thumbnails
from himapp.gui.panels.window_keys import is_left_to_window

Index = QModelIndex | QPersistentModelIndex

ROW_PX = 48
THUMBNAIL_PX = 40
_EYE_PX = 20
_SWATCH_PX = 20
_GAP = 8
_OPACITY_PX = 48
_HOVER_ALPHA = 40
_LIGHT_GREY = 90


class _NameField(QLineEdit):
    """Tells when a shortcut of the window comes while a name is typed.

    Signals:
        left: the name is to be taken over as it stands there.
    """

    left = Signal()

    def event(self, event: QEvent) -> bool:
        """Do with an event what any field does."""
        is_taken = super().event(event)
        if is_left_to_window(event):
            self.left.emit()
        return is_taken


class PeopleDelegate(QStyledItemDelegate):
    """Draws the rows and edits the names."""

    def __init__(self, editor: Editor, parent: QWidget) -> None:
        super().__init__(parent)
        self._editor = editor
        self._thumbnails = Thumbnails(editor.cache, THUMBNAIL_PX)
        self._icons = {name: icon(name) for name in ("eye", "eye-slash", "image")}
        editor.document_changed.connect(self._on_document_changed)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802
        """Return the size of every row."""
        return QSize(0, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a row."""
        layer: PersonLayer | None = index.data(PeopleRole.LAYER)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._thumbnails.follow_screen(painter.device().devicePixelRatioF())
        _draw_ground(painter, option, is_hovered=bool(index.data(PeopleRole.IS_HOVERED)))
        if layer is None:
            self._draw_background_row(painter, option.rect)
        else:
            self._draw_person_row(painter, option, layer)
        painter.restore()

    def createEditor(  # noqa: N802 - Qt's name
        self, parent: QWidget, _option: QStyleOptionViewItem, _index: Index
    ) -> QWidget:
        """Return the field for the name."""
        field = _NameField(parent)
        field.setMaxLength(120)
        field.left.connect(partial(self.commitData.emit, field))
        return field

    def updateEditorGeometry(  # noqa: N802 - Qt's name
        self, editor: QWidget, option: QStyleOptionViewItem, _index: Index
    ) -> None:
        """Lay the field over the name."""
        height = editor.sizeHint().height()
        area = name_rect(option.rect)
        editor.setGeometry(area.x(), area.center().y() - height // 2, area.width(), height)

    def _on_document_changed(self, _document: object, changes: object) -> None:
        if changes is None:
            self._thumbnails.clear()

    def _draw_person_row(
        self, painter: QPainter, option: QStyleOptionViewItem, layer: PersonLayer
    ) -> None:
        document, row = self._editor.document, option.rect
        if document is None:
            return
        self._draw_icon(painter, eye_rect(row), "eye" if layer.visible else "eye-slash")
        painter.setOpacity(1.0 if layer.visible else 0.5)
        draw_swatch(painter, swatch_rect(row), layer)
        painter.drawPixmap(thumbnail_rect(row), self._thumbnails.of_person(document, layer))
        _draw_text(painter, name_rect(row), layer.name, theme.TEXT)
        _draw_text(
            painter, opacity_rect(row), f"{layer.opacity * 100:.0f} %", theme.MUTED_TEXT, right=True
        )

    def _draw_background_row(self, painter: QPainter, row: QRect) -> None:
        document = self._editor.document
        if document is None:
            return
        painter.setPen(theme.LINE)
        painter.drawLine(row.topLeft(), row.topRight())
        self._draw_icon(painter, swatch_rect(row), "image")
        painter.drawPixmap(thumbnail_rect(row), self._thumbnails.of_background(document))
        area = name_rect(row)
        upper = QRect(area.x(), area.y(), row.right() - area.x() - _GAP, area.height() // 2)
        lower = upper.translated(0, upper.height())
        above, below = Qt.AlignmentFlag.AlignBottom, Qt.AlignmentFlag.AlignTop
        _draw_text(painter, upper, "Background", theme.TEXT, vertical=above)
        kind = describe_background(document.background)
        _draw_text(painter, lower, kind, theme.MUTED_TEXT, vertical=below)

    def _draw_icon(self, painter: QPainter, area: QRect, name: str) -> None:
        self._icons[name].paint(painter, area, Qt.AlignmentFlag.AlignCenter, QIcon.Mode.Normal)


def eye_rect(row: QRect) -> QRect:
    """Return where a row's eye is drawn and clicked."""
    return _centred(row, row.x() + _GAP, _EYE_PX)


def swatch_rect(row: QRect) -> QRect:
    """Return where a row's number in the person's colour is."""
    return _centred(row, eye_rect(row).right() + 1 + _GAP, _SWATCH_PX)


def thumbnail_rect(row: QRect) -> QRect:
    """Return where a row's thumbnail is."""
    return _centred(row, swatch_rect(row).right() + 1 + _GAP, THUMBNAIL_PX)


def name_rect(row: QRect) -> QRect:
    """Return where a row's name is."""
    left = thumbnail_rect(row).right() + 1 + _GAP
    return QRect(left, row.y(), opacity_rect(row).left() - left, row.height())


def opacity_rect(row: QRect) -> QRect:
    """Return where a row's opacity is."""
    return QRect(row.right() - _GAP - _OPACITY_PX + 1, row.y(), _OPACITY_PX, row.height())


def draw_swatch(painter: QPainter, area: QRect, layer: PersonLayer) -> None:
    """Draw a person's number on the colour that the overlay has, in black or white to be read."""
    colour = theme.person_colour(layer.colour_index)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(area, 4, 4)
    painter.setPen(ink_on(colour))
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, str(layer.number))


def ink_on(colour: QColor) -> QColor:
    """Return black or white, which of them is easier to read on a person's colour."""
    is_light = qGray(colour.rgb()) > _LIGHT_GREY
    return QColor(Qt.GlobalColor.black if is_light else Qt.GlobalColor.white)


def _centred(row: QRect, left: int, side: int) -> QRect:
    return QRect(left, row.y() + (row.height() - side) // 2, side, side)


def _draw_ground(painter: QPainter, option: QStyleOptionViewItem, *, is_hovered: bool) -> None:
    if option.state & QStyle.StateFlag.State_Selected:
        ground = QColor(theme.ACCENT)
        ground.setAlpha(110)
        painter.fillRect(option.rect, ground)
    if is_hovered:
        painter.fillRect(option.rect, QColor(255, 255, 255, _HOVER_ALPHA // 2))
    if option.state & QStyle.StateFlag.State_HasFocus:
        painter.setPen(theme.ACCENT)
        painter.drawRect(option.rect.adjusted(0, 0, -1, -1))


def _draw_text(
    painter: QPainter,
    area: QRect,
    text: str,
    colour: QColor,
    *,
    right: bool = False,
    vertical: Any = Qt.AlignmentFlag.AlignVCenter,
) -> None:
    painter.setPen(colour)
    mode = Qt.TextElideMode.ElideRight
    fitting = painter.fontMetrics().elidedText(text, mode, area.width())
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(area, side | vertical, fitting)
