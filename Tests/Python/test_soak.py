"""A busy day without a single defect: nobody is told of one, in any snapshot, and in the end all is at rest."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from support import agent
from support.server import GUNICORN_GEVENT, GUNICORN_THREADS, UWSGI, Mode, Server

#: What is asked for, how often among a thousand requests, and the status that is its answer.
TRAFFIC = {
    "/": (200, 200),
    "/cart": (150, 200),
    "/chat/1": (200, 200),
    "/teapot": (50, 418),
    "/nowhere": (40, 404),
    "/handled": (50, 409),
    "/unhandled": (20, 500),
    "/aborted": (30, 404),
    "/nested": (50, 200),
    "/rolled-back": (40, 200),
    "/removed": (40, 200),
    "/invalidated": (20, 200),
    "/detached": (20, 200),
    "/disposed": (4, 200),
    "/stream": (20, 200),
    "/streamed": (20, 200),
    "/endless": (4, 200),
    "/thread": (20, 200),
    "/copied": (20, 200),
    "/client": (20, 200),
    "/busy/20": (20, 200),
    "/slow/700": (2, 200),
}
CLIENTS = 8
#: Each worker is replaced after so many requests, all of them by a reload now and then.
LIFETIME = 1500
MODES = [replace(GUNICORN_THREADS, threads=4), GUNICORN_GEVENT, replace(UWSGI, threads=4)]


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_no_verdict_on_healthy_traffic(start: Callable[..., Server], is_long: bool, mode: Mode) -> None:
    count, until_reload = (70_000, 30) if is_long else (3_000, 6)
    soak(start, mode, count, until_reload)


def test_memory_is_sound(start: Callable[..., Server], is_long: bool) -> None:
    """Every piece of memory is checked when it is freed, and finalizers run wherever they can."""
    checks = {"PYTHONMALLOC": "debug", "PYTHONFAULTHANDLER": "1", "BUSY_COLLECTS": "5"}
    server = soak(start, MODES[0], 6_000 if is_long else 600, 60, checks)
    # gunicorn tells what its workers died of.
    crashes = ("Fatal Python error", "SIGSEGV", "SIGABRT", "SIGBUS")
    assert [line for line in server.logged().splitlines() if any(crash in line for crash in crashes)] == []


def soak(
    start: Callable[..., Server], mode: Mode, count: int, until_reload: float, environment: dict[str, str] | None = None
) -> Server:
    recycling = {
        "GUNICORN_CMD_ARGS": f"--max-requests {LIFETIME} --max-requests-jitter 200",
        "UWSGI_MAX_REQUESTS": str(LIFETIME),
        "UWSGI_MIN_WORKER_LIFETIME": "1",
        "SHOP_POOL_SIZE": "20",
    }
    server = start(mode, environment={**recycling, **(environment or {})}, app="busy:app")
    with judged(server) as verdicts:
        load = Load(server, count)
        load.wait(until_reload)
        while load.is_running():
            server.reload()
            load.wait(until_reload)
        document = agent.until(lambda: look(server), is_at_rest, 20)
    print(f"{mode}: {count} requests, {load.lost} lost, {verdicts.looks} snapshots, {len(verdicts.seen)} verdicts")
    assert verdicts.seen == {}
    assert verdicts.looks > count / 500
    assert load.wrong == {}, server.logged()[-4000:]
    # Whoever is in the middle of being replaced may drop a visitor.
    assert load.lost <= count / 100
    assert document["verdicts"] == [] and document["totals"]["teardown_failures"] == 0
    return server


def is_at_rest(document: agent.Snapshot) -> bool:
    workers = agent.live(document)
    return bool(workers) and all(
        worker["in_flight"] == worker["connections_checked_out"] == worker["contexts_leaked"] == 0
        and worker["depth"]["app"] == worker["depth"]["request"] == 0
        and worker["contexts"] == []
        for worker in workers
    )


class Load:
    """Visitors that send so many requests together, and judge the answers."""

    def __init__(self, server: Server, count: int) -> None:
        self._server = server
        self._left = count
        self._lock = threading.Lock()
        self.wrong: Counter[tuple[str, int]] = Counter()
        self.lost = 0
        self._threads = [threading.Thread(target=self._visit, args=(seed,), daemon=True) for seed in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def is_running(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0, deadline - time.monotonic()))

    def _visit(self, seed: int) -> None:
        chance = random.Random(seed)
        paths, weights = list(TRAFFIC), [weight for weight, _ in TRAFFIC.values()]
        while self._take():
            [path] = chance.choices(paths, weights)
            status = request(self._server.port, path, stays=path != "/endless")
            if status == 0:
                self.lost += 1
            elif status != TRAFFIC[path][1]:
                with self._lock:
                    self.wrong[path, status] += 1

    def _take(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left >= 0


def request(port: int, path: str, stays: bool) -> int:
    """The status of an answer; 0 without one. Who does not stay goes with the first part of it."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            client.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            first = client.recv(65536)
            while stays and client.recv(65536):
                pass
        return int(first.split(None, 2)[1])
    except (OSError, IndexError, ValueError):
        return 0


def look(server: Server) -> agent.Snapshot:
    """A judged snapshot. Who answers may just be going: then there is none."""
    result = agent.run_program(server.directory, "dump", agent.target(server.directory), "--format", "json")
    if result.returncode != 0:
        raise agent.NoAnswer(result.stderr)
    document: agent.Snapshot = json.loads(result.stdout)
    return document


class Verdicts:
    """All verdicts of all snapshots."""

    def __init__(self) -> None:
        self.seen: dict[str, Any] = {}
        self.looks = 0


@contextmanager
def judged(server: Server) -> Iterator[Verdicts]:
    """Asks for a judgement again and again while the block runs."""
    ended, verdicts = threading.Event(), Verdicts()

    def watch() -> None:
        while not ended.is_set():
            with suppress(agent.NoAnswer):
                document = look(server)
                verdicts.looks += 1
                for verdict in document["verdicts"]:
                    verdicts.seen.setdefault(f"{verdict['code']} {verdict['message']}", document)
            ended.wait(0.05)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield verdicts
    finally:
        ended.set()
        thread.join(timeout=20)
