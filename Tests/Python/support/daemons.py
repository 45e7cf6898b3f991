"""Servers that an application talks to: each on loopback, with a directory of its own, ended with its test."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

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
        process.kill()
        process.wait(timeout=10)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
