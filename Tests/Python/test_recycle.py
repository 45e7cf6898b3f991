"""Recycle and the control level, on real servers: who is replaced, when, by whose leave."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from support import agent, load
from support.server import FLASK, GUNICORN_THREADS, UWSGI, Mode, Server
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


ASK = """
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.settimeout(5)
client.connect(sys.argv[1])
client.sendall(b"recycle " + sys.argv[2].encode() + b"\\n")
print(client.recv(1000).decode(), end="")
"""


def ask_as(server: Server, group: str, extra: list[str], pid: int = 1) -> str:
    """What ``nobody`` is told, with this group and these supplementary ones."""
    command = ["/usr/bin/python3", "-c", ASK, str(agent.socket_path(server.directory)), str(pid)]
    result = subprocess.run(
        command,
        user=pwd.getpwnam("nobody").pw_uid,
        group=grp.getgrnam(group).gr_gid,
        extra_groups=[grp.getgrnam(name).gr_gid for name in extra],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env={"PATH": os.environ["PATH"]},
        cwd="/",
    )
    return result.stdout or result.stderr


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
def test_one_at_a_time(start: Callable[..., Server], mode: Mode, is_long: bool) -> None:
    if mode is UWSGI and not is_long:
        pytest.skip("only with --long")
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
    with load.running(server, ["/", "/chat/1"], clients=2) as statuses:
        deadline = time.monotonic() + 40
        while set(server.worker_pids()) & before and time.monotonic() < deadline:
            # Whoever goes frees its slot, and a new worker has one once it can serve. A leader may be the one to go.
            with contextlib.suppress(agent.NoAnswer):
                fewest = min(fewest, len(agent.live(agent.snapshot(server.directory))))
            time.sleep(0.01)
    assert not set(server.worker_pids()) & before
    assert fewest >= 3
    assert set(statuses) == {200}


def states(document: agent.Snapshot) -> dict[int, str]:
    return {worker["pid"]: worker["state"] for worker in agent.live(document)}


def recycle(server: Server, pid: int) -> str:
    return agent.ask(server.directory, b"recycle %d\n" % pid).decode()


@pytest.mark.parametrize("mode", SERVERS, ids=str)
def test_a_worker_is_replaced_on_request(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode, "", {"CTXTOP_CONTROL": "1"})
    agent.wait_snapshot(server.directory, lambda seen: len(agent.live(seen)) == 2)
    with ThreadPoolExecutor(5) as pool:
        slow = [pool.submit(server.get, "/slow/3000") for _ in range(4)]
        document = agent.wait_snapshot(server.directory, lambda seen: seen["totals"]["in_flight"] > 0)
        pid = next(worker["pid"] for worker in agent.live(document) if worker["in_flight"])
        # They are young: it goes at the next beat, and they are finished.
        assert recycle(server, pid).startswith("ok: ")
        asked = pool.submit(agent.run_program, server.directory, "recycle", "shop", str(pid), timeout=40)
        agent.until(lambda: states(agent.dump(server.directory)).get(pid), lambda state: state == "draining", 3)
        assert [answer.result().status for answer in slow] == [200] * 4
        result = asked.result()
    assert result.returncode == 0, result.stderr
    assert f"worker {pid} is gone, and " in result.stdout
    replaced(server, pid, 2)
    assert f"worker {pid} was replaced: somebody asked for it over the socket" in server.logged()


def test_a_long_request_keeps_its_worker(start: Callable[..., Server]) -> None:
    server = start(UWSGI, "", {"CTXTOP_CONTROL": "1"})
    with ThreadPoolExecutor(4) as pool:
        slow = [pool.submit(server.get, "/slow/4000") for _ in range(4)]
        agent.wait_snapshot(server.directory, lambda seen: seen["totals"]["in_flight"] == 4)
        time.sleep(1.2)
        pid = server.worker_pids()[0]
        result = agent.run_program(server.directory, "recycle", "shop", str(pid), "--timeout", "1")
        assert result.returncode == 75
        assert "it has not been its turn after 1 s: open for long: GET slow" in result.stderr
        assert pid in server.worker_pids()
        assert [answer.result().status for answer in slow] == [200] * 4
    replaced(server, pid)


def test_nothing_is_to_be_had_without_control(start: Callable[..., Server]) -> None:
    server = start(GUNICORN_THREADS, "", {**RECYCLE, "CTXTOP_GROUP": "nogroup"})
    agent.snapshot(server.directory)
    pid = server.worker_pids()[0]
    # Members of the group may look, and root is nobody special.
    assert ask_as(server, "nogroup", [], pid).startswith("refused: the app is not to be controlled; ")
    assert recycle(server, pid).startswith("refused: the app is not to be controlled; CTXTOP_CONTROL=1 ")
    result = agent.run_program(server.directory, "recycle", "shop", str(pid))
    assert result.returncode == 77
    assert "refused: the app is not to be controlled; CTXTOP_CONTROL=1 in its configuration allows it" in result.stderr
    time.sleep(1.5)
    assert pid in server.worker_pids()


def test_requests_that_make_no_sense_are_refused(start: Callable[..., Server]) -> None:
    server = start(GUNICORN_THREADS, "", {"CTXTOP_CONTROL": "1"})
    before = server.worker_pids()
    for pid in (0, 1, os.getpid(), server.process.pid, 999_999_999):
        assert recycle(server, pid).startswith("refused: no live worker of this app has that pid; ")
    for request in (b"recycle\n", b"recycle \n", b"recycle -1\n", b"recycle 1 2\n", b"recycle 12345678901\n"):
        assert agent.ask(server.directory, request).startswith(b"error: ")
    assert b"recycle <pid>" in agent.ask(server.directory, b"help\n")
    result = agent.run_program(server.directory, "recycle", "shop", str(server.process.pid))
    assert result.returncode == 66 and "there is none" in result.stderr

    stopped = next(pid for pid in before if pid != agent.leader(server.directory))
    os.kill(stopped, signal.SIGSTOP)
    try:
        agent.until(lambda: recycle(server, stopped), lambda said: said.startswith("refused: the worker or its"), 3)
    finally:
        os.kill(stopped, signal.SIGCONT)
    assert server.worker_pids() == before


def test_a_server_that_cannot_replace_a_worker_is_left_alone(start: Callable[..., Server]) -> None:
    server = start(FLASK, "S3", {"CTXTOP_CONTROL": "1", **RECYCLE})
    assert server.get("/").status == 200
    assert "CTXTOP_RECYCLE has no effect" in server.logged()
    assert recycle(server, server.process.pid).startswith("refused: its server cannot replace a single worker")


def test_a_group_may_control_by_any_of_its_members_groups(start: Callable[..., Server]) -> None:
    server = start(GUNICORN_THREADS, "", {"CTXTOP_CONTROL": "1", "CTXTOP_GROUP": "nogroup"})
    agent.snapshot(server.directory)
    assert "PermissionError" in ask_as(server, "games", [])
    # Somebody loosens the modes: a stranger may look now, and no more.
    server.directory.chmod(0o755)
    agent.socket_path(server.directory).chmod(0o666)
    assert ask_as(server, "games", ["mail"]).startswith("refused: you may only look; ")
    for group, extra in (("games", ["mail", "nogroup"]), ("nogroup", [])):
        assert ask_as(server, group, extra).startswith("refused: no live worker of this app has that pid")
    pid = server.worker_pids()[0]
    assert ask_as(server, "nogroup", [], pid).startswith("ok: ")
    replaced(server, pid)
