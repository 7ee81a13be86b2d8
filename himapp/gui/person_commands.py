"""What the Person menu does to the selected people."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from himapp.document.adjustments import NEUTRAL
from himapp.document.document import Document
from himapp.document.edits import remove_layer, set_adjustments, set_opacity, set_visible, show_only
from himapp.document.parting import merge_people, split_by_line, split_into_parts
from himapp.gui.actions import Slots
from himapp.gui.editor import Editor
from himapp.gui.people import describe_people, describe_solo, find_selected


class PersonCommands(QObject):
    """Edits of the selected people, each one step of undo.

    Signals:
        noted: a sentence about an edit that changed nothing.
    """

    noted = Signal(str)

    def __init__(self, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor

    @property
    def action_slots(self) -> Slots:
        """What the actions of these names do."""
        return {
            "select_all": self.select_all,
            "select_none": self.select_none,
            "toggle_eye": self.toggle_eye,
            "solo": self.solo,
            "reset_edits": self.reset_edits,
            "remove": self.remove,
            "split_parts": self.split_parts,
            "merge": self.merge,
        }

    @Slot()
    def select_all(self) -> None:
        """Select everybody."""
        if self._editor.document is not None:
            self._editor.select(layer.id for layer in self._editor.document.layers)

    @Slot()
    def select_none(self) -> None:
        """Select nobody."""
        self._editor.select(())

    @Slot()
    def toggle_eye(self) -> None:
        """Hide the selected people; if all of them are hidden, show them."""
        people = find_selected(self._editor)
        is_shown = not any(layer.visible for layer in people)

        def change(document: Document, layer_id: int) -> Document:
            return set_visible(document, layer_id, visible=is_shown)

        self._change_selected(change, "showing" if is_shown else "hiding")

    @Slot()
    def solo(self) -> None:
        """Show only the selected people; if it is so already, show everybody."""
        people = find_selected(self._editor)
        document = self._editor.document
        if document is not None and people:
            after = show_only(document, *(layer.id for layer in people))
            self._editor.end_gesture()
            self._editor.apply(after, describe_solo(after, people))

    @Slot()
    def reset_edits(self) -> None:
        """Set all edits and the opacity of the selected people back."""

        def change(document: Document, layer_id: int) -> Document:
            return set_opacity(set_adjustments(document, layer_id, NEUTRAL), layer_id, 1.0)

        self._change_selected(change, "reset of")

    @Slot()
    def remove(self) -> None:
        """Take the selected people out of the list."""
        self._change_selected(remove_layer, "removal of")

    @Slot()
    def split_parts(self) -> None:
        """Make a person of every connected part of the selected people."""
        self._split(
            split_into_parts,
            ("is in one piece", "are in one piece each"),
            "“Split along a line” parts them where you draw it.",
        )

    @Slot(float, float, float, float)
    def split_line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Part the selected people along a line between two photo points."""

        def split(document: Document, layer_id: int) -> Document:
            return split_by_line(document, layer_id, (x0, y0), (x1, y1))

        verbs = "is not parted by this line", "are not parted by this line"
        self._split(split, verbs, "Draw it right across them.")

    @Slot()
    def merge(self) -> None:
        """Make one person of the selected people."""
        document, people = self._editor.document, find_selected(self._editor)
        if document is not None and people:
            self._apply(merge_people(document, [layer.id for layer in people]), "merge of")
            self._editor.select([people[0].id])

    def _split(
        self,
        split: Callable[[Document, int], Document],
        verbs_if_whole: tuple[str, str],
        advice: str,
    ) -> None:
        before, people = self._editor.document, find_selected(self._editor)
        if before is None or not people:
            return
        self._change_selected(split, "split of")
        after = self._editor.document
        if after is None or after is before:
            verb = verbs_if_whole[len(people) > 1]
            self.noted.emit(f"{describe_people(people)} {verb}. {advice}")
        else:
            new = {layer.id for layer in after.layers} - {layer.id for layer in before.layers}
            self._editor.select(new | {layer.id for layer in people})

    def _change_selected(self, change: Callable[[Document, int], Document], words: str) -> None:
        document = self._editor.document
        if document is None:
            return
        for layer in find_selected(self._editor):
            document = change(document, layer.id)
        self._apply(document, words)

    def _apply(self, document: Document, words: str) -> None:
        people = describe_people(find_selected(self._editor))
        self._editor.end_gesture()
        self._editor.apply(document, f"{words} {people}")
