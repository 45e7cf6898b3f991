"""kill -9 in a loop, under load: the socket comes back, no record is torn, the dead are remembered."""

from __future__ import annotations

import os
import signal
import statistics
from collections.abc import Callable
from dataclasses import replace

import pytest
from support import agent, load
from support.server import GUNICORN_THREADS_PRELOAD, UWSGI, Mode, Server

MODES = [replace(GUNICORN_THREADS_PRELOAD, workers=3), replace(UWSGI, workers=3)]
QUICK_ROUNDS, LONG_ROUNDS = 40, 100


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_the_socket_is_back_and_the_dead_are_marked(
    start: Callable[..., Server], mode: Mode, is_long: bool, record_testsuite_property: Callable[[str, object], None]
) -> None:
    server = start(mode)
    took: list[float] = []
    with load.running(server, ["/chat/1", "/", "/stream"]) as statuses:
        for round_number in range(LONG_ROUNDS if is_long else QUICK_ROUNDS):
            expected = server.worker_pids()
            agent.wait_snapshot(
                server.directory, lambda seen, wanted=expected: set(wanted) <= set(agent.pids(seen)), 10
            )
            leader = agent.leader(server.directory)
            others = [pid for pid in expected if pid != leader]
            pid = leader if round_number % 2 == 0 else others[round_number // 2 % len(others)]
            os.kill(pid, signal.SIGKILL)
            seconds, document = agent.timed_snapshot(server.directory)
            if pid == leader:
                took.append(seconds)
            check(document)
            agent.wait_snapshot(server.directory, lambda seen, dead=pid: is_marked_dead(seen, dead), 5)
            agent.until(server.worker_pids, lambda now: len(now) == mode.workers, 10)
    record_testsuite_property(f"{mode} takeover_median_ms", statistics.median(took) * 1000)
    record_testsuite_property(f"{mode} takeover_p95_ms", agent.percentile(took, 0.95) * 1000)
    assert agent.percentile(took, 0.95) < 0.2, sorted(took)
    assert statuses[200] > len(took)
    assert not statuses[500]


def is_marked_dead(document: agent.Snapshot, pid: int) -> bool:
    return [worker["liveness"] for worker in document["workers"] if worker["pid"] == pid] == ["dead"]


def check(document: agent.Snapshot) -> None:
    """What no whole record can violate."""
    for worker in document["workers"]:
        assert 0 <= worker["in_flight"] <= 64
        assert worker["requests"] >= worker["exceptions"] >= 0
        assert worker["depth"]["app"] <= len(worker["units"]) and worker["depth"]["app_max"] <= 1
        assert worker["events_dropped"] == worker["records_unstable"] == 0
        for unit in worker["units"]:
            assert unit["requests"] <= worker["requests"]
            if unit["request"] and unit["request"]["endpoint"] is not None:
                assert unit["request"]["endpoint"] in ("chat", "index", "stream")


@pytest.mark.parametrize("mode", [GUNICORN_THREADS_PRELOAD, UWSGI], ids=str)
def test_what_a_dead_worker_held_is_still_there(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode)
    with load.running(server, ["/slow/4000"], clients=1):
        document = agent.wait_snapshot(server.directory, lambda seen: seen["totals"]["connections_checked_out"] == 1)
        [holder] = [worker for worker in document["workers"] if worker["connections_checked_out"]]
        os.kill(holder["pid"], signal.SIGKILL)
        document = agent.wait_snapshot(server.directory, lambda seen: is_marked_dead(seen, holder["pid"]), 3)
    [dead] = [worker for worker in document["workers"] if worker["pid"] == holder["pid"]]
    assert dead["connections_checked_out"] == 1
    [connection] = [one for one in dead["connections"] if one["holder"]]
    assert connection["holder"]["endpoint"] == "slow"
