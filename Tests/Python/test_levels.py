"""Who may look and who may act, and that everything that was asked for is known afterwards."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import agent
from support.screen import Screen
from support.server import FLASK, GUNICORN_THREADS, UWSGI, Mode, Server
from test_recycle import ask_as, recycle, replaced
from test_screen import rows_of

CONTROL = {"CTXTOP_CONTROL": "1"}
LINE = re.compile(r"^ctxtop: recycle (\d+) for user (\d+), process (\d+): (.+)$", re.MULTILINE)


def logged(server: Server) -> list[tuple[int, int, int, str]]:
    """What the agent's log says was asked for: the worker's pid, the client's user and process, the answer."""
    return [(int(a), int(b), int(c), text) for a, b, c, text in LINE.findall(server.logged())]


def test_one_group_may_look_and_another_one_act(start: Callable[..., Server]) -> None:
    server = start(GUNICORN_THREADS, "", {**CONTROL, "CTXTOP_GROUP": "nogroup", "CTXTOP_CONTROL_GROUP": "mail"})
    agent.snapshot(server.directory)
    assert ask_as(server, "nogroup", []).startswith("refused: you may only look; ")
    # Who is in the group that acts must be in the one that looks as well, to get in.
    assert "PermissionError" in ask_as(server, "mail", [])
    for group, extra in (("nogroup", ["mail"]), ("mail", ["nogroup"])):
        assert ask_as(server, group, extra).startswith("refused: no live worker of this app has that pid")
    assert recycle(server, 1).startswith("refused: no live worker of this app has that pid")


def test_a_group_that_acts_need_not_be_named_twice(start: Callable[..., Server]) -> None:
    server = start(GUNICORN_THREADS, "", {**CONTROL, "CTXTOP_CONTROL_GROUP": "mail"})
    agent.snapshot(server.directory)
    assert stat.S_IMODE(server.directory.stat().st_mode) == 0o750
    assert ask_as(server, "mail", []).startswith("refused: no live worker of this app has that pid")


def test_without_control_its_group_means_nothing(start: Callable[..., Server]) -> None:
    server = start(GUNICORN_THREADS, "", {"CTXTOP_CONTROL_GROUP": "mail"})
    agent.snapshot(server.directory)
    assert stat.S_IMODE(server.directory.stat().st_mode) == 0o700
    assert recycle(server, 1).startswith("refused: the app is not to be controlled; ")


@pytest.mark.parametrize("mode", [GUNICORN_THREADS, UWSGI], ids=str)
def test_what_was_asked_for_is_in_the_log_and_in_the_snapshot(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode, "", {**CONTROL, "CTXTOP_GROUP": "nogroup", "CTXTOP_CONTROL_GROUP": "mail"})
    agent.snapshot(server.directory)
    pid = server.worker_pids()[0]
    recycle(server, 1)
    ask_as(server, "nogroup", [], pid)
    # Nobody has the pid 0: it is how one asks what one may do.
    recycle(server, 0)
    assert recycle(server, pid).startswith("ok: ")
    replaced(server, pid)

    _, document = agent.timed_snapshot(server.directory)
    assert (document["actions_accepted"], document["actions_refused"]) == (1, 2)
    told = [(a["number"], a["user"], a["worker"], a["outcome"]) for a in document["actions"]]
    assert told == [(1, 0, 1, "no_worker"), (2, 65534, pid, "only_look"), (3, 0, pid, "accepted")]
    assert [action["pid"] for action in document["actions"][::2]] == [os.getpid()] * 2
    answers = [(worker, user, said.split(";")[0]) for worker, user, _, said in logged(server)]
    assert answers == [
        (1, 0, "refused: no live worker of this app has that pid"),
        (pid, 65534, "refused: you may only look"),
        (pid, 0, "ok: the worker goes when its turn has come and no request has been open for long"),
    ]
    assert [process for _, _, process, _ in logged(server)] == [action["pid"] for action in document["actions"]]

    # It is known whichever worker answers, and when none does.
    os.kill(agent.leader(server.directory), signal.SIGKILL)
    _, later = agent.timed_snapshot(server.directory)
    assert later["actions"] == document["actions"]
    segment = agent.run_program(server.directory, "dump", str(next(server.directory.glob("*.segment"))), "-f", "json")
    assert f'"worker":{pid},"outcome":"accepted"' in segment.stdout
    page = agent.run_program(server.directory, "dump", "shop", "-f", "prometheus").stdout
    assert 'ctxtop_actions_total{app="shop",outcome="accepted"} 1' in page
    assert 'ctxtop_actions_total{app="shop",outcome="refused"} 2' in page


def command(server: Server, pid: int, *words: str, timeout: float = 20) -> subprocess.CompletedProcess[str]:
    return agent.run_program(server.directory, "recycle", "shop", str(pid), *words, timeout=timeout)


@pytest.mark.parametrize("mode", [GUNICORN_THREADS, UWSGI], ids=str)
def test_a_script_is_told_why_not(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode, "", CONTROL)
    alone = start(FLASK, "", CONTROL)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == server.worker_pids())
    assert alone.get("/").status == 200
    before = server.worker_pids()
    # Its master, another app's worker, a process of ours, and one that never was.
    for pid in (server.process.pid, alone.process.pid, os.getpid(), 4_194_303):
        result = command(server, pid)
        assert (result.returncode, result.stdout) == (66, "") and "there is none" in result.stderr, result
        assert result.stderr.startswith("ctxtop: ") and result.stderr.count("\n") == 1
    result = command(alone, alone.process.pid)
    assert result.returncode == 77 and "its server cannot replace a single worker gracefully" in result.stderr
    assert server.worker_pids() == before

    # One that has died, whose slot still tells of it.
    os.kill(before[0], signal.SIGKILL)
    agent.until(server.worker_pids, lambda now: before[0] not in now and len(now) == 2, 20)
    assert command(server, before[0]).returncode == 66


@pytest.mark.parametrize("mode", [GUNICORN_THREADS, UWSGI], ids=str)
def test_a_worker_that_does_not_come_back_is_no_success(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode, "", CONTROL)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == server.worker_pids())
    pid = server.worker_pids()[0]
    # Nobody starts another one while their master is stopped.
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        result = command(server, pid, "--timeout", "4")
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    assert result.returncode == 75, result
    assert "it is gone, but nobody has come in its place within 4 s" in result.stderr
    replaced(server, pid, 20)


def test_who_asks_in_a_loop_does_not_fill_the_log(start: Callable[..., Server]) -> None:
    server = start(GUNICORN_THREADS, "", CONTROL)
    agent.snapshot(server.directory)
    for _ in range(50):
        recycle(server, 1)
    assert 8 <= len(logged(server)) <= 16
    document = agent.snapshot(server.directory)
    # Nothing is lost but lines: the counts are exact, and the latest are all there.
    assert (document["actions_refused"], len(document["actions"])) == (50, 16)
    assert [action["number"] for action in document["actions"]] == list(range(35, 51))
    time.sleep(10)
    recycle(server, 1)
    left = re.findall(r"^ctxtop: requests that are not in this log: (\d+)$", server.logged(), re.MULTILINE)
    assert len(logged(server)) + sum(int(count) for count in left) == 51


def test_a_log_that_nobody_reads_holds_nobody_up(start: Callable[..., Server]) -> None:
    # All that the server says goes through a pipe, as under most supervisors.
    server = start(GUNICORN_THREADS, "", CONTROL, before=["sh", "-c", '"$@" 2>&1 | cat', "sh"])
    agent.snapshot(server.directory)
    leader = agent.leader(server.directory)
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    [reader] = [int(pid) for pid in children if Path(f"/proc/{pid}/comm").read_text() == "cat\n"]
    os.kill(reader, signal.SIGSTOP)
    agent.until(Path(f"/proc/{reader}/stat").read_text, lambda text: text.rpartition(")")[2].split()[0] == "T", 5)
    pipe = os.open(f"/proc/{leader}/fd/2", os.O_WRONLY | os.O_NONBLOCK)
    try:
        for size in (4096, 1):
            with pytest.raises(BlockingIOError):
                while True:
                    os.write(pipe, b"x" * size)
        times = []
        for _ in range(20):
            begun = time.monotonic()
            assert recycle(server, 1).startswith("refused: ")
            times.append(time.monotonic() - begun)
        assert agent.percentile(times, 0.95) < 0.1, times
        # Twice the time after which a leader that is held up would have lost its office.
        time.sleep(3)
        assert agent.leader(server.directory) == leader
        assert server.get("/cart").status == 200
    finally:
        os.close(pipe)
        os.kill(reader, signal.SIGCONT)
    # What could not be said is said to be missing, once it can be said.
    missing = r"^x*ctxtop: requests that are not in this log: 20$"
    agent.until(server.logged, lambda text: re.search(missing, text, re.MULTILINE) is not None, 15)


def test_the_dashboard_tells_of_it(start: Callable[..., Server], watch: Callable[..., Screen]) -> None:
    server = start(GUNICORN_THREADS, "", CONTROL)
    screen = watch(server, "-d", "0.2")
    screen.wait(rows_of(server))
    recycle(server, 1)
    screen.wait_for(rf"root in process {os.getpid()} asked for the replacement of worker 1: refused, no live worker has")
    pid = server.worker_pids()[0]
    assert recycle(server, pid).startswith("ok: ")
    screen.wait_for(rf"root in process {os.getpid()} asked for the replacement of worker {pid}: accepted")
    replaced(server, pid)
    screen.keys("Home", "Enter")
    screen.keys("/")
    screen.keys("Replacements that")
    screen.keys("Enter")
    screen.wait_for(r"Replacements that were asked for, in all workers")
