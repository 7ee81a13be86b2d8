"""Who may import whom: the contracts of pyproject.toml hold, and they can fail."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LINT = (
    "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
)


def lint_layers(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT], cwd=folder, capture_output=True, text=True, encoding="utf-8"
    )


def test_every_contract_is_kept(root: Path) -> None:
    outcome = lint_layers(root)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("himapp/imaging/photo.py", "import himapp.pipeline"),
        ("himapp/document/layers.py", "import himapp.inference.session"),
        ("himapp/document/layers.py", "import torch"),
        ("himapp/cli/__init__.py", "import PySide6.QtCore"),
        ("himapp/inference/session.py", "import training"),
        ("models/__init__.py", "import himapp.errors"),
        ("training/__init__.py", "import himapp.cli"),
    ],
)
def test_a_forbidden_import_breaks_a_contract(
    root: Path, tmp_path: Path, module: str, forbidden: str
) -> None:
    shutil.copy(root / "pyproject.toml", tmp_path)
    for package in ("himapp", "models", "training"):
        shutil.copytree(root / package, tmp_path / package, ignore=lambda _, names: not_code(names))
    with (tmp_path / module).open("a", encoding="utf-8") as source:
        source.write(f"\n{forbidden}\n")
    assert "BROKEN" in lint_layers(tmp_path).stdout


def not_code(names: list[str]) -> list[str]:
    return [name for name in names if "." in name and not name.endswith(".py")]
