"""What the frozen program leaves out must be nothing that it imports."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
OPTIONAL = {"pillow_heif", "_pillow_heif"}
"""Left out on purpose: the program says so to whoever opens such a photo."""


def imported_modules(folder: str) -> Iterator[str]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_imported_module_is_left_out() -> None:
    spec = (ROOT / "build.spec").read_text(encoding="utf-8")
    listed = re.search(r'^UNNEEDED_MODULES = """(.*?)"""', spec, re.MULTILINE | re.DOTALL)
    assert listed is not None
    left_out = set(listed[1].split()) - OPTIONAL
    assert len(left_out) > 10
    imported = {name for folder in ("himapp", "models") for name in imported_modules(folder)}
    parents = {name.rsplit(".", count)[0] for name in imported for count in range(name.count("."))}
    assert not (imported | parents) & left_out
