"""The rule of tests/conftest.py that no test reaches another machine does fire."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

# Addresses that RFC 5737 and RFC 3849 keep for examples: nobody is there.
ELSEWHERE = ("192.0.2.1", "2001:db8::1")


@pytest.mark.parametrize(
    "reach",
    [
        lambda: socket.create_connection((ELSEWHERE[0], 80), 0.1),
        lambda: socket.socket(socket.AF_INET6).connect((ELSEWHERE[1], 80)),
        lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"", (ELSEWHERE[0], 53)),
        lambda: socket.getaddrinfo("example.org", 80),
        lambda: socket.gethostbyname("example.org"),
    ],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_another_machine_is_refused(reach: Callable[[], object]) -> None:
    with pytest.raises(PermissionError, match="allow no network"):
        reach()


def test_this_machine_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname(), 5) as client:
            assert client.getpeername() == server.getsockname()
        with socket.create_connection(("localhost", server.getsockname()[1]), 5):
            pass


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no such sockets")
def test_sockets_that_are_files_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind("here")
        server.listen()
        client.connect("here")
