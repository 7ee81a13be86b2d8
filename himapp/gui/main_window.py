"""The window: joins the editor, its views, the background work and the actions."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from himapp.gui import actions
from himapp.gui.action_states import ActionStates
from himapp.gui.autosaving import Autosaving
from himapp.gui.background_image import BackgroundImage
from himapp.gui.background_work import BackgroundWork
from himapp.gui.canvas import CanvasView
from himapp.gui.dialogs import about, files
from himapp.gui.editor import Editor
from himapp.gui.export_flow import ExportFlow
from himapp.gui.exporting import Exporting
from himapp.gui.facts import describe_photo, describe_result
from himapp.gui.kept_settings import KeptSettings
from himapp.gui.leaving import Leaving
from himapp.gui.message_bar import MessageBar
from himapp.gui.opened_file import FileWish, OpenedFile
from himapp.gui.opening import PhotoOpening
from himapp.gui.person_commands import PersonCommands
from himapp.gui.person_tools import PersonTools
from himapp.gui.pointing import Pointing
from himapp.gui.project_flow import ProjectFlow
from himapp.gui.project_opening import ProjectOpening
from himapp.gui.project_saving import ProjectSaving
from himapp.gui.quality_menu import QualityMenu
from himapp.gui.recent_menu import RecentMenu
from himapp.gui.recovery_bar import Recovering, RecoveryBar
from himapp.gui.side_bar import SideBar
from himapp.gui.status_line import StatusLine
from himapp.gui.tool_bar import ToolBar
from himapp.gui.welcome import WelcomePage
from himapp.gui.window_place import describe_place, restore_place
from himapp.inference.session import MattingResult
from himapp.paths import display_name, recovery_dir, samples_dir
from himapp.settings import remember_file
from himapp.workers.matting_worker import MattingService, SessionFactory

_TITLE: Final = "himapp"
_EXPORT_CANCELLED: Final = "The export was cancelled; files that were done stay."


class MainWindow(QMainWindow):
    """The application's one window.

    What an action does, its owner says in ``action_slots``; see :mod:`himapp.gui.actions`.
    """

    def __init__(self, open_session: SessionFactory, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.settings = KeptSettings(self)
        self.editor = Editor(self)
        self.matting = MattingService(open_session, self)
        self.opening = PhotoOpening(self.editor, self.matting, self)
        self.pointing = Pointing(self.editor, self.matting, self)
        self.exporting = Exporting(self.editor, self)
        self.saving = ProjectSaving(self.editor, self)
        self.export_flow = ExportFlow(self.editor, self.settings, self.exporting, self)
        self.background_image = BackgroundImage(self.editor, self)
        self.commands = PersonCommands(self.editor, self)
        self.actions_by_name = actions.create_actions(self)
        self.actions_by_name |= actions.create_undo_actions(self.editor.undo_stack, self)
        embed = self.actions_by_name["embed_photo"]
        self.project = ProjectFlow(self.editor, self.saving, embed, self)
        self.autosaving = Autosaving(self.editor, self.project, recovery_dir(), self)
        self.leaving = Leaving(self.editor, self.exporting, self.project, self.saving, self)
        self._project_opening = ProjectOpening(
            self.editor, self.opening, self.project, self.autosaving, self
        )
        self.canvas = CanvasView(self.editor)
        self.side_bar = SideBar(self.editor)
        self.message_bar = MessageBar()
        self.recovery_bar = RecoveryBar()
        self.recovering = Recovering(self.recovery_bar, recovery_dir(), self)
        self.status = StatusLine()
        self.work = BackgroundWork(self.status, self.message_bar, self)
        self.action_states = ActionStates(self.actions_by_name, self.editor, self)
        self.tools = PersonTools(self.canvas, self.status, self.actions_by_name, self.editor, self)
        self.welcome = WelcomePage(samples_dir(), self.actions_by_name["open"])
        self._pages = QStackedWidget()
        self._recent_menu = RecentMenu(self)
        self._quality_menu = QualityMenu(self.settings, self.matting, self)
        self._build()
        self._connect()
        self._show_photo_state()

    @property
    def is_busy(self) -> bool:
        """Whether anything runs in the background."""
        return self.work.is_busy

    # --- building ---------------------------------------------------------------------------

    def _build(self) -> None:
        self.setWindowTitle(f"{_TITLE}[*]")
        self.setAcceptDrops(True)
        self.addActions(list(self.actions_by_name.values()))
        menus = {"recent": self._recent_menu, "quality": self._quality_menu}
        actions.fill_menu_bar(self.menuBar(), self.actions_by_name, menus)
        self.tool_bar = ToolBar(self.actions_by_name)
        self.addToolBar(self.tool_bar)
        self.setCentralWidget(self._make_pages())
        self.setStatusBar(self.status)
        named = self.actions_by_name
        self.status.add_zoom(named["zoom_out"], named["zoom_in"], named["fit"])
        self.side_bar.people.offer(named["add_person"], named["remove"])
        restore_place(self, self.settings.value.window_geometry)
        self._show_recent()

    def _make_pages(self) -> QWidget:
        photo_page = QWidget()
        row = QHBoxLayout(photo_page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.canvas, 1)
        row.addWidget(self.side_bar)
        self._photo_page = photo_page
        self._pages.addWidget(self.welcome)
        self._pages.addWidget(photo_page)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.recovery_bar)
        column.addWidget(self.message_bar)
        column.addWidget(self._pages, 1)
        return holder

    def _connect(self) -> None:
        self.editor.document_changed.connect(self._on_document_changed)
        self.editor.undo_stack.cleanChanged.connect(self._on_clean_changed)
        self.canvas.zoom_changed.connect(self.status.show_zoom)
        self.welcome.chosen.connect(self.open_path)
        self._recent_menu.chosen.connect(self.open_path)
        self._quality_menu.told.connect(self._on_quality_told)
        self.side_bar.background.image_asked.connect(self._ask_image)
        self.side_bar.background.image_dropped.connect(self._read_image)
        self.background_image.read_done.connect(self.side_bar.background.set_image)
        self.settings.failed.connect(self.work.show_error)
        self._connect_work()
        self._connect_projects()
        actions.connect_actions(self.actions_by_name, self.action_slots)
        for owner in (self.commands, self.export_flow, self.project):
            actions.connect_actions(self.actions_by_name, owner.action_slots)

    def _connect_work(self) -> None:
        self.work.add(self.opening)
        self.work.add(self.pointing)
        self.work.add(self.saving, self.saving.saved)
        self.work.add(self.exporting, self.exporting.written)
        self.work.add(self.background_image, self.background_image.read_done)
        self.action_states.follow(self.work, self.opening, self.exporting, self.tools)
        self.status.cancel_asked.connect(self.work.cancel)
        self.tools.drive(self.pointing, self.commands, self.message_bar)
        self.opening.ask_before_leaving(self.leaving.may_leave_document)
        self.opening.file_opened.connect(self._on_file_opened)
        self.opening.people_found.connect(self._on_people_found)
        self.opening.people_found_again.connect(self._on_people_found_again)
        self.opening.ended.connect(self._on_opening_ended)
        self.exporting.written.connect(self._on_written)
        self.exporting.ended.connect(self._on_exporting_ended)

    def _connect_projects(self) -> None:
        self.export_flow.protect(self.project)
        self.project.path_changed.connect(self._show_title)
        self.saving.saved.connect(self._on_saved)
        self.autosaving.failed.connect(self.work.show_error)
        self.work.begun.connect(self.autosaving.save_now)
        self.recovering.wanted.connect(self._open_left_edits)
        self.opening.file_opened.connect(self.recovering.take)
        self.opening.gave_up.connect(self.recovering.offer_again)

    @property
    def action_slots(self) -> actions.Slots:
        """What the actions of these names do."""
        people = self.side_bar.people
        return {
            "open": self._ask_file, "close": self.close_photo, "quit": self.close,
            "cancel": self._cancel, "find_people": self._find_people,
            "rename": people.view.rename_current,
            "forward": people.move_forward, "backward": people.move_backward,
            "fit": self.canvas.fit, "full_size": self._zoom_to_full_size,
            "zoom_in": self.canvas.zoom_in, "zoom_out": self.canvas.zoom_out,
            "tint": self._on_tint_toggled,
            "keys": self._show_keys, "about": self._show_about,
        }  # fmt: skip

    # --- photos -----------------------------------------------------------------------------

    @Slot(object)
    def open_path(self, path: Path) -> None:
        """Open a photo or a project, or the first photo of a folder."""
        self.open_paths([path])

    def open_paths(self, paths: list[Path]) -> None:
        """Open the first photo or project of files and folders, if the user agrees to it."""
        if not paths or not self.leaving.may_leave_document(partial(self.open_paths, paths)):
            return
        self.message_bar.hide()
        note = self.opening.open_first(paths)
        if note is not None:
            self.message_bar.show_message(note)

    @Slot()
    def close_photo(self) -> None:
        """Close the photo and show the welcome page, if the user agrees to it."""
        if self.leaving.may_leave_document(self.close_photo):
            self.opening.cancel()
            self.message_bar.hide()
            self.editor.open_document(None)

    def _find_people(self) -> None:
        self.message_bar.hide()
        self.opening.find_people()

    def _ask_file(self) -> None:
        path = files.ask_opening(self, self.settings.value.photo_folder)
        if path is not None:
            self.open_path(path)

    @Slot(object)
    def _open_left_edits(self, wish: FileWish) -> None:
        if self.leaving.may_leave_document(partial(self._open_left_edits, wish)):
            self.message_bar.hide()
            self.opening.read(wish)
        else:
            self.recovering.offer_again(wish)

    def _on_file_opened(self, opened: OpenedFile) -> None:
        photo = opened.document.photo
        self._remember_file(opened.project or photo.path)
        self.status.show_facts(describe_photo(photo))
        self.canvas.setFocus()

    def _on_saved(self, path: Path) -> None:
        self._remember_file(path)
        self.status.show_written(f"“{display_name(path)}” saved", path.parent)

    def _remember_file(self, path: Path | None) -> None:
        if path is None:
            return
        recent = remember_file(self.settings.value.recent_files, str(path.resolve()))
        folder = str(path.parent.resolve())
        self.settings.keep(replace(self.settings.value, recent_files=recent, photo_folder=folder))
        self._show_recent()

    def _on_people_found(self, result: MattingResult) -> None:
        self._show_result(result)
        if self.opening.is_busy:
            return  # another photo is being read: a message would outlive this one
        if not result.people:
            point = self.actions_by_name["add_person"]
            self.message_bar.show_message("No people were found in this photo.", action=point)
        elif result.notes:
            self.message_bar.show_message(" ".join(result.notes))

    def _on_people_found_again(self, result: MattingResult, sentence: str) -> None:
        self._show_result(result)
        if not self.opening.is_busy:
            words = " ".join((sentence, *result.notes))
            self.message_bar.show_message(words, is_passing=not result.notes)

    def _show_result(self, result: MattingResult) -> None:
        document = self.editor.document
        if document is not None:
            facts = f"{describe_result(result)} · {describe_photo(document.photo)}"
            self.status.show_facts(facts)

    # --- background and export ----------------------------------------------------------------

    def _ask_image(self) -> None:
        document = self.editor.document
        path = files.ask_photo(self, "Image behind the people", self.settings.value.image_folder)
        # Another photo may have been opened meanwhile: the image was not meant for that.
        if path is not None and document is not None and self.editor.shows_photo_of(document):
            self._read_image(path)

    def _read_image(self, path: Path) -> None:
        self.settings.keep(replace(self.settings.value, image_folder=str(path.parent)))
        self.background_image.read(path)

    def _on_written(self, paths: tuple[Path, ...], folder: Path) -> None:
        self.message_bar.take_back(_EXPORT_CANCELLED)
        count = "1 file" if len(paths) == 1 else f"{len(paths)} files"
        self.status.show_written(f"{count} written to “{display_name(folder)}”", folder)

    # --- what the views show ------------------------------------------------------------------

    def _on_document_changed(self, _document: object, changes: object) -> None:
        if changes is None:
            self._show_photo_state()
        else:
            self.message_bar.end_passing()

    def _on_clean_changed(self, is_clean: bool) -> None:  # noqa: FBT001 - a Qt slot
        self.setWindowModified(not is_clean)

    def _on_exporting_ended(self, is_cancelled: bool) -> None:  # noqa: FBT001 - a Qt slot
        if is_cancelled:
            self.message_bar.show_message(_EXPORT_CANCELLED)

    def _on_opening_ended(self, is_cancelled: bool) -> None:  # noqa: FBT001 - a Qt slot
        find_people = self.actions_by_name["find_people"]
        if is_cancelled and find_people.isEnabled():
            self.message_bar.show_message("Finding people was cancelled.", action=find_people)

    def _on_quality_told(self, sentence: str) -> None:
        find_people = self.actions_by_name["find_people"]
        action = find_people if find_people.isEnabled() else None
        self.message_bar.show_message(sentence, action=action)

    def _on_tint_toggled(self, is_on: bool) -> None:  # noqa: FBT001 - a Qt slot
        self.canvas.show_overlay(shown=is_on)

    def _show_photo_state(self) -> None:
        document = self.editor.document
        self._pages.setCurrentWidget(self._photo_page if document is not None else self.welcome)
        self.status.show_zoom_box(is_shown=document is not None)
        self.status.forget_written()
        self.status.show_facts("" if document is None else describe_photo(document.photo))
        self._show_title()

    @Slot()
    def _show_title(self) -> None:
        document = self.editor.document
        path = self.project.path
        if path is None and document is not None:
            path = document.photo.path
        # Qt shows the star, or what the system has for it, while there are edits in no file.
        name = display_name(path).replace("[*]", "[*][*]") if path is not None else ""
        self.setWindowTitle(f"{name}[*] – {_TITLE}" if name else f"{_TITLE}[*]")

    def _cancel(self) -> None:
        if self.work.is_busy:
            self.work.cancel()
        else:
            self.tools.cancel()

    def _zoom_to_full_size(self) -> None:
        self.canvas.zoom_to(1.0)

    def _show_recent(self) -> None:
        self.welcome.show_recent(self.settings.value.recent_files)
        self._recent_menu.show_files(self.settings.value.recent_files)

    def _show_keys(self) -> None:
        about.show_keys(self)

    def _show_about(self) -> None:
        about.show_about(self)

    # --- drag and drop, closing -----------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take files and folders."""
        if files.take_dropped_files(event):
            self.welcome.show_drag(is_over=True)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:  # noqa: N802 - Qt's name
        """End the invitation."""
        self.welcome.show_drag(is_over=False)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Open what was dropped."""
        self.welcome.show_drag(is_over=False)
        self.open_paths(files.take_dropped_files(event))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask about edits, let a save end, keep the settings and end the background work."""
        if not self.leaving.may_close(self.close):
            event.ignore()
            return
        place = describe_place(self)
        self.settings.keep(replace(self.settings.value, window_geometry=place))
        self.hide()  # at once: a thread that loads torch is waited for
        self.work.shutdown()
        self.autosaving.shutdown()
        self.recovering.shutdown()
        # See the editor's command: steps that go with the window are the collector's work.
        self.editor.undo_stack.clear()
        super().closeEvent(event)
