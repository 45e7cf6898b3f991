"""A worker that holds the GIL or is stopped does not silence the others, nor itself."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest
from support import agent, load
from support.server import GUNICORN_THREADS_PRELOAD, UWSGI, Mode, Server

MODES = [GUNICORN_THREADS_PRELOAD, UWSGI]


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_answers_within_100_ms_while_every_worker_holds_the_gil(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode)
    expected = server.worker_pids()
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == expected)
    milliseconds = 3000
    clients = [
        threading.Thread(target=server.get, args=(f"/hold-gil/{milliseconds}",)) for _ in range(mode.workers * 2)
    ]
    begun = time.monotonic()
    for client in clients:
        client.start()
    agent.wait_snapshot(server.directory, lambda seen: seen["totals"]["in_flight"] >= 1)
    took = []
    while time.monotonic() - begun < milliseconds / 1000 - 0.5:
        seconds, document = agent.timed_snapshot(server.directory)
        took.append(seconds)
        assert agent.pids(document) == expected
        assert document["totals"]["in_flight"] >= 1
        time.sleep(0.02)
    assert len(took) >= 20
    assert agent.percentile(took, 0.95) < 0.1, sorted(took)[-5:]
    for client in clients:
        client.join()


@pytest.mark.parametrize("mode", MODES, ids=str)
@pytest.mark.parametrize("victim", ["leader", "other"])
def test_answers_within_two_seconds_while_one_is_stopped(start: Callable[..., Server], mode: Mode, victim: str) -> None:
    server = start(mode)
    expected = server.worker_pids()
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == expected)
    load.send(server, ["/chat/1"] * 10)
    leader = agent.leader(server.directory)
    assert leader in expected
    pid = leader if victim == "leader" else next(pid for pid in expected if pid != leader)
    os.kill(pid, signal.SIGSTOP)
    try:
        seconds, document = agent.timed_snapshot(server.directory)
        assert seconds < 2
        assert agent.pids(document) == expected
        assert document["totals"]["requests"] >= 10
        agent.until(lambda: states(agent.dump(server.directory)), lambda seen: seen[pid] == "stopped", 4)
    finally:
        os.kill(pid, signal.SIGCONT)
    # The former leader must notice that it is one no more: one socket, one answer, nothing unlinked.
    time.sleep(0.7)
    for _ in range(10):
        assert agent.pids(agent.snapshot(server.directory)) == expected


def states(document: agent.Snapshot) -> dict[int, str]:
    return {worker["pid"]: worker["state"] for worker in document["workers"]}


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_the_segment_is_read_while_all_are_stopped(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode)
    expected = server.worker_pids()
    load.send(server, ["/chat/1"] * 10)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == expected)
    for pid in expected:
        os.kill(pid, signal.SIGSTOP)
    try:
        document = agent.dump(server.directory)
        assert sorted(worker["pid"] for worker in document["workers"]) == expected
        assert {worker["state"] for worker in document["workers"]} == {"stopped"}
        assert document["totals"]["requests"] >= 10
    finally:
        for pid in expected:
            os.kill(pid, signal.SIGCONT)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == expected)
