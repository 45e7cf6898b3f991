"""A real server under callgrind: instructions of its one worker for each request."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import callgrind, places, profile

SMALL, LARGE = 50, 450
START_SECONDS = 120


def gunicorn(port: int) -> list[str]:
    """One worker with two threads."""
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--bind", f"127.0.0.1:{port}", "--workers=1"]
    return [*command, "--worker-class=gthread", "--threads=2", "--timeout=600", "served:app"]


def uwsgi(port: int) -> list[str]:
    """One worker with two threads."""
    command = [str(Path(sysconfig.get_path("scripts")) / "uwsgi"), "--http-socket", f"127.0.0.1:{port}", "--master"]
    command += [
        "--die-on-term",
        "--need-app",
        "--processes=1",
        "--threads=2",
        "--disable-logging",
        "--module=served:app",
    ]
    return [*command, *(["--home", sys.prefix] if sys.prefix != sys.base_prefix else [])]


COMMANDS = {"gunicorn": gunicorn, "uwsgi": uwsgi}


def instructions(server: str, attach: bool) -> float:
    """Instructions of the worker for one request: all its threads but the agent's own."""
    with places.runtime_directory() as directory, tempfile.TemporaryDirectory() as scratch:
        with _running(server, attach, directory, Path(scratch)) as port:
            said, pid = _get(port, "/worker").split()
            assert said == ("yes" if attach else "no")
            callgrind.tell(int(pid), "instrumentation on")
            for count in (SMALL, SMALL, LARGE):
                for _ in range(count):
                    _get(port, "/")
                callgrind.tell(int(pid), "dump")
        # The first block is for warming up.
        small, large = (_counted(Path(scratch), int(pid), part) for part in (2, 3))
    return (large - small) / (LARGE - SMALL)


@contextmanager
def _running(server: str, attach: bool, directory: Path, scratch: Path) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = places.environment(directory, BENCH_ATTACH=str(int(attach)))
    environment["PYTHONPATH"] += os.pathsep + str(places.GUESTS)
    command = [*callgrind.valgrind(scratch / "out.%p", "--trace-children=yes"), *COMMANDS[server](port)]
    with (scratch / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=places.GUESTS, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait(port, scratch / "log")
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            _get(port, "/")
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the server never answered:\n{log.read_text()}")


def _get(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read().decode()
        assert response.status == 200, f"{path}: {response.status}"
        return body
    finally:
        connection.close()


def _counted(scratch: Path, pid: int, part: int) -> int:
    """What the worker's threads counted in one part."""
    files = list(scratch.glob(f"out.{pid}.{part}-*"))
    assert files, f"callgrind wrote no part {part}: {sorted(path.name for path in scratch.iterdir())}"
    threads = [profile.read(path) for path in files]
    # The agent's own thread never enters the interpreter; the others serve.
    serving = [thread for thread in threads if any("PyEval" in name for _, name in thread.exclusive)]
    return sum(sum(thread.exclusive.values()) for thread in serving)
