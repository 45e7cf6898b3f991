"""Servers that an application talks to: each on loopback, with a directory of its own, ended with its test."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from support.server import free_port

_START_SECONDS = 20


@contextlib.contextmanager
def memcached() -> Iterator[str]:
    """A memcached; its address."""
    program = shutil.which("memcached")
    assert program, "memcached is not installed (Debian: memcached)"
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with _running([program, "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m", "8", "-t", "1", *user], port):
        yield f"127.0.0.1:{port}"


@contextlib.contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(port):
            assert process.poll() is None and time.monotonic() < deadline, f"did not start: {' '.join(command)}"
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def postgresql() -> Iterator[int]:
    """A PostgreSQL that trusts everybody; its port."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert programs, "PostgreSQL is not installed (Debian: postgresql)"
    port = free_port()
    # It refuses to run as root.
    drop = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    data = Path(tempfile.mkdtemp(prefix="ctxtop-postgresql-"))
    try:
        if drop:
            shutil.chown(data, "nobody", "nogroup")
        make = [*drop, str(programs[-1] / "initdb"), "-D", str(data), "-U", "shop", "-A", "trust", "--no-sync"]
        subprocess.run(make, cwd="/", check=True, stdout=subprocess.DEVNULL, timeout=_START_SECONDS * 3)
        options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={data}", "-c", "fsync=off"]
        with _running([*drop, str(programs[-1] / "postgres"), "-D", str(data), "-p", str(port), *options], port):
            yield port
    finally:
        shutil.rmtree(data, ignore_errors=True)
