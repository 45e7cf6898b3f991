"""Clients that attack the exporter: the application does not feel them, and honest clients are served as ever.

Attackers are processes of lowest priority: what they burn themselves is not what is asked, but what the agent does for
them, at the priority of its server.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from support import agent
from support.guest import GUESTS
from support.server import GUNICORN_THREADS, UWSGI, Mode, Server, python_path

ATTACKS = ["silent", "half", "endless", "deaf", "slow", "flood", "noise", "forbidden", "greedy", "cutting"]
MODES = [replace(GUNICORN_THREADS, workers=1, threads=4), replace(UWSGI, workers=1, threads=4)]
#: Clients of an exporter, and what else it has open for a moment.
DESCRIPTORS = 64 + 8
#: Answers that wait, and the parts that they are made of.
MEGABYTES = 24
#: What the allocator may keep of that.
KEPT = 10
#: Of a processor, when the agent has used up what it has saved: an eighth, and what single rounds exceed it by.
SHARE = 0.2


class Client:
    """A process that is a client of the exporter, in one way or another, from now on."""

    def __init__(self, path: Path, way: str, *arguments: str) -> None:
        command = [sys.executable, str(GUESTS / "clients.py"), str(path), way, *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None and self._process.stdout.readline() == "ready\n"

    def is_done(self) -> bool:
        return self._process.poll() is not None

    def end(self) -> Any:
        """What it has to say in the end."""
        said, _ = self._process.communicate(timeout=60)
        assert self._process.returncode == 0
        return json.loads(said)

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def clients(path: Path, ways: Sequence[str], *arguments: str) -> Iterator[list[Client]]:
    with ExitStack() as stack:
        running = []
        for way in ways:
            running.append(Client(path, way, *arguments))
            stack.callback(running[-1].kill)
        yield running


@dataclass
class Usage:
    """What a worker has, or has used so far."""

    descriptors: int
    megabytes: float
    agent_seconds: float
    other_seconds: float

    @classmethod
    def of(cls, pid: int) -> Usage:
        process = Path(f"/proc/{pid}")
        spent = {True: 0.0, False: 0.0}
        for task in (process / "task").iterdir():
            is_agent = (task / "comm").read_text().strip() == "ctxtop"
            spent[is_agent] += int((task / "schedstat").read_text().split()[0]) / 1e9
        private = [line for line in (process / "smaps_rollup").read_text().splitlines() if line.startswith("Private_")]
        return cls(
            len(os.listdir(process / "fd")), sum(int(line.split()[1]) for line in private) / 1024, spent[True], spent[False]
        )


class Phase:
    """The visits of a while: how long they took, and what the worker needed for each, but for its agent."""

    def __init__(self, visitor: Visitor, pid: int) -> None:
        self._visitor, self._pid = visitor, pid
        self._first, self._before = len(visitor.times), Usage.of(pid)

    def end(self) -> None:
        times = self._visitor.times[self._first :]
        self.count, self.median = len(times), median(times)
        self.cost = (Usage.of(self._pid).other_seconds - self._before.other_seconds) / self.count

    def __str__(self) -> str:
        return f"{self.median:.2f} ms and {self.cost * 1e6:.0f} us of a processor ({self.count} requests)"


class Visitor:
    """Steady visits, one after the other, and how long each took."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.times: list[float] = []
        self.failures: list[str] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._visit, daemon=True)

    def __enter__(self) -> Visitor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def phase(self, pid: int) -> Phase:
        return Phase(self, pid)

    def _visit(self) -> None:
        while not self._ended.wait(0.005):
            begun = time.monotonic()
            answer = self.server.get("/cart", timeout=5)
            self.times.append((time.monotonic() - begun) * 1000)
            if answer.status != 200:
                self.failures.append(f"{answer.status} {answer.body[:100]}")


@pytest.fixture(params=MODES, ids=str)
def server(request: pytest.FixtureRequest, start: Callable[..., Server]) -> Server:
    """One worker, of which a snapshot is long."""
    server = start(request.param, app="failing:app")
    # Until an answer is longer than what a socket takes of one that nobody reads. Pages for it come one by one.
    deadline = time.monotonic() + 15
    for number in itertools.cycle(range(64)):
        server.get(f"/fail/{number}")
        if number == 63 and (length := len(agent.ask(server.directory, b"json\n"))) > 220_000:
            return server
        assert time.monotonic() < deadline, length
    raise AssertionError


def test_attacks(server: Server, is_long: bool) -> None:
    """One after the other, then all at once; in the end there is nothing left of them."""
    [pid] = server.worker_pids()
    path = agent.socket_path(server.directory)
    tries = "600" if is_long else "30"
    with Visitor(server) as visitor:
        time.sleep(0.5)
        before = Usage.of(pid)
        calm = visitor.phase(pid)
        # As busy as with attackers, but none.
        calm_attack = Attack(pid, path, ["burning"] * 2, tries)
        calm_attack.run()
        calm.end()
        attacked = visitor.phase(pid)
        # In a short run, the second server only the worst of them.
        single = ATTACKS if is_long or server.mode == MODES[0] else ["deaf", "flood"]
        for ways in [*([way] for way in single), ATTACKS]:
            # What else the machine does can only make it longer.
            for _ in range(3):
                report = Attack(pid, path, ways, tries)
                report.run()
                print(report)
                if report.wait < 100:
                    break
            report.judge(calm_attack.wait, is_long)
        attacked.end()
    print(f"requests: calm {calm}, attacked {attacked}")
    assert visitor.failures == []
    # A dozen attackers are more to schedule than what made the machine busy before; what counts is the work.
    assert attacked.median < 3 * calm.median
    assert attacked.cost < 1.5 * calm.cost
    deadline = time.monotonic() + 3
    while (after := Usage.of(pid)).descriptors > before.descriptors and time.monotonic() < deadline:
        time.sleep(0.05)
    assert after.descriptors <= before.descriptors
    assert after.megabytes <= before.megabytes + KEPT, (before, after)


class Attack:
    """One way or several, while an honest client asks as well."""

    def __init__(self, pid: int, path: Path, ways: list[str], tries: str) -> None:
        self.pid, self.path, self.ways, self.tries = pid, path, ways, tries
        self.usages: list[Usage] = []
        self.waits: list[float] = []
        self.seconds = 0.0
        self.connections = self.losses = 0

    def run(self) -> None:
        # Who watches was there before.
        with clients(self.path, ["watching"]) as [watching], clients(self.path, self.ways) as attackers:
            begun = time.monotonic()
            with clients(self.path, ["honest"], self.tries) as [honest]:
                self.usages.append(Usage.of(self.pid))
                while not honest.is_done():
                    time.sleep(0.03)
                    self.usages.append(Usage.of(self.pid))
                self.seconds = time.monotonic() - begun
                self.waits, self.losses = honest.end(), watching.end()
            self.connections = sum(attacker.end() for attacker in attackers)

    @property
    def wait(self) -> float:
        return agent.percentile(self.waits, 0.95)

    @property
    def share(self) -> float:
        return (self.usages[-1].agent_seconds - self.usages[0].agent_seconds) / self.seconds

    def __str__(self) -> str:
        megabytes = max(usage.megabytes for usage in self.usages) - self.usages[0].megabytes
        descriptors = max(usage.descriptors for usage in self.usages)
        return (
            f"{'+'.join(dict.fromkeys(self.ways))}: {self.connections} connections in {self.seconds:.1f} s; honest records"
            f" within {self.wait:.1f} ms; agent {self.share:.0%} of a processor; +{megabytes:.1f} MB,"
            f" {descriptors} descriptors"
        )

    def judge(self, calm_wait: float, is_long: bool) -> None:
        assert self.losses == 0, self
        # Beside what the busy machine needs for it without an attack.
        assert self.wait < 100 + calm_wait, (self, calm_wait, sorted(self.waits)[-8:])
        assert max(usage.descriptors for usage in self.usages) <= self.usages[0].descriptors + DESCRIPTORS, self
        assert max(usage.megabytes for usage in self.usages) <= self.usages[0].megabytes + MEGABYTES, self
        # What it has saved is a second's worth.
        assert not is_long or self.share < SHARE + 1 / self.seconds, self
