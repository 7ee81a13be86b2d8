"""The edits of the selected people: exposure, saturation and blur, live."""

from functools import partial
from typing import Final

from PySide6.QtWidgets import QLabel, QWidget

from himapp.document.adjustments import BLUR_LIMIT_PX, EXPOSURE_LIMIT, NEUTRAL, AdjustmentName
from himapp.document.edits import set_adjustment, set_adjustments
from himapp.document.layers import PersonLayer
from himapp.gui.editor import Editor
from himapp.gui.panels.panel import Panel, make_tool_button
from himapp.gui.panels.value_slider import ValueSlider, ValueSpec
from himapp.gui.people import describe_people, find_selected

ADJUSTMENT_SPECS: Final[dict[AdjustmentName, ValueSpec]] = {
    "exposure_stops": ValueSpec(
        "Exposure", -EXPOSURE_LIMIT, EXPOSURE_LIMIT, step=0.1, decimals=2, suffix=" EV"
    ),
    "saturation": ValueSpec(
        "Saturation", -1, 1, step=0.05, suffix=" %", shown_per_value=100
    ),
    "blur_px": ValueSpec("Blur", 0, BLUR_LIMIT_PX, step=1, decimals=1, suffix=" px", curve=3),
}  # fmt: skip
_NOBODY = "Click a person to edit them."


class EditPanel(Panel):
    """Shows the edits of the selected people and changes them all alike."""

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__("Edit", parent)
        self._editor = editor
        self.sliders = {name: ValueSlider(spec) for name, spec in ADJUSTMENT_SPECS.items()}
        self.hint = QLabel(_NOBODY)
        self.hint.setObjectName("hint")
        self.reset_button = make_tool_button("arrow-counter-clockwise", "Reset these edits")
        self._build()
        editor.document_changed.connect(self._refresh)
        editor.selection_changed.connect(self._on_selection_changed)
        self._refresh()

    def reset_all(self) -> None:
        """Set all edits of the selected people back, as one step."""
        document, people = self._editor.document, self._people()
        if document is None:
            return
        for layer in people:
            document = set_adjustments(document, layer.id, NEUTRAL)
        self._editor.end_gesture()
        self._editor.apply(document, f"reset of {describe_people(people)}")

    def _build(self) -> None:
        self.add_to_heading(self.reset_button)
        self.reset_button.clicked.connect(self.reset_all)
        self.content.addWidget(self.hint)
        for name, slider in self.sliders.items():
            slider.setObjectName(name)
            slider.moved.connect(partial(self._on_moved, name))
            slider.reset.connect(partial(self._on_reset, name))
            slider.released.connect(self._editor.end_gesture)
            self.content.addWidget(slider)

    def _people(self) -> tuple[PersonLayer, ...]:
        return find_selected(self._editor)

    def _on_selection_changed(self) -> None:
        self._editor.end_gesture()
        self._refresh()

    def _on_moved(self, name: AdjustmentName, value: float) -> None:
        self._set(name, value, merge_key=("adjustment", name, self._editor.selection))

    def _on_reset(self, name: AdjustmentName) -> None:
        self._editor.end_gesture()
        self._set(name, ADJUSTMENT_SPECS[name].neutral, merge_key=None)

    def _set(self, name: AdjustmentName, value: float, merge_key: object) -> None:
        document, people = self._editor.document, self._people()
        if document is None or not people:
            return
        for layer in people:
            document = set_adjustment(document, layer.id, name, value)
        word = ADJUSTMENT_SPECS[name].label.lower()
        self._editor.apply(document, f"{word} of {describe_people(people)}", merge_key)

    def _refresh(self) -> None:
        people = self._people()
        self.note.setText(describe_people(people))
        self.hint.setVisible(not people)
        self.hint.setText(_NOBODY if self._editor.document is not None else "Open a photo first.")
        adjustments = people[0].adjustments if people else NEUTRAL
        for name, slider in self.sliders.items():
            slider.setEnabled(bool(people))
            slider.show_value(getattr(adjustments, name))
        self.reset_button.setEnabled(any(not layer.adjustments.is_neutral for layer in people))
