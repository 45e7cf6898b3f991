"""`ctxtop run`: every Flask app that a server makes is instrumented, and nobody else notices.

What a server starts again of itself stays instrumented; other programs that it starts are told nothing.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ctxtop
import pytest
from support import agent
from support.server import APPS, FLASK, GUNICORN_SYNC, MODES, UWSGI, UWSGI_LAZY, Mode, Server

Start = Callable[..., Server]
#: Serves no requests: it is ready when it says so.
CELERY = Mode("celery", "prefork", preload=False, workers=1)


@pytest.fixture
def run(start: Start) -> Start:
    """Starts a server under `ctxtop run`."""

    def run(mode: Mode, **options: Any) -> Server:
        options.setdefault("app", "plain:app")
        before = [str(agent.program()), "run", *options.pop("run", []), "--"]
        return start(mode, before=before, **options)

    return run


def plain(port: int) -> list[str]:
    return [sys.executable, str(APPS / "plain.py"), str(port)]


def check_children(server: Server) -> None:
    """What the application starts, at import or in a view, finds nothing of ctxtop."""
    answer = server.get("/children")
    assert answer.status == 200, server.logged()
    said = json.loads(answer.body)
    for path, traces, is_loaded, first_finder in said["at import"], said["python"]:
        assert path == server.environment["PYTHONPATH"], "what the user gave is left"
        assert not is_loaded and first_finder != "_WhenFlask"
        assert traces == []
    assert not [line for line in said["environment"] if "ctxtop/_site" in line or line.startswith("CTXTOP_RUN=")]


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_workers_are_seen_and_their_children_are_left_alone(run: Start, mode: Mode) -> None:
    server = run(mode)
    expected = server.worker_pids()
    document = agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == expected)
    assert document["server"]["kind"] == mode.server and document["totals"]["requests"] == 0
    for _ in range(4):
        check_children(server)
    agent.wait_snapshot(server.directory, lambda seen: seen["totals"]["requests"] == 4)
    assert "ctxtop" not in server.logged()


OTHERS = {
    "flask": None,
    "program": plain,
    "waitress": lambda port: [sys.executable, "-m", "waitress", "--listen", f"127.0.0.1:{port}", "plain:app"],
}


@pytest.mark.parametrize("command", OTHERS.values(), ids=OTHERS)
def test_any_python_server(run: Start, command: Callable[[int], list[str]] | None) -> None:
    server = run(FLASK, command=command)
    check_children(server)
    # The command has taken the place of `ctxtop run`.
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == [server.process.pid])
    check_children(server)


def test_gunicorn_executes_itself(run: Start) -> None:
    # By its script: what `python -m gunicorn` executes on this signal does not start, with ctxtop or without.
    script = str(Path(sysconfig.get_path("scripts")) / "gunicorn")
    words = ["--no-control-socket", "--workers", "2", "plain:app", "--bind"]
    server = run(GUNICORN_SYNC, command=lambda port: [script, *words, f"127.0.0.1:{port}"])
    old = server.worker_pids()
    server.process.send_signal(signal.SIGUSR2)

    def successors() -> list[int]:
        return [pid for arbiter in set(server.worker_pids()) - set(old) for pid in children(arbiter)]

    new = agent.until(successors, lambda found: len(found) == 2, 20)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == sorted([*old, *new]), 20)
    # Both serve until the old one is told to go.
    server.process.send_signal(signal.SIGTERM)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == sorted(new), 20)
    check_children(server)


def test_gunicorn_reloads(run: Start) -> None:
    server = run(GUNICORN_SYNC)
    old = server.worker_pids()
    server.reload()
    agent.until(server.worker_pids, lambda found: len(found) == 2 and not set(found) & set(old), 20)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == server.worker_pids(), 10)
    check_children(server)


@pytest.mark.parametrize(("mode", "times"), [(UWSGI, 2), (UWSGI_LAZY, 1)], ids=str)
def test_uwsgi_executes_itself(run: Start, mode: Mode, times: int) -> None:
    server = run(mode)
    for _ in range(times):
        # It says that its workers are there before it listens to signals; until then it ignores this one.
        agent.until(lambda: catches(server.process.pid, signal.SIGHUP), bool, 10)
        old, since = server.worker_pids(), len(server.logged())
        server.reload()
        server.wait_ready(since=since)
        agent.until(server.worker_pids, lambda found, old=old: len(found) == 2 and not set(found) & set(old), 20)
        agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == server.worker_pids(), 10)
    check_children(server)


def test_the_reloader_of_werkzeug(run: Start, tmp_path: Path) -> None:
    source = tmp_path / "reloaded.py"
    source.write_text((APPS / "plain.py").read_text())
    words = ["--app", str(source), "run", "--reload", "--port"]
    server = run(FLASK, command=lambda port: [sys.executable, "-m", "flask", *words, str(port)])

    def serving() -> int:
        answer = server.get("/pids", timeout=2)
        return json.loads(answer.body)["pid"] if answer.status == 200 else 0

    first = agent.until(serving, bool, 10)
    assert first != server.process.pid
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == [first])
    source.write_text(source.read_text() + "\n# changed\n")
    second = agent.until(serving, lambda pid: pid not in (0, first), 15)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == [second])
    check_children(server)


def test_a_program_that_becomes_the_server(run: Start, tmp_path: Path) -> None:
    launcher = tmp_path / "launcher.py"
    launcher.write_text("import os, sys\nos.execvp(sys.argv[1], sys.argv[1:])\n")
    server = run(FLASK, command=lambda port: [sys.executable, str(launcher), *plain(port)])
    check_children(server)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == [server.process.pid])


def test_a_shell_script_that_starts_the_server(run: Start, tmp_path: Path) -> None:
    script = tmp_path / "start.sh"
    script.write_text('#!/bin/sh\n"$@"\n')
    script.chmod(0o755)
    server = run(FLASK, command=lambda port: [str(script), *plain(port)], run=["--python", sys.executable])
    check_children(server)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == children(server.process.pid))


def test_celery(run: Start, tmp_path: Path) -> None:
    """Processes of the pool are seen before their first task; the master never."""
    inbox, outbox = tmp_path / "in", tmp_path / "out"
    inbox.mkdir()
    outbox.mkdir()
    celery = [sys.executable, "-m", "celery", "--app", "jobs:celery"]
    words = ["--concurrency", "2", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"]
    server = run(
        CELERY, command=lambda _port: [*celery, "worker", *words], environment={"JOBS_DIRECTORY": str(inbox)}
    )
    pool = agent.until(lambda: children(server.process.pid), lambda found: len(found) == 2, 10)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == pool, 10)
    send = "import jobs\nfor _ in range(8): jobs.work.delay()"
    environment = {**server.environment, "JOBS_DIRECTORY": str(outbox)}
    subprocess.run([sys.executable, "-c", send], cwd=APPS, env=environment, check=True, timeout=20)
    # The broker of files would read them while they are being written.
    for message in outbox.glob("*.msg"):
        message.rename(inbox / message.name)
    log = agent.until(server.logged, lambda log: log.count("worked in jobs") == 8, 20)
    assert set(map(int, re.findall(r"worked in jobs: (\d+)", log))) <= set(pool)
    document = agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == pool)
    assert document["server"]["kind"] == "celery" and document["totals"]["contexts_leaked"] == 0
    server.terminate()
    # They have said goodbye.
    assert agent.dump(server.directory)["workers"] == []


def test_responses_are_followed_through_later_middleware(run: Start) -> None:
    server = run(FLASK, command=plain)
    assert server.get("/").body == "plain" and server.get("/special").body == "special"
    # A request that the test client of another app made inside of one counts as its own.
    agent.wait_snapshot(server.directory, lambda seen: seen["totals"]["requests"] == 3)
    with ThreadPoolExecutor(1) as pool:
        streamed = pool.submit(server.get, "/stream")
        agent.wait_snapshot(server.directory, lambda seen: seen["totals"]["in_flight"] == 1)
        assert server.get("/end").body == "ended"
        assert streamed.result().body == "begunended"
    agent.wait_snapshot(server.directory, lambda seen: seen["totals"]["in_flight"] == 0)
    document = agent.dump(server.directory)
    assert document["totals"]["contexts_live"] == 0 and agent.codes(document) == set()


def test_the_command_is_the_process_that_was_started(tmp_path: Path) -> None:
    """Process id, exit status, arguments and signals are as without; the settings are as given."""
    code = """
import json, os, sys
ignored = next(line for line in open("/proc/self/status") if line.startswith("SigIgn"))
names = ["CTXTOP_NAME", "CTXTOP_GROUP", "CTXTOP_DIR"]
words = [list(os.fsencode(word)) for word in sys.argv[1:]]
print(json.dumps([os.getpid(), words, ignored, *map(os.environ.get, names)]))
sys.exit(7)
"""
    words: list[Any] = [sys.executable, "-c", code, b"\xff\xfe", "", "--name", "other", "--", "--help"]
    options = ["--name", "shop", "--group", "adm", "--dir", "/dev/shm/somewhere"]
    environment = {**os.environ, "PYTHONPATH": package_directory()}

    def start(*before: str) -> tuple[int, int, list[Any]]:
        # Python ignores some signals, and what it starts is to inherit that.
        process = subprocess.Popen([*before, *words], stdout=subprocess.PIPE, env=environment, restore_signals=False)
        output, _ = process.communicate(timeout=20)
        return process.pid, process.returncode, json.loads(output)

    pid, status, said = start(str(agent.program()), "run", *options, "--")
    assert (status, said[0]) == (7, pid)
    _, _, plainly = start()
    assert said[1:3] == plainly[1:3]
    assert said[3:] == ["shop", "adm", "/dev/shm/somewhere"]
    assert start(str(agent.program()), "run", *options)[2][1:] == said[1:], "the dashes may be left out"


def package_directory() -> str:
    return str(Path(ctxtop.__file__).resolve().parents[1])


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    return bool(int(status.split("SigCgt:")[1].split()[0], 16) >> (number - 1) & 1)


def children(pid: int) -> list[int]:
    return sorted(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
