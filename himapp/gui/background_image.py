"""Read an image to put behind the people, in the background."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from himapp.document.background import ImageBackground
from himapp.document.document_color import working_profile
from himapp.gui.editor import Editor
from himapp.imaging.photo_io import read_photo
from himapp.imaging.profile_conversion import convert_pixels
from himapp.inference.session import CancelToken
from himapp.paths import display_name
from himapp.workers.task_runner import Report, TaskOutcome, TaskRunner


class BackgroundImage(QObject):
    """Reads images in the open photo's colour space; the newest wins.

    Signals:
        read_done: the :class:`ImageBackground`.
        worked: ``(text, done, of)``.
        failed: one sentence.
        ended: nothing is under way any more; ``True`` if it was withdrawn.
    """

    read_done = Signal(object)
    worked = Signal(str, int, int)
    failed = Signal(str)
    ended = Signal(bool)

    def __init__(self, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._runner = TaskRunner(self)
        self._runner.finished.connect(self._on_finished)
        editor.document_changed.connect(self._on_document_changed)

    @property
    def is_busy(self) -> bool:
        """Whether an image is being read."""
        return self._runner.is_busy

    def read(self, path: Path) -> None:
        """Read an image for the open photo."""
        document = self._editor.document
        if document is None:
            return
        wanted = working_profile(document.photo)

        def work(_report: Report, cancel: CancelToken) -> ImageBackground:
            image = read_photo(path)
            cancel.raise_if_cancelled()
            pixels = convert_pixels(image.pixels, working_profile(image), wanted)
            return ImageBackground(pixels, path=str(path))

        self._runner.run(work)
        self.worked.emit(f"Opening {display_name(path)}", 0, 1)

    def cancel(self) -> None:
        """Withdraw the reading."""
        self._runner.cancel()

    def shutdown(self) -> None:
        """Withdraw the reading and wait for the thread."""
        self._runner.shutdown()

    def _on_document_changed(self, _document: object, changes: object) -> None:
        if changes is None:
            self.cancel()

    @Slot(object)
    def _on_finished(self, outcome: TaskOutcome) -> None:
        self.ended.emit(outcome.is_cancelled)
        if outcome.error is not None:
            self.failed.emit(outcome.error)
        elif not outcome.is_cancelled:
            self.read_done.emit(outcome.value)
