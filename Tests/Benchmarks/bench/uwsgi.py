"""A real uWSGI of many workers with its stats socket, and what watches it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from . import places

START_SECONDS = 60


def uwsgitop(stats: Path) -> list[str]:
    """The command that watches a server, once a second."""
    scripts = sysconfig.get_path("scripts")
    program = shutil.which("uwsgitop", path=os.pathsep.join([scripts, os.environ["PATH"]]))
    assert program, "uwsgitop is not installed: pip install uwsgitop"
    return [sys.executable, program, "--frequency", "1", str(stats)]


@contextlib.contextmanager
def running(directory: Path, processes: int, serving: int) -> Iterator[Path]:
    """So many workers, which are asked twice as many times a second as ``serving`` says; their stats socket."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    stats = directory / "stats.sock"
    log = directory / "uwsgi.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            _command(port, processes, stats), cwd=places.GUESTS, stdout=out, stderr=out, start_new_session=True
        )
    done = threading.Event()
    client = threading.Thread(target=_ask, args=(port, 0.5 / max(1, serving), done), daemon=True)
    try:
        _wait(stats, processes, log)
        client.start()
        yield stats
    finally:
        done.set()
        if client.is_alive():
            client.join()
        # The whole session of its own: hundreds of workers are not asked one by one.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _command(port: int, processes: int, stats: Path) -> list[str]:
    program = Path(sysconfig.get_path("scripts")) / "uwsgi"
    command = [str(program), "--http-socket", f"127.0.0.1:{port}", "--master", f"--processes={processes}"]
    command += [f"--stats={stats}", "--disable-logging", "--need-app", "--wsgi-file=answering.py"]
    return [*command, *(["--home", sys.prefix] if sys.prefix != sys.base_prefix else [])]


def _wait(stats: Path, processes: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError), socket.socket(socket.AF_UNIX) as client:
            client.connect(str(stats))
            answer = b"".join(iter(lambda: client.recv(1 << 16), b""))
            if sum(worker["pid"] > 0 for worker in json.loads(answer)["workers"]) == processes:
                return
        time.sleep(0.1)
    raise AssertionError(f"uWSGI never started:\n{log.read_text()}")


def _ask(port: int, pause: float, done: threading.Event) -> None:
    while not done.wait(pause):
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/")
            connection.getresponse().read()
            connection.close()
