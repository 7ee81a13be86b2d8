"""What holds for every test: a warning in the log fails it, there is no network, home is safe."""

import hashlib
import ipaddress
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# A deadline would measure the machine, not the code; a run in CI repeats exactly.
settings.register_profile("himapp", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("himapp")


_WITH_ADDRESS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_WITH_HOST = {"socket.getaddrinfo", "socket.gethostbyname"}
_OWN_NAME = socket.gethostname()  # here, not in the hook: asking for it is an event as well


def _refuse_network(event: str, args: tuple[object, ...]) -> None:
    """Stop a test that reaches for another machine; this one's own addresses are fine."""
    host: object = None
    if event in _WITH_ADDRESS and args[0].family in (socket.AF_INET, socket.AF_INET6):
        host = args[1][0] if args[1] else None
    elif event in _WITH_HOST:
        host = args[0]
    if host is not None and not _is_this_machine(host):
        raise PermissionError(f"The tests allow no network: {event} to {host}")


def _is_this_machine(host: object) -> bool:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if name in ("", "localhost", _OWN_NAME):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


# An audit hook sees what any code does, however it came to the socket; it cannot be taken off.
sys.addaudithook(_refuse_network)


class _WarningCollector(logging.Handler):
    """Keeps the records of level WARNING and above."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(autouse=True)
def _no_log_warning(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test in which something warned in the log without the test being about it."""
    collector = _WarningCollector()
    root = logging.getLogger()
    root.addHandler(collector)
    yield
    root.removeHandler(collector)
    if request.node.get_closest_marker("expects_log_warning") is not None:
        return
    if collector.records:
        lines = [f"{r.levelname} {r.name}: {r.getMessage()}" for r in collector.records]
        pytest.fail("Unexpected warnings in the log:\n" + "\n".join(lines), pytrace=False)


@pytest.fixture(autouse=True)
def _no_home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the user's own settings and logs out of the tests, and the tests out of them."""
    folder: Path = tmp_path_factory.getbasetemp() / "home"
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(folder / variable.lower()))


@dataclass(frozen=True, slots=True)
class OddFiles:
    """The corpus of odd and bad files.

    Attributes:
        folder: where they lie.
        expected: by name, what make_odd_files.py says of each.
    """

    folder: Path
    expected: dict[str, dict[str, Any]]

    def fingerprint(self) -> dict[str, object]:
        """Return what must stay the same about every file."""
        return {path.name: _fingerprint(path) for path in sorted(self.folder.iterdir())}

    def find_fault(self, name: str, size: tuple[int, int] | None, sentence: str) -> str | None:
        """Say what is wrong about how a file was opened (its size) or refused (a sentence)."""
        expected = self.expected[name]
        if size is not None:
            wanted = expected.get("size", "a refusal")
            return None if wanted in (None, list(size)) else f"{name}: {size}, not {wanted}"
        is_one = sentence.endswith(".") and "\n" not in sentence and "“" in sentence
        if is_one and expected.get("refusal", "opens") in sentence:
            return None
        return f"{name}: {sentence!r}, not {expected}"


def _fingerprint(path: Path) -> object:
    if path.is_symlink() or not path.is_file():
        return path.readlink() if path.is_symlink() else path.stat().st_mode
    facts = path.stat()
    return hashlib.sha256(path.read_bytes()).hexdigest(), facts.st_mtime_ns, facts.st_mode


@pytest.fixture(scope="session")
def odd_files(tmp_path_factory: pytest.TempPathFactory) -> OddFiles:
    """The corpus, made once."""
    folder = tmp_path_factory.mktemp("odd") / "files"
    script = Path(__file__).parent / "data" / "make_odd_files.py"
    subprocess.run([sys.executable, str(script), "--out", str(folder)], check=True, timeout=120)
    table = folder / "expected.json"
    expected = json.loads(table.read_text(encoding="utf-8"))
    table.unlink()
    return OddFiles(folder, expected)


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let 3 GB be free, so that a file that promises gigapixels is refused on every machine."""
    monkeypatch.setattr("himapp.imaging.readers.limits.available_memory", lambda: 3 * 10**9)
