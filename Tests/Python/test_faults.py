"""Every system call of the agent's fails in turn: the application serves on, and the worker comes back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from support import agent, faults, load
from support.guest import GUESTS
from support.server import GUNICORN_THREADS, UWSGI, Mode, Server, python_path

#: Lives at a time: most of each is waiting.
AT_ONCE = 12
Point = dict[str, Any]


def test_every_function_that_the_module_calls_can_fail_here(tmp_path: Path) -> None:
    from ctxtop import _native

    called = faults.called_by_module(Path(_native.__file__))
    called |= {"pidfd_open", "renameat2"}
    assert called - faults.NO_CALLS == set(faults.ERRORS)
    faults.Plan(faults.build(tmp_path), tmp_path / "plan")


def test_every_system_call_fails_in_turn(
    tmp_path: Path, is_long: bool, record_testsuite_property: Callable[[str, object], None]
) -> None:
    library = faults.build(tmp_path)
    with ThreadPoolExecutor(AT_ONCE) as pool, guests(tmp_path, library) as lives:

        def live(point: Point) -> tuple[Point, Point]:
            life = lives(point)
            if life["bad"]:
                print(f"\n{point}: {life['bad']}", flush=True)
            return point, life

        _, healthy = live({})
        assert healthy["bad"] == [] and healthy["failed"] == 0
        calls = Counter(healthy["counts"]) + Counter(healthy["farewell"])
        # Nobody has this worker replaced, and its directory can be used once it is made.
        assert sorted(set(faults.ERRORS) - set(calls)) == ["kill", "rmdir"]
        points = list(all_points(calls) if is_long else first_points(calls))
        lived = list(pool.map(live, points))
    bad = [f"{point}: {life['bad']}" for point, life in lived if life["bad"]]
    failed = [point for point, life in lived if life["failed"]]
    record_testsuite_property("faults_points", len(points))
    record_testsuite_property("faults_points_reached", len(failed))
    record_testsuite_property("faults_calls_failed", sum(life["failed"] for _, life in lived))
    print(f"\n{len(points)} points, {len(failed)} reached, {sum(life['failed'] for _, life in lived)} calls failed")
    assert not bad, f"{len(bad)} of {len(points)} points:\n" + "\n".join(bad)
    assert {point["function"] for point in failed} == set(calls), "a fault that never came proves nothing"


def first_points(calls: Counter[str]) -> Iterator[Point]:
    """Each function once, the errors in turn: half of them at the first call, half at one in the middle."""
    for number, name in enumerate(sorted(calls)):
        errors = faults.ERRORS[name]
        first = 1 if number % 2 == 0 else max(1, calls[name] // 3)
        yield {"function": name, "error": errors[number % len(errors)], "first": first}


def all_points(calls: Counter[str]) -> Iterator[Point]:
    """Each function with each error: at each of its first calls and at many later ones, and from some on for good."""
    for name in sorted(calls):
        for error in faults.ERRORS[name]:
            for first in positions(calls[name]):
                yield {"function": name, "error": error, "first": first}
            for first in {1, max(1, calls[name] // 2)}:
                yield {"function": name, "error": error, "first": first, "last": faults.NEVER}


def positions(count: int) -> Iterator[int]:
    """All of the first twelve; then further and further apart."""
    position = 1
    while position <= count:
        yield position
        position = position + 1 if position < 12 else position * 5 // 4


@contextmanager
def guests(scratch: Path, library: Path) -> Iterator[Callable[[Point], Point]]:
    """Programs that live; the function takes one that is free."""
    free: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()
    started = [guest(scratch / f"plan-{number}", library) for number in range(AT_ONCE)]
    for one in started:
        free.put(one)

    def live(point: Point) -> Point:
        one = free.get()
        try:
            assert one.stdin and one.stdout
            with suppress(BrokenPipeError):
                print(json.dumps(point), file=one.stdin, flush=True)
            said = one.stdout.readline()
            life: Point = json.loads(said) if said else {"bad": ["the program has ended"], "failed": 1}
            return life
        finally:
            free.put(one)

    try:
        yield live
    finally:
        for one in started:
            assert one.stdin and one.stdout
            one.stdin.close()
            one.wait(timeout=90)
            one.stdout.close()


def guest(path: Path, library: Path) -> subprocess.Popen[str]:
    variables = faults.preloaded(faults.Plan(library, path))
    variables |= {"PYTHONPATH": python_path(), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, str(GUESTS / "faults.py"), str(library), str(path)]
    pipe = subprocess.PIPE
    # The agent's log lines go to where they may have to wait, and nobody waits.
    return subprocess.Popen(command, env=variables, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)


@pytest.mark.parametrize("mode", [GUNICORN_THREADS, UWSGI], ids=str)
def test_a_server_whose_agents_fail_at_random(
    start: Callable[..., Server], mode: Mode, tmp_path: Path, is_long: bool
) -> None:
    if mode is UWSGI and not is_long:
        pytest.skip("with --long")
    plan = faults.Plan(faults.build(tmp_path), tmp_path / "plan")
    server = start(mode, environment=plan.environment)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == server.worker_pids())
    answers: Counter[int] = Counter()
    for share in (0.01, 0.1, 0.5, 1.0):
        plan.fail_by_chance(share)
        deadline = time.monotonic() + (20 if is_long else 0.8)
        while time.monotonic() < deadline:
            answers.update(answer.status for answer in load.send(server, load.HEALTHY))
            # Whoever watches the service makes its agents work.
            with suppress(agent.NoAnswer, ValueError):
                agent.snapshot(server.directory, timeout=0.1)
        # The next one begins its life among faults.
        victim = server.worker_pids()[0]
        os.kill(victim, signal.SIGKILL)
        agent.until(lambda dead=victim: [pid for pid in server.worker_pids() if pid != dead], is_complete(mode), 10)
        assert plan.failed > 0
    plan.rest()
    assert set(answers) == {200, 418, 404}, f"{answers}\n{server.logged()}"

    def pids() -> list[int]:
        load.send(server, ["/chat/1"] * 8)
        return agent.pids(agent.snapshot(server.directory))

    agent.until(pids, lambda seen: seen == server.worker_pids(), 12)
    assert "Traceback" not in server.logged()


def is_complete(mode: Mode) -> Callable[[list[int]], bool]:
    return lambda pids: len(pids) == mode.workers
