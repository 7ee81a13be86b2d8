"""House rules on size and docstrings that the linters do not hold."""

import ast
from collections.abc import Iterator
from pathlib import Path

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60
MOST_BYTES_OF_A_FILE = 27_000_000
PACKAGES = {"himapp", "models", "training"}


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def public_names_of(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Public functions and classes at the top level and in public classes."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public_names_of(node.body)


def is_overriding(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Whether a decorator says that the docstring stands elsewhere."""
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return bool(names & {"override", "overload", "setter"})


def test_no_file_is_longer_than_the_limit(python_files: tuple[Path, ...]) -> None:
    lengths = {path: path.read_text(encoding="utf-8").count("\n") for path in python_files}
    assert {p: n for p, n in lengths.items() if n > MOST_LINES_OF_A_FILE} == {}


def test_no_function_is_longer_than_the_limit(python_files: tuple[Path, ...]) -> None:
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in python_files
        for node in functions_of(path)
        if (node.end_lineno or 0) - node.lineno + 1 > MOST_LINES_OF_A_FUNCTION
    ]
    assert long == []


def test_every_public_name_has_a_docstring(root: Path, python_files: tuple[Path, ...]) -> None:
    bare = [
        f"{path}:{node.lineno} {node.name}"
        for path in python_files
        if path.relative_to(root).parts[0] in PACKAGES
        for node in public_names_of(ast.parse(path.read_text(encoding="utf-8")).body)
        if not is_overriding(node) and ast.get_docstring(node) is None
    ]
    assert bare == []


def test_the_repository_holds_no_huge_file(repository_files: tuple[Path, ...]) -> None:
    huge = [path for path in repository_files if path.stat().st_size > MOST_BYTES_OF_A_FILE]
    assert huge == []
