"""The command opens the window, and torch is not loaded before it is visible."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

PROBE = """
import sys
from PySide6.QtCore import QTimer
from himapp.gui.main_window import MainWindow
from himapp import cli

def report():
    from PySide6.QtWidgets import QApplication
    (window,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)]
    assert window.isVisible()
    print("torch" if "torch" in sys.modules else "no torch")
    window.close()

shown = MainWindow.showEvent
def show_event(self, event):
    shown(self, event)
    QTimer.singleShot(0, report)
MainWindow.showEvent = show_event
sys.exit(cli.main([]))
"""


def test_the_window_is_visible_before_torch_is_loaded(tmp_path: Path) -> None:
    outcome = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.strip() == "no torch"
