"""What several views say about people, in the same words."""

from collections.abc import Sequence

from himapp.document.document import Document
from himapp.document.layers import PersonLayer
from himapp.gui.editor import Editor


def find_selected(editor: Editor) -> tuple[PersonLayer, ...]:
    """Return the selected people in the order of their numbers."""
    if editor.document is None:
        return ()
    chosen = [layer for layer in editor.document.layers if layer.id in editor.selection]
    return tuple(sorted(chosen, key=lambda layer: layer.number))


def describe_people(people: Sequence[PersonLayer]) -> str:
    """Return the name of one person, or how many there are; empty for nobody."""
    if not people:
        return ""
    return people[0].name if len(people) == 1 else f"{len(people)} people"


def describe_solo(document: Document, people: Sequence[PersonLayer]) -> str:
    """Return what showing these people alone has made of a document: it may show everybody."""
    if all(layer.visible for layer in document.layers):
        return "showing everybody"
    return f"showing only {describe_people(people)}"


def count_people(count: int) -> str:
    """Return a count with its noun: ``"1 person"``, ``"3 people"``."""
    return "1 person" if count == 1 else f"{count} people"


def describe_finding(before: Document, after: Document) -> str:
    """Return a sentence about what finding people again made of a document."""
    if after is before:
        return "Nothing new was found."
    old = {layer.id: layer.matte for layer in before.layers}
    new = {layer.id: layer.matte for layer in after.layers}
    kept = sum(matte is new.get(layer_id) for layer_id, matte in old.items())
    added = len(new.keys() - old.keys())
    renewed = len(old) - kept
    clauses = (
        (renewed, f"{count_people(renewed)} {'has' if renewed == 1 else 'have'} new edges"),
        (added, f"{count_people(added)} {'is' if added == 1 else 'are'} new"),
        (kept, "1 was left as it is" if kept == 1 else f"{kept} were left as they are"),
    )
    return f"{', '.join(clause for count, clause in clauses if count)}."
