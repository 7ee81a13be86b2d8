"""What no tracked text says, and what the texts must agree on."""

import re
import tomllib
from pathlib import Path

import himapp

MACHINE_PATH = re.compile(r"(?<![\w.])/(work|root|farm|tmp/\w+_jobs)/|[A-Z]:\\Users\\")
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
REGISTRY_HOST = re.compile(r"pypi\.(org|io)|pythonhosted|registry\.npmjs")
BINARY = {".png", ".jpg", ".webp", ".ico", ".icns", ".npz", ".onnx", ".safetensors"}


def lines_matching(paths: tuple[Path, ...], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number} {line.strip()}"
        for path in paths
        if path.suffix not in BINARY
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if pattern.search(line)
    ]


def pins_of(lock: Path) -> dict[str, str]:
    """The pinned version by normalised name."""
    lines = (line.strip() for line in lock.read_text(encoding="utf-8").splitlines())
    pins = (line.split("==") for line in lines if line and line[0] not in "#-")
    return {name.lower().replace("_", "-"): version for name, version in pins}


def names_of(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!~ \[;]", each)[0].lower().replace("_", "-") for each in requirements}


def read_project(root: Path) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_no_text_names_a_path_of_one_machine(repository_files: tuple[Path, ...]) -> None:
    assert lines_matching(repository_files, MACHINE_PATH) == []


def test_no_text_names_a_package_registry(root: Path, repository_files: tuple[Path, ...]) -> None:
    others = tuple(path for path in repository_files if path != Path(__file__))
    assert lines_matching(others, REGISTRY_HOST) == []


def test_every_link_of_a_text_leads_to_a_file(repository_files: tuple[Path, ...]) -> None:
    broken = [
        f"{path}: {target}"
        for path in repository_files
        if path.suffix == ".md"
        for target in LINK.findall(path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]
    assert broken == []


def test_every_dependency_is_pinned(root: Path) -> None:
    project = read_project(root)
    runtime, rest = pins_of(root / "requirements.lock"), pins_of(root / "requirements-dev.lock")
    extras = project["optional-dependencies"]
    assert names_of(project["dependencies"]) - runtime.keys() == set()
    assert names_of(extras["dev"] + extras["training"]) - (runtime | rest).keys() == set()


def test_no_package_is_pinned_twice(root: Path) -> None:
    both = pins_of(root / "requirements.lock").keys() & pins_of(root / "requirements-dev.lock")
    assert both == set()


def test_the_lock_holds_no_second_qt(root: Path) -> None:
    pinned = pins_of(root / "requirements.lock") | pins_of(root / "requirements-dev.lock")
    assert not pinned.keys() & {"opencv-python", "pyside6", "pyside6-addons", "pyqt5", "pyqt6"}


def test_torch_is_pinned_by_version_alone(root: Path) -> None:
    assert re.fullmatch(r"[\d.]+", pins_of(root / "requirements.lock")["torch"])


def test_the_version_is_said_once(root: Path) -> None:
    assert himapp.__version__ == read_project(root)["version"]


def test_every_sample_photo_states_its_licence(root: Path) -> None:
    samples = root / "resources" / "samples"
    said = (samples / "README.md").read_text(encoding="utf-8")
    photos = [path.name for path in samples.iterdir() if path.suffix in BINARY]
    assert photos
    assert [name for name in photos if f"`{name}`" not in said] == []
