"""Reloads leave nothing behind: no descriptor, no thread, no slot, no file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support import agent, load
from support.server import GUNICORN_THREADS, GUNICORN_THREADS_PRELOAD, UWSGI_LAZY, Mode, Server

QUICK_RELOADS, LONG_RELOADS = 6, 100


def footprint(server: Server) -> dict[str, int]:
    """What must stay flat, of the master and of its workers."""
    master, workers = server.process.pid, server.worker_pids()
    return {
        "master_descriptors": len(descriptors(server, master)),
        "descriptors": max(len(descriptors(server, pid)) for pid in workers),
        "master_threads": len(list(Path(f"/proc/{master}/task").iterdir())),
        "threads": max(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in workers),
        "slots": len(agent.snapshot(server.directory)["workers"]),
        "files": len(list(server.directory.iterdir())),
    }


def descriptors(server: Server, pid: int) -> list[str]:
    """Open descriptors but for those of the database: which threads served decides how many it opened."""
    links = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            links.append(os.readlink(entry))
    return [link for link in links if not link.startswith(str(server.scratch / "shop.db"))]


@pytest.mark.parametrize("mode", [GUNICORN_THREADS, GUNICORN_THREADS_PRELOAD, UWSGI_LAZY], ids=str)
def test_everything_stays_flat(start: Callable[..., Server], mode: Mode, is_long: bool) -> None:
    server = start(mode)
    settled(server, [])
    before = footprint(server)
    assert before["master_threads"] == 1
    for _ in range(LONG_RELOADS if is_long else QUICK_RELOADS):
        old = server.worker_pids()
        server.reload()
        settled(server, old)
    agent.until(lambda: footprint(server), lambda now: is_flat(before, now, mode), 5)


def is_flat(before: dict[str, int], now: dict[str, int], mode: Mode) -> bool:
    """Whether nothing has grown. A worker's own threads and descriptors depend a little on who leads and on how
    many threads of its pool have served; what a reload left behind would be there once for each of them.
    """
    slack = {"threads": mode.threads, "descriptors": 4}
    return all(count <= before[what] + slack.get(what, 0) for what, count in now.items())


def settled(server: Server, old: list[int]) -> None:
    """Wait until all workers are new ones, have served, and are the only ones seen."""
    agent.until(server.worker_pids, lambda now: len(now) == server.mode.workers and not set(now) & set(old), 30)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == server.worker_pids(), 10)
    # Threads and connections that a worker makes at its first requests belong to the server's footprint.
    for _ in range(3):
        load.send(server, ["/"] * 8, clients=4)
    server.truths()
    agent.wait_snapshot(server.directory, lambda seen: seen["totals"]["in_flight"] == 0)
