"""kill -9 in a loop, under load: the socket comes back, no record is torn, the dead are remembered with all that was
complete, and no slot or lock gets lost."""

from __future__ import annotations

import os
import random
import re
import signal
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from support import agent, load
from support.server import GUNICORN_THREADS_PRELOAD, UWSGI, Mode, Server

MODES = [replace(GUNICORN_THREADS_PRELOAD, workers=3), replace(UWSGI, workers=3)]
QUICK_ROUNDS, LONG_ROUNDS = 40, 1000
#: Slots of the dead that are kept as evidence (SlotClaim.swift), and those of workers that die before the next begin.
DEAD_KEPT = 16
SPARE = 4


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_nothing_gets_lost(
    start: Callable[..., Server], mode: Mode, is_long: bool, record_testsuite_property: Callable[[str, object], None]
) -> None:
    server = start(mode, app="hoard:app", environment={"CTXTOP_GUARD": "log"})
    rounds = LONG_ROUNDS if is_long else QUICK_ROUNDS
    chance = random.Random(20261122)
    seen = Seen()
    with failing(server) as answered, load.running(server, ["/", "/take/3", "/give"], clients=1) as statuses:
        for number in range(rounds):
            expected = all_seen(server)
            time.sleep(chance.random() * 0.05)
            leader = agent.leader(server.directory)
            pid = leader if number % 2 == 0 else chance.choice([pid for pid in expected if pid != leader])
            os.kill(pid, signal.SIGKILL)
            seconds, document = agent.timed_snapshot(server.directory)
            if pid == leader:
                seen.takeovers.append(seconds)
            seen.check(document)
            document = agent.wait_snapshot(server.directory, lambda now, dead=pid: is_marked_dead(now, dead), 5)
            seen.check_dead(agent.worker(document, pid), answered, mode.threads)
        check_slots_and_locks(server, all_seen(server))
    born = set(re.findall(r"(?:Booting worker with pid: \[?|awned uWSGI worker \d+ \((?:new )?pid: )(\d+)", server.logged()))
    # A worker may be killed before it is told of.
    assert rounds / 2 < len(born) <= mode.workers + rounds, "nobody dies but whom we kill"
    took = seen.takeovers
    figures = {
        "rounds": rounds,
        "takeover_median_ms": round(statistics.median(took) * 1000, 1),
        "takeover_p95_ms": round(agent.percentile(took, 0.95) * 1000, 1),
        "failures_of_the_dead": seen.failures,
        "records_unstable": seen.unstable,
    }
    for name, value in figures.items():
        record_testsuite_property(f"{mode} {name}", value)
    print(f"\n{mode}: {figures}, answers {dict(statuses)}")
    assert agent.percentile(took, 0.95) < 0.2, sorted(took)
    assert seen.failures > rounds / 4, "the dead had failures to remember"
    assert statuses[200] > len(took)
    assert not statuses[500]


@dataclass
class Seen:
    """What was seen of the service over all rounds."""

    takeovers: list[float] = field(default_factory=list)
    #: Teardown failures that workers had when they died.
    failures: int = 0
    #: Records that a worker was writing when it died: said to be so, and not shown.
    unstable: int = 0

    def check(self, document: agent.Snapshot) -> None:
        """What no whole record can violate."""
        for worker in document["workers"]:
            assert 0 <= worker["in_flight"] <= 64
            assert worker["requests"] >= worker["exceptions"] >= 0
            assert worker["depth"]["app"] <= len(worker["units"]) and worker["depth"]["app_max"] <= 1
            assert worker["events_dropped"] == 0
            # Of a worker that lives: one that is just being written, by a thread that the machine does not let run.
            assert worker["records_unstable"] <= len(worker["units"]) + 2
            assert len(worker["resources"]) + worker["records_unstable"] <= 3
            for unit in worker["units"]:
                assert unit["requests"] <= worker["requests"]
                if unit["request"] and unit["request"]["endpoint"] is not None:
                    assert unit["request"]["endpoint"] in ("fail", "give", "index", "take")
            for failure in worker["failures"]:
                assert failure["function"] == "hoard.drop" and failure["exception"] == "RuntimeError"
                # Two exact counts, of which the one is added to just before the other, by each thread.
                assert failure["count"] <= worker["teardown_failures"] + len(worker["units"])

    def check_dead(self, worker: dict[str, object], answered: Counter[int], threads: int) -> None:
        """Whoever was answered has seen a failure that was complete; those that were not answered are few."""
        pid, recorded = worker["pid"], worker["teardown_failures"]
        assert isinstance(pid, int) and isinstance(recorded, int)
        # An answer may still be on its way through the client.
        agent.until(lambda: answered[pid], lambda said: said >= recorded - threads, 2)
        assert answered[pid] <= recorded <= answered[pid] + threads
        # The kernel may give the number to another worker.
        del answered[pid]
        self.failures += recorded
        unstable = worker["records_unstable"]
        assert isinstance(unstable, int) and unstable <= threads
        self.unstable += unstable


@contextmanager
def failing(server: Server, clients: int = 2) -> Iterator[Counter[int]]:
    """Requests whose teardown fails, all the time; counts the answers by the worker that gave them."""
    ended = threading.Event()
    answered: Counter[int] = Counter()
    lock = threading.Lock()

    def client() -> None:
        while not ended.is_set():
            answer = server.get("/fail", timeout=5)
            if answer.status == 200:
                with lock:
                    answered[int(answer.body)] += 1

    threads = [threading.Thread(target=client, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield answered
    finally:
        ended.set()
        for thread in threads:
            thread.join(timeout=20)


def all_seen(server: Server) -> list[int]:
    """The workers, once there are as many as there should be and each is seen."""

    def look() -> tuple[list[int], list[int]]:
        return server.worker_pids(), agent.pids(agent.snapshot(server.directory))

    pids, _ = agent.until(look, lambda it: it[0] == it[1] and len(it[0]) == server.mode.workers, 10)
    return pids


def check_slots_and_locks(server: Server, pids: list[int]) -> None:
    """Each worker has one slot and one lock, the dead have none, and their slots were used again."""
    document = agent.wait_snapshot(
        server.directory, lambda now: not any(worker["records_unstable"] for worker in agent.live(now))
    )
    assert agent.pids(document) == pids
    dead = [worker for worker in document["workers"] if worker["liveness"] == "dead"]
    assert 0 < len(dead) <= DEAD_KEPT + SPARE
    assert len(document["workers"]) == len(pids) + len(dead)
    inode = next(server.directory.glob("*.lock")).stat().st_ino
    locks = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    held = [(int(lock[-4]), lock[-2]) for lock in locks if "->" not in lock and lock[-3].endswith(f":{inode}")]
    assert sorted(pid for pid, _ in held) == pids
    assert len({byte for _, byte in held}) == len(pids)


def is_marked_dead(document: agent.Snapshot, pid: int) -> bool:
    return any(worker["pid"] == pid for worker in document["workers"]) and (
        agent.worker(document, pid)["liveness"] == "dead"
    )


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
