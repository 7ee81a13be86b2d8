"""Write an export in the background."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from himapp.document.export import run_export
from himapp.document.export_options import ExportOptions
from himapp.gui.editor import Editor
from himapp.inference.session import CancelToken
from himapp.workers.task_runner import Report, TaskOutcome, TaskRunner


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What the user asked for.

    Attributes:
        options: which files.
        folder: where to.
    """

    options: ExportOptions
    folder: Path


class Exporting(QObject):
    """Runs one export at a time; the window stays free meanwhile.

    Signals:
        worked: ``(text, done, of)``.
        written: ``(paths, folder)``.
        failed: one sentence.
        ended: nothing is under way any more; ``True`` if it was withdrawn.
    """

    worked = Signal(str, int, int)
    written = Signal(object, object)
    failed = Signal(str)
    ended = Signal(bool)

    def __init__(self, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._folder = Path()
        self._runner = TaskRunner(self)
        self._runner.progressed.connect(self._on_progressed)
        self._runner.finished.connect(self._on_finished)

    @property
    def is_busy(self) -> bool:
        """Whether files are being written."""
        return self._runner.is_busy

    def start(self, request: ExportRequest) -> None:
        """Write the files of the document as it is now; later edits do not touch them."""
        document, cache = self._editor.document, self._editor.cache
        if document is None:
            return
        self._folder = request.folder

        def write(report: Report, cancel: CancelToken) -> tuple[Path, ...]:
            def advance(done: int, of: int) -> None:
                report("write", done, of)

            return run_export(
                document,
                request.options,
                request.folder,
                cache=cache,
                progress=advance,
                cancel=cancel,
            )

        self._runner.run(write)
        self.worked.emit("Writing files", 0, 1)

    def cancel(self) -> None:
        """Withdraw the export; files that are done stay, none is left half written."""
        self._runner.cancel()

    def shutdown(self) -> None:
        """Withdraw the export and wait for the thread."""
        self._runner.shutdown()

    @Slot(int, str, int, int)
    def _on_progressed(self, _ticket: int, _stage: str, done: int, of: int) -> None:
        self.worked.emit("Writing files", done, of)

    @Slot(object)
    def _on_finished(self, outcome: TaskOutcome) -> None:
        self.ended.emit(outcome.is_cancelled)
        if outcome.error is not None:
            self.failed.emit(outcome.error)
        elif not outcome.is_cancelled:
            self.written.emit(outcome.value, self._folder)
