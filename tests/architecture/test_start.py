"""The command line starts without Qt and, until there is work, without torch."""

import subprocess
import sys
from pathlib import Path

PROBE = """
import sys
from himapp.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as stop:
    code = stop.code
loaded = {name.partition(".")[0] for name in sys.modules}
print("code", code, file=sys.stderr)
print("loaded", *sorted(loaded & {"torch", "PySide6", "qtpy", "qtawesome"}), file=sys.stderr)
"""


def start(root: Path, *arguments: str) -> list[str]:
    """Run the command line; give the last two lines of the probe: exit code, loaded packages."""
    outcome = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return outcome.stderr.splitlines()[-2:]


def test_help_loads_neither_qt_nor_torch(root: Path) -> None:
    assert start(root, "matte", "--help") == ["code 0", "loaded"]


def test_matting_loads_no_qt(root: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.jpg"
    text.write_text("not a photo")
    loaded = start(root, "matte", str(text), "--out", str(tmp_path / "out"))[1].split()
    assert set(loaded) <= {"loaded", "torch"}
