"""Recycle and the control level, on real servers: who is replaced, when, by whose leave."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from support import agent, load
from support.server import GUNICORN_THREADS, UWSGI, Mode, Server
from test_s3_poisoned import poison

RECYCLE = {"CTXTOP_RECYCLE": "1"}
SERVERS = [GUNICORN_THREADS, UWSGI]
#: A worker that leaks is left alone in its first five seconds, and then asks twice a second.
SECONDS = 15


def replaced(server: Server, pid: int, seconds: float = SECONDS) -> None:
    agent.until(server.worker_pids, lambda now: pid not in now and len(now) == server.mode.workers, seconds)


def leaking(server: Server) -> int:
    """The pid of the one worker that left a context behind."""
    document = agent.wait_snapshot(server.directory, lambda seen: seen["totals"]["contexts_leaked"] > 0)
    [worker] = [worker for worker in agent.live(document) if worker["contexts_leaked"] > 0]
    return int(worker["pid"])


@pytest.mark.parametrize("mode", SERVERS, ids=str)
def test_a_poisoned_worker_is_replaced_and_cuts_nobody(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode, "S3", RECYCLE)
    poison(server)
    pid = leaking(server)
    others = set(server.worker_pids()) - {pid}
    # All threads of both workers: the leaking one is in the middle of some when it could go.
    with ThreadPoolExecutor(4) as pool:
        time.sleep(3)
        slow = [pool.submit(server.get, "/slow/3000") for _ in range(4)]
        assert [answer.result().status for answer in slow] == [200] * 4
    replaced(server, pid)
    assert others < set(server.worker_pids()), "only the leaking worker may go"
    agent.until(lambda: agent.codes(agent.dump(server.directory)), lambda codes: not codes, 5)
    assert f"worker {pid} was replaced: it left something behind for good" in server.logged()
    assert {answer.status for answer in load.send(server, ["/"] * 20)} == {200}


@pytest.mark.parametrize("mode", SERVERS, ids=str)
def test_one_at_a_time(start: Callable[..., Server], mode: Mode) -> None:
    server = start(replace(mode, workers=4), "S1", {**RECYCLE, "SHOP_POOL_SIZE": "20"})
    before = set(server.worker_pids())
    for _ in range(40):
        load.send(server, ["/cart"] * 8, clients=8)
        document = agent.snapshot(server.directory)
        if len([worker for worker in agent.live(document) if worker["teardown_failures"]]) == 4:
            break
    else:
        raise AssertionError("not every worker met the defect")
    fewest = 4
    with load.running(server, ["/", "/chat/1"], clients=4) as statuses:
        deadline = time.monotonic() + 40
        while set(server.worker_pids()) & before and time.monotonic() < deadline:
            fewest = min(fewest, len(server.worker_pids()))
            time.sleep(0.005)
    assert not set(server.worker_pids()) & before
    assert fewest == 3
    assert set(statuses) == {200}
