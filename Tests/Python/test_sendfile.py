"""Files that a server sends by itself, without Python reading them, it sends so with ctxtop as well."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from support import agent
from support.server import GUNICORN_SYNC, GUNICORN_THREADS, UWSGI, Mode, Server

SIZE = 10_000_000
MODES = [replace(mode, workers=1) for mode in (GUNICORN_SYNC, GUNICORN_THREADS, UWSGI)]
#: What clients ask for, and with which headers.
REQUESTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "a file": ("GET", "/file", {}),
    "a file in a directory": ("GET", "/directory", {}),
    "a file that the view opened": ("GET", "/passed-through", {}),
    "a part of a file": ("GET", "/file", {"Range": "bytes=1000-2000999"}),
    "a file that has not changed": ("GET", "/file", {"If-Modified-Since": "Wed, 01 Jan 2200 00:00:00 GMT"}),
    "the head of a file": ("HEAD", "/file", {}),
    "a file in memory": ("GET", "/memory", {}),
    "a file that Python reads": ("GET", "/encoded", {}),
}
#: Where the server must not read the file itself.
SENT = {"a file", "a file in a directory", "a file that the view opened"}


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_the_server_sends_files_as_it_does_without_ctxtop(
    start: Callable[..., Server], tmp_path: Path, mode: Mode
) -> None:
    plain = watched(start(mode, environment={"CTXTOP_ENABLED": "0"}, app="files:app"), tmp_path / "plain")
    server = start(mode, app="files:app")
    seen = watched(server, tmp_path / "watched")
    assert seen == plain
    for name, (_status, _body, sent) in seen.items():
        assert sent == (SIZE if name in SENT else 0), f"{name}: {sent} bytes by sendfile"
    document = agent.wait_snapshot(server.directory, lambda now: now["totals"]["in_flight"] == 0)
    assert document["totals"]["requests"] == len(REQUESTS), "it was really ctxtop who looked on"


def watched(server: Server, trace: Path) -> dict[str, tuple[int, str, int]]:
    """For each request: status, hash of the body, and how many bytes the kernel sent from a file."""
    seen, before = {}, 0
    with traced(server, trace):
        for name, (method, path, headers) in REQUESTS.items():
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            body = response.read()
            connection.close()
            # The last call may not have returned yet when the client has everything.
            time.sleep(0.1)
            total = sent(trace)
            seen[name] = (response.status, hashlib.sha256(body).hexdigest(), total - before)
            before = total
    return seen


def sent(trace: Path) -> int:
    calls = re.findall(r"(?:sendfile|sendfile64|splice)(?:\(| resumed).*= (\d+)$", trace.read_text(), re.MULTILINE)
    return sum(map(int, calls))


@contextmanager
def traced(server: Server, trace: Path) -> Iterator[None]:
    """The worker under strace: every thread that it has, and gets."""
    [worker] = server.worker_pids()
    command = ["strace", "-f", "-e", "trace=sendfile,sendfile64,splice", "-o", str(trace), "-p", str(worker)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        agent.until(lambda: tracers(worker), lambda found: found == {process.pid}, 10)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=10)


def tracers(worker: int) -> set[int]:
    """Who traces the threads of a process; 0: nobody."""
    found = set()
    for task in os.listdir(f"/proc/{worker}/task"):
        status = Path(f"/proc/{worker}/task/{task}/status").read_text()
        found.add(int(re.findall(r"TracerPid:\s+(\d+)", status)[0]))
    return found
