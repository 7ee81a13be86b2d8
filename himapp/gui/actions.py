"""Every action of the window as data: name, text, icon, shortcuts, tooltip and place in a menu."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence, QUndoStack
from PySide6.QtWidgets import QMenu, QMenuBar

from himapp.gui.icons import icon

Need = Literal["nothing", "photo", "quiet", "people", "selection", "several", "work"]

Slots = Mapping[str, Callable[..., object]]
"""What actions do, by the name of the action: a checkable one calls it with its new state."""


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action.

    Attributes:
        name: what code calls it; also its object name.
        text: what the menu shows; ``…`` where a dialog asks before anything happens.
        icon: a Phosphor name, or empty.
        shortcuts: portable key sequences, the first one shown in menu and tooltip. Where an
            American bracket needs AltGr elsewhere, a second sequence can be typed everywhere.
        tip: what it does, for the tooltip; empty repeats the text.
        needs: when it is enabled: with a photo, with one whose people are not being searched for,
            with people found in it, with a selected person or several, with work under
            way or a tool in hand, or always.
        is_checkable: whether it is on or off.
        is_on: whether a checkable action is on at first.
    """

    name: str
    text: str
    icon: str = ""
    shortcuts: tuple[str, ...] = ()
    tip: str = ""
    needs: Need = "photo"
    is_checkable: bool = False
    is_on: bool = True


ACTIONS: Final = (
    ActionSpec(
        "open",
        "&Open…",
        "folder-open",
        ("Ctrl+O",),
        "Open a photo or a project",
        needs="nothing",
    ),
    ActionSpec("close", "&Close photo", "x", ("Ctrl+W",), "Close the photo"),
    ActionSpec("save", "&Save", "floppy-disk", ("Ctrl+S",), "Save people and edits as a project"),
    ActionSpec("save_as", "Save &as…", "", ("Ctrl+Shift+S",), "Save under another name"),
    ActionSpec(
        "embed_photo",
        "&Keep the photo in the project",
        "",
        (),
        "Save a copy of the photo's file within the project",
        is_checkable=True,
        is_on=False,
    ),
    ActionSpec("export", "&Export…", "export", ("Ctrl+E",), "Write files of people or picture"),
    ActionSpec(
        "export_people",
        "Each person as P&NG…",
        "users",
        ("Ctrl+Shift+E",),
        "Write each person as a PNG with transparency",
        needs="people",
    ),
    ActionSpec(
        "export_composite", "The &picture…", "image", (), "Write the picture as it is shown"
    ),
    ActionSpec(
        "export_mattes",
        "&Mattes…",
        "selection",
        (),
        "Write each person's matte in grey",
        needs="people",
    ),
    ActionSpec(
        "export_layers", "&Layers…", "stack", (), "Write a PSD with a layer for each person"
    ),
    ActionSpec("quit", "&Quit", "", ("Ctrl+Q",), "Leave himapp", needs="nothing"),
    ActionSpec("select_all", "Select &all people", "", ("Ctrl+A",), needs="people"),
    ActionSpec("select_none", "Select &nobody", "", ("Ctrl+D",), needs="selection"),
    ActionSpec(
        "cancel",
        "&Cancel",
        "x",
        ("Esc",),
        "Stop what is under way, or put a tool away",
        needs="work",
    ),
    ActionSpec(
        "find_people",
        "&Find people again",
        "magnifying-glass",
        ("Ctrl+R",),
        "Search again, with the quality chosen now; names and edits stay",
        needs="quiet",
    ),
    ActionSpec("rename", "&Rename", "pencil-simple", ("F2",), needs="selection"),
    ActionSpec("toggle_eye", "Show or &hide", "eye", ("H",), needs="selection"),
    ActionSpec("solo", "Show &only this person", "", ("/",), needs="selection"),
    ActionSpec("forward", "Bring for&ward", "arrow-up", ("Ctrl+]", "Ctrl+PgUp"), needs="selection"),
    ActionSpec(
        "backward", "Send &backward", "arrow-down", ("Ctrl+[", "Ctrl+PgDown"), needs="selection"
    ),
    ActionSpec(
        "reset_edits",
        "R&eset edits",
        "arrow-counter-clockwise",
        ("Ctrl+Shift+R",),
        "Set exposure, saturation, blur and opacity back",
        needs="selection",
    ),
    ActionSpec(
        "remove",
        "Remove from the &list",
        "trash",
        ("Del",),
        "Take the person out of the list; the photo keeps them",
        needs="selection",
    ),
    ActionSpec(
        "add_person",
        "&Add a person",
        "user-plus",
        ("P",),
        "Click a person who was missed, or drag a box around them",
        needs="quiet",
        is_checkable=True,
        is_on=False,
    ),
    ActionSpec(
        "split_parts",
        "Split into &parts",
        "",
        (),
        "Make a person of every connected part",
        needs="selection",
    ),
    ActionSpec(
        "split_line",
        "Split along a l&ine",
        "scissors",
        (),
        "Draw a line across the person to make two people",
        needs="selection",
        is_checkable=True,
        is_on=False,
    ),
    ActionSpec("merge", "&Merge", "", (), "Make one person of the selected", needs="several"),
    ActionSpec("fit", "&Fit in the window", "frame-corners", ("Ctrl+0",)),
    ActionSpec("full_size", "&100 %", "", ("Ctrl+1",), "One photo pixel on one screen pixel"),
    ActionSpec("zoom_in", "Zoom &in", "plus", ("Ctrl++", "Ctrl+=")),
    ActionSpec("zoom_out", "Zoom &out", "minus", ("Ctrl+-",)),
    ActionSpec("tint", "&Tint the selected people", "", ("O",), is_checkable=True),
    ActionSpec("keys", "&Keys", "question", ("F1",), "List the keys", needs="nothing"),
    ActionSpec("about", "&About himapp", "info", (), needs="nothing"),
)

MENUS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("&File", ("open", "recent", "close", "-", "save", "save_as", "embed_photo", "-", "export",
               "export_people", "export_composite", "export_mattes", "export_layers", "-",
               "quit")),
    ("&Edit", ("undo", "redo", "-", "select_all", "select_none")),
    ("&Person", ("rename", "toggle_eye", "solo", "-", "add_person", "split_parts", "split_line",
                 "merge", "-", "forward", "backward", "-", "reset_edits",
                 "remove", "-", "quality", "find_people", "cancel")),
    ("&View", ("fit", "full_size", "zoom_in", "zoom_out", "-", "tint")),
    ("&Help", ("keys", "about")),
)  # fmt: skip
"""Menus by title; ``-`` is a line; ``undo``, ``redo``, ``recent``, ``quality`` are the window's."""

EXPORT_MENU: Final = ("export_people", "export_composite", "export_mattes", "export_layers")


def create_actions(parent: QObject) -> dict[str, QAction]:
    """Return all actions by name, owned by ``parent``."""
    return {spec.name: _create_action(spec, parent) for spec in ACTIONS}


def create_undo_actions(stack: QUndoStack, parent: QObject) -> dict[str, QAction]:
    """Return the stack's own ``undo`` and ``redo``, whose texts say what they take back."""
    actions = {
        "undo": stack.createUndoAction(parent, "&Undo"),
        "redo": stack.createRedoAction(parent, "&Redo"),
    }
    dress = {
        "undo": ("arrow-u-up-left", ("Ctrl+Z",)),
        "redo": ("arrow-u-up-right", ("Ctrl+Shift+Z", "Ctrl+Y")),
    }
    for name, (icon_name, keys) in dress.items():
        actions[name].setIcon(icon(icon_name))
        actions[name].setShortcuts([QKeySequence(sequence) for sequence in keys])
        actions[name].setObjectName(name)
    return actions


def connect_actions(actions: Mapping[str, QAction], slots: Slots) -> None:
    """Let actions do something; the names are those of :data:`ACTIONS`."""
    for name, slot in slots.items():
        action = actions[name]
        signal = action.toggled if action.isCheckable() else action.triggered
        signal.connect(slot)


def dress_action(action: QAction, spec: ActionSpec) -> None:
    """Give an action its icon, shortcuts and tooltip."""
    action.setObjectName(spec.name)
    if spec.icon:
        action.setIcon(icon(spec.icon))
    action.setShortcuts([QKeySequence(keys) for keys in spec.shortcuts])
    tip = spec.tip or spec.text.replace("&", "").rstrip("…")
    action.setToolTip(tip_with_keys(tip, action.shortcut()))


def tip_with_keys(tip: str, keys: QKeySequence) -> str:
    """Return a tooltip that also says the shortcut."""
    shown = keys.toString(QKeySequence.SequenceFormat.NativeText)
    return f"{tip} ({shown})" if shown else tip


def fill_menu_bar(
    bar: QMenuBar, actions: Mapping[str, QAction], menus: Mapping[str, QMenu]
) -> None:
    """Build the menus of :data:`MENUS`.

    Args:
        bar: the menu bar, still empty.
        actions: by name, all that the menus name.
        menus: submenus by the name that stands in the table.
    """
    for title, names in MENUS:
        fill_menu(bar.addMenu(title), names, actions, menus)


def fill_menu(
    menu: QMenu,
    names: Sequence[str],
    actions: Mapping[str, QAction],
    menus: Mapping[str, QMenu] | None = None,
) -> None:
    """Add actions, lines and submenus to a menu by name."""
    for name in names:
        if name == "-":
            menu.addSeparator()
        elif menus and name in menus:
            menu.addMenu(menus[name])
        else:
            menu.addAction(actions[name])


def _create_action(spec: ActionSpec, parent: QObject) -> QAction:
    action = QAction(spec.text, parent)
    dress_action(action, spec)
    action.setEnabled(spec.needs == "nothing")
    action.setCheckable(spec.is_checkable)
    action.setChecked(spec.is_checkable and spec.is_on)
    return action
