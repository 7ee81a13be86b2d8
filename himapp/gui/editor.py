"""The one place that holds the current document; views follow it, never each other."""

import weakref
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from himapp.document.changes import diff
from himapp.document.document import Document
from himapp.document.history import BUDGET_BYTES, Step, drop_oldest
from himapp.document.render_cache import RenderCache
from himapp.gui.long_texts import shorten_words
from himapp.gui.mnemonics import without_mnemonic

_GESTURE_ID = 1
"""Qt asks to merge only commands of one id; the merge key decides."""

_FindShow = Callable[[], Callable[[Document], None] | None]


class Editor(QObject):
    """Holds the document, the steps of undo, the selection and what the pointer is over.

    Args:
        parent: the owner.
        undo_budget_bytes: what the steps of undo may take; the oldest go first.

    Signals:
        document_changed: ``(Document | None, Changes | None)``, the document as it is now and what
            differs from before; no changes means that another document was opened.
        selection_changed: ``frozenset[int]``, the ids of the selected people.
        hovered_changed: ``int | None``, the id of the person under the pointer.
    """

    document_changed = Signal(object, object)
    selection_changed = Signal(object)
    hovered_changed = Signal(object)

    def __init__(
        self, parent: QObject | None = None, *, undo_budget_bytes: int = BUDGET_BYTES
    ) -> None:
        super().__init__(parent)
        self._undo_budget_bytes = undo_budget_bytes
        self._document: Document | None = None
        self._selection: frozenset[int] = frozenset()
        self._hovered: int | None = None
        self._gesture_is_open = False
        self._undo_stack = QUndoStack(self)
        self._undo_stack.indexChanged.connect(self._on_index_changed)
        self._cache = RenderCache()
        self._find_show: _FindShow = weakref.WeakMethod(self._show)

    @property
    def document(self) -> Document | None:
        """The current document; None before a photo was opened."""
        return self._document

    @property
    def selection(self) -> frozenset[int]:
        """The ids of the selected people."""
        return self._selection

    @property
    def hovered(self) -> int | None:
        """The id of the person under the pointer."""
        return self._hovered

    @property
    def undo_stack(self) -> QUndoStack:
        """The steps of undo; its actions go into the menu."""
        return self._undo_stack

    @property
    def cache(self) -> RenderCache:
        """What renderings of this document share."""
        return self._cache

    def shows_photo_of(self, document: Document) -> bool:
        """Whether the current document has the photo of this one, whatever was edited since."""
        return self._document is not None and self._document.photo is document.photo

    def open_document(
        self, document: Document | None, *, derived: RenderCache | None = None
    ) -> None:
        """Show another document and forget the steps, the selection and what was derived.

        Args:
            document: the new one.
            derived: what renderings of it share and is there already.
        """
        self.end_gesture()
        self._document = document
        self._cache.clear()
        if derived is not None:
            self._cache.take_over(derived)
        self._undo_stack.clear()
        self._undo_stack.setClean()
        self.document_changed.emit(document, None)
        self.hover(None)
        self.select(())

    def amend_opening(self, change: Callable[[Document], Document]) -> None:
        """Change the document as if it had been opened so: no step, and none is lost.

        Args:
            change: applied to the document and to every state that undo or redo leads to; it must
                give the same for the same document.
        """
        if self._document is None:
            return
        self.end_gesture()
        amended: dict[int, Document] = {}
        for command in self._commands():
            command.amend(lambda state: amended.setdefault(id(state), change(state)))
        self._show(amended.get(id(self._document)) or change(self._document))

    def apply(self, document_after: Document, text: str, merge_key: Hashable = None) -> None:
        """Make an edited document the current one, as one step of undo.

        A document of the same content leaves no step; nor does a gesture that comes back to where
        it began.

        Args:
            document_after: what an edit made of the current document.
            text: what the menu shows after "Undo", e.g. ``"exposure of Person 2"``.
            merge_key: steps of one gesture carry the same key and become one; None never merges.

        Raises:
            ValueError: no document is open.
        """
        before = self._document
        if before is None:
            raise ValueError("There is no document to edit")
        step = Step(before, document_after, text, merge_key)
        if step.is_empty:
            return
        index = self._undo_stack.index()
        can_merge = self._gesture_is_open
        self._undo_stack.push(_EditCommand(step, self._find_show, can_merge=can_merge))
        # A gesture that came back to its start has left the stack, and the step below is another.
        is_kept = self._undo_stack.index() >= index
        self._keep_within_budget()
        self._gesture_is_open = is_kept and merge_key is not None

    def end_gesture(self) -> None:
        """Let the next edit start a step of its own, whatever its key."""
        self._gesture_is_open = False

    def select(self, ids: Iterable[int], *, add: bool = False) -> None:
        """Select people; with ``add`` those selected already stay, or go if named again."""
        wanted = frozenset(ids)
        selection = self._selection ^ wanted if add else wanted
        self._set_selection(selection & self._layer_ids())

    def hover(self, layer_id: int | None) -> None:
        """Say which person the pointer is over."""
        if layer_id == self._hovered:
            return
        self._hovered = layer_id
        self.hovered_changed.emit(layer_id)

    def _commands(self) -> list["_EditCommand"]:
        stack = self._undo_stack
        commands = [stack.command(i) for i in range(stack.count())]
        return [command for command in commands if isinstance(command, _EditCommand)]

    def _keep_within_budget(self) -> None:
        steps = [command.step for command in self._commands()]
        kept = drop_oldest(steps, self._undo_budget_bytes)
        dropped = len(steps) - len(kept)
        if dropped:
            # What can be undone and whether all is saved stay as they are: nobody needs to hear it.
            with QSignalBlocker(self._undo_stack):
                self._refill(kept, self._undo_stack.cleanIndex() - dropped)

    def _refill(self, steps: Sequence[Step], clean_index: int) -> None:
        """Put these steps alone on the stack, which cannot let go of single ones by itself."""
        self._undo_stack.clear()
        for index, step in enumerate(steps, start=1):
            command = _EditCommand(step, _find_nothing, can_merge=False)
            self._undo_stack.push(command)
            command.find_show = self._find_show
            if index == clean_index:
                self._undo_stack.setClean()
        if clean_index < 0:
            self._undo_stack.resetClean()

    def _layer_ids(self) -> frozenset[int]:
        layers = self._document.layers if self._document is not None else ()
        return frozenset(layer.id for layer in layers)

    def _set_selection(self, selection: frozenset[int]) -> None:
        if selection == self._selection:
            return
        self._selection = selection
        self.selection_changed.emit(selection)

    def _show(self, document: Document) -> None:
        before, self._document = self._document, document
        if before is None or before is document:
            return
        self.document_changed.emit(document, diff(before, document))
        if self._hovered is not None and self._hovered not in self._layer_ids():
            self.hover(None)
        self._set_selection(self._selection & self._layer_ids())

    def _on_index_changed(self) -> None:
        """Close the gesture after undo and redo; ``apply`` opens it again after its push."""
        self.end_gesture()


def _find_nothing() -> None:
    """Let undo, redo and push show nothing."""


class _EditCommand(QUndoCommand):
    """The one command there is: a step, and a way to find what shows its documents.

    It does not hold the editor: editor, stack and commands would be a ring of references, and
    PySide6 6.11 crashes where Python's garbage collector frees several editors with steps.
    """

    def __init__(self, step: Step, find_show: _FindShow, *, can_merge: bool) -> None:
        super().__init__(without_mnemonic(shorten_words(step.text)))
        self.step = step
        self.find_show = find_show
        self._can_merge = can_merge

    def redo(self) -> None:
        self._show(self.step.after)

    def undo(self) -> None:
        self._show(self.step.before)

    def id(self) -> int:
        return _GESTURE_ID if self.step.merge_key is not None else -1

    def mergeWith(self, other: QUndoCommand) -> bool:  # noqa: N802 - Qt's name
        if not isinstance(other, _EditCommand) or not other._can_merge:
            return False
        merged = self.step.try_merge(other.step)
        if merged is None:
            return False
        self.step = merged
        self.setObsolete(merged.is_empty)
        return True

    def amend(self, change: Callable[[Document], Document]) -> None:
        """Replace both documents."""
        before, after = change(self.step.before), change(self.step.after)
        self.step = replace(self.step, before=before, after=after)

    def _show(self, document: Document) -> None:
        show = self.find_show()
        if show is not None:
            show(document)
