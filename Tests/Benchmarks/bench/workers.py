"""Fake workers that are real agents: many processes at little cost."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import places


@contextmanager
def running(
    directory: Path, workers: int, threads: int = 8, open_requests: int = 0, serving: int = 0
) -> Iterator[Path]:
    """So many workers, attached; the socket that answers for them.

    ``open_requests`` threads of each worker stay in a request; ``serving`` workers go on to serve a few.
    """
    process = subprocess.Popen(
        places.guest("workers.py", workers, threads, open_requests, serving), env=places.environment(directory),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n", "the workers did not start"
        (socket,) = directory.glob("*.sock")
        yield socket
    finally:
        process.stdin.close()
        process.wait()
