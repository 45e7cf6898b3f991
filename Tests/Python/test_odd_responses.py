"""Whatever an application answers its server, the client gets byte by byte what it gets without ctxtop."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import replace

import pytest
from support import agent
from support.server import APPS, GUNICORN_SYNC, GUNICORN_THREADS, UWSGI, Mode, Server

MODES = [replace(mode, workers=1) for mode in (GUNICORN_SYNC, GUNICORN_THREADS, UWSGI)]
NAMES = re.findall(r'^    "([a-z-]+)": ', (APPS / "odd.py").read_text(), re.MULTILINE)
NAMES += ["raises", "no-start", "written"]


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_clients_get_the_same_bytes(start: Callable[..., Server], mode: Mode) -> None:
    plain = start(mode, environment={"CTXTOP_ENABLED": "0"}, app="odd:app")
    expected = {name: fetch(plain, name) for name in NAMES}
    plain.stop()
    server = start(mode, app="odd:app")
    assert {name: fetch(server, name) for name in NAMES} == expected
    assert len(NAMES) > 20 and b"written and returned" in expected["written"]
    totals = agent.wait_snapshot(server.directory, lambda seen: seen["totals"]["in_flight"] == 0)["totals"]
    assert totals["requests"] == len(NAMES)


def fetch(server: Server, name: str) -> bytes:
    """All that the server sends until it closes, without what depends on the time."""
    parts = []
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(f"GET /{name} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        try:
            while part := client.recv(65536):
                parts.append(part)
        except ConnectionResetError:
            parts.append(b"(reset)")
    return re.sub(rb"(?m)^Date: .*$", b"", b"".join(parts))
