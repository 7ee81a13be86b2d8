"""What holds for every test: a warning in the log fails it, there is no network, home is safe."""

import ipaddress
import logging
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# A deadline would measure the machine, not the code; a run in CI repeats exactly.
settings.register_profile("himapp", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("himapp")


_WITH_ADDRESS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_WITH_HOST = {"socket.getaddrinfo", "socket.gethostbyname"}


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
    if name in ("", "localhost", socket.gethostname()):
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
