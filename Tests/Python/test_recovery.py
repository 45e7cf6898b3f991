"""What the machine or the application takes away comes back: the worker is seen again, with all that it had, and the
dashboard that watched it goes on."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import agent, load
from support.machine import Clock, small_tmpfs
from support.screen import Screen
from support.server import GUNICORN_THREADS, UWSGI, Mode, Server

MODES = [GUNICORN_THREADS, UWSGI]
#: Two signs of life, and time for a busy machine.
SECONDS = 5
#: What a worker keeps, wherever its slot goes.
KEPT = ("requests", "exceptions", "contexts_pushed", "connections_open", "teardown_failures", "started", "failures")


class Watched:
    """A server that has served, with a dashboard on it, and what was known of its workers before each mishap."""

    def __init__(self, server: Server, screen: Screen) -> None:
        self.server, self.screen = server, screen
        self.pids = server.worker_pids()
        load.send(server, load.HEALTHY * 4)
        self.before = self.idle(28)
        screen.wait(self.is_whole)

    def idle(self, requests: int) -> agent.Snapshot:
        """A snapshot of all workers, once they have ended so many requests."""

        def holds(seen: agent.Snapshot) -> bool:
            totals = seen["totals"]
            is_alive = {worker["liveness"] for worker in agent.live(seen)} == {"alive"}
            is_idle = totals["in_flight"] == 0 and totals["requests"] == requests
            return is_alive and is_idle and agent.pids(seen) == self.pids

        return agent.wait_snapshot(self.server.directory, holds, SECONDS)

    def is_whole(self, text: str) -> bool:
        """Whether the screen is live and shows each worker as healthy."""
        rows = [re.search(rf" {pid} (ok|busy) ", text) for pid in self.pids]
        return "● live" in text and all(rows)

    def comes_back(self, other_requests: int = 0) -> None:
        """After a mishap: the same workers with what they had, and what they serve from now on is seen."""
        requests = self.before["totals"]["requests"] + other_requests
        after = self.idle(requests)
        assert self.server.worker_pids() == self.pids, self.server.logged()
        for pid in self.pids if not other_requests else []:
            one, other = agent.worker(self.before, pid), agent.worker(after, pid)
            assert {name: one[name] for name in KEPT} == {name: other[name] for name in KEPT}
            assert [unit["id"] for unit in one["units"]] == [unit["id"] for unit in other["units"]]
        assert after["totals"]["events_dropped"] == 0
        answers = load.send(self.server, ["/chat/1"] * 10)
        assert [answer.status for answer in answers] == [200] * 10, self.server.logged()
        self.before = self.idle(requests + 10)
        self.screen.wait(self.is_whole)


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_lost_files_and_descriptors(start: Callable[..., Server], watch: Callable[..., Screen], mode: Mode) -> None:
    server = start(mode)
    watched = Watched(server, watch(server, "-d", "0.2"))
    for endings in ([".sock"], [".segment"], [".lock"], [".segment", ".lock", ".sock"]):
        for path in server.directory.iterdir():
            if path.suffix in endings:
                path.unlink()
        watched.comes_back()
    shutil.rmtree(server.directory)
    watched.comes_back()
    assert server.directory.stat().st_mode & 0o777 == 0o700
    # One worker alone, whichever answers; then both.
    close_descriptors(server)
    watched.comes_back(other_requests=1)
    close_descriptors(server)
    shutil.rmtree(server.directory)
    watched.comes_back(other_requests=1)
    assert "not monitored" not in server.logged()


def close_descriptors(server: Server) -> None:
    assert int(server.get("/close-descriptors").body) > 0
    # The agent notices within half a second; until then somebody may ask in vain, or be told what was known before.
    time.sleep(0.6)


def test_a_leaked_context_is_still_there_in_another_segment(start: Callable[..., Server]) -> None:
    # The evidence must not get lost with the file.
    server = start(GUNICORN_THREADS, "S3")
    assert server.get("/arm", "POST").status == 200
    agent.until(lambda: server.get("/chat/7").status, lambda status: status == 500, 10)
    [before] = left(agent.dump(server.directory))
    shutil.rmtree(server.directory)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == server.worker_pids(), SECONDS)
    [after] = left(agent.dump(server.directory))
    assert after["age_ms"] > before["age_ms"]
    assert {name: after[name] for name in WHOSE} == {name: before[name] for name in WHOSE}


WHOSE = ("id", "kind", "unit", "endpoint", "rule", "requests_served")


def left(document: agent.Snapshot) -> list[dict[str, Any]]:
    """The contexts that somebody left behind, with a verdict that says so."""
    assert "CTX001" in agent.codes(document)
    contexts = [context for worker in agent.live(document) for context in worker["contexts"]]
    return [context for context in contexts if context["state"] in ("leaked", "reused")]


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_no_space_at_the_start_and_some_later(
    start: Callable[..., Server], watch: Callable[..., Screen], mode: Mode, tmp_path: Path, is_long: bool
) -> None:
    if mode is UWSGI and not is_long:
        pytest.skip("with --long")
    with small_tmpfs(tmp_path, "16k") as directory:
        server = start(mode, directory=directory)
        load.send(server, ["/chat/1"] * 8)
        complaints = server.logged().count("not monitored")
        assert 1 <= complaints <= mode.workers
        assert "No space left on device" in server.logged()
        subprocess.run(["mount", "-o", "remount,size=64m", str(directory)], check=True)

        def pids() -> list[int]:
            load.send(server, ["/chat/1"] * 8)
            return agent.pids(agent.snapshot(directory))

        agent.until(pids, lambda seen: seen == server.worker_pids(), 12)
        assert server.logged().count("not monitored") <= mode.workers
        assert server.logged().count("this worker is monitored now") >= 1
        watch(server).wait(lambda text: "● live" in text and all(f" {pid} " in text for pid in server.worker_pids()))


@pytest.mark.parametrize("mode", [replace(mode, workers=1) for mode in MODES], ids=str)
def test_no_space_to_grow(
    start: Callable[..., Server], watch: Callable[..., Screen], mode: Mode, tmp_path: Path
) -> None:
    with small_tmpfs(tmp_path, "8m") as directory:
        server = start(mode, directory=directory, app="hoard:app")
        agent.wait_snapshot(directory, lambda seen: agent.pids(seen) == server.worker_pids())
        screen = watch(server, "-d", "0.2", width=140)
        ballast = directory / "ballast"
        with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
            while True:
                file.write(bytes(1 << 12))
        assert server.get("/take/300").body == "taken"
        # What has pages is described, the rest is counted.
        seen = agent.wait_snapshot(directory, lambda seen: seen["totals"]["events_dropped"] > 0)
        [worker] = seen["workers"]
        assert len(worker["resources"]) + worker["events_dropped"] == 300
        screen.wait_for(rf"dropped +{worker['events_dropped']}")
        assert server.get("/give").body == "given"
        ballast.unlink()
        dropped = worker["events_dropped"]

        def take() -> agent.Snapshot:
            """Takes a little more each time, as the tables grow with the need."""
            assert [server.get(path).status for path in ("/give", "/take/60")] == [200, 200]
            return agent.snapshot(directory)

        agent.until(take, lambda seen: len(seen["workers"][0]["resources"]) == 60, SECONDS)
        time.sleep(0.6)
        assert server.get("/take/120").body == "taken"
        seen = agent.wait_snapshot(directory, lambda seen: len(seen["workers"][0]["resources"]) == 120)
        assert seen["totals"]["events_dropped"] == dropped and server.worker_pids() == [worker["pid"]]


@pytest.mark.parametrize("mode", [GUNICORN_THREADS], ids=str)
def test_a_clock_step(
    start: Callable[..., Server], watch: Callable[..., Screen], mode: Mode, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(tmp_path)
    server = start(mode, environment=clock.environment, app="hoard:app")
    for name, value in clock.environment.items():
        monkeypatch.setenv(name, value)
    screen = watch(server, "-d", "0.2", width=140)
    screen.wait(lambda text: "● live" in text)
    monkeypatch.undo()
    with load.running(server, ["/"]) as statuses:
        for step in (86_400, -86_400, 0):
            clock.step(step)
            assert abs(float(server.get("/time").body) - time.time() - step) < 5
            begun = agent.snapshot(server.directory)
            served = begun["totals"]["requests"]
            seen = agent.wait_snapshot(server.directory, lambda now, then=served: now["totals"]["requests"] > then + 50)
            told = time.strptime(seen["time"][:19], "%Y-%m-%dT%H:%M:%S")
            assert abs(time.mktime(told) - time.timezone - time.time() - step) < 60
            assert seen["monotonic_ns"] > begun["monotonic_ns"]
            assert agent.pids(seen) == server.worker_pids()
            assert {worker["latency_ms"]["max"] < 10_000 for worker in seen["workers"]} == {True}
            assert {unit["request"]["age_ms"] < 10_000 for unit in in_requests(seen)} <= {True}
            text = screen.wait(lambda text: "● live" in text and all(f" {pid} " in text for pid in agent.pids(seen)))
            assert not re.search(r"stale|reconnecting|unknown|nan|inf", text), text
        # Rates, durations and takeover go by another clock.
        leader = agent.leader(server.directory)
        os.kill(leader, signal.SIGKILL)
        seconds, _ = agent.timed_snapshot(server.directory)
        assert seconds < 1
    assert statuses[200] > 150


def in_requests(document: agent.Snapshot) -> list[dict[str, Any]]:
    return [unit for worker in document["workers"] for unit in worker["units"] if unit["request"]]


@pytest.mark.parametrize("mode", [UWSGI], ids=str)
def test_another_hostname(start: Callable[..., Server], watch: Callable[..., Screen], mode: Mode) -> None:
    server = start(mode, before=["unshare", "--uts"])
    screen = watch(server, "-d", "0.2")
    old = os.uname().nodename
    screen.wait_for(rf"shop@{re.escape(old[:8])}")
    enter = ["nsenter", "--uts", "--target", str(server.process.pid)]
    command = [*enter, sys.executable, "-c", "import socket; socket.sethostname('renamed-9')"]
    subprocess.run(command, check=True)
    screen.wait_for(r"shop@renamed-9 .*● live")
    assert agent.snapshot(server.directory)["host"] == "renamed-9" != os.uname().nodename
    screen.wait(lambda text: all(f" {pid} ok " in text for pid in server.worker_pids()))


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_stopped_processes(start: Callable[..., Server], watch: Callable[..., Screen], mode: Mode) -> None:
    server = start(mode)
    watched = Watched(server, watch(server, "-d", "0.2"))
    leader = agent.leader(server.directory)
    [follower] = [pid for pid in watched.pids if pid != leader]
    for pid in (follower, leader):
        os.kill(pid, signal.SIGSTOP)
        try:
            # Of a leader: after a look at the segment, and once another one leads.
            watched.screen.wait_for(rf"● live[\s\S]* {pid} stopped ", SECONDS)
        finally:
            os.kill(pid, signal.SIGCONT)
        watched.screen.wait(watched.is_whole, SECONDS)
    # The master, which only starts and ends workers: they serve and are seen as before.
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        watched.comes_back()
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    # ctxtop itself, longer than its exporter waits for a client that takes nothing, is let to go on.
    program = program_in(watched.screen)
    os.kill(program, signal.SIGSTOP)
    time.sleep(1)
    watched.server.get("/chat/1")
    os.kill(program, signal.SIGCONT)
    watched.screen.wait(watched.is_whole)
    watched.before = watched.idle(watched.before["totals"]["requests"] + 1)
    watched.comes_back()


def program_in(screen: Screen) -> int:
    """The process of ``ctxtop`` that runs in a screen."""
    shell = screen.value("pane_pid")
    children = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
    return int(children[0])
