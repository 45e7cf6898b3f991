"""``ctxtop diff`` and ``ctxtop check`` on real servers: what a CI job and a monitoring system get to see."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import agent, load
from support.server import GUNICORN_THREADS, UWSGI, Mode, Server


def dumped(server: Server, path: Path) -> str:
    """The app as it is now, in a file."""
    words = ["dump", agent.target(server.directory), "-f", "json", "-o", str(path)]
    result = agent.run_program(server.directory, *words)
    assert result.returncode == 0, result.stderr
    return str(path)


def diff(server: Server, *words: str, status: int) -> str:
    """What ``ctxtop diff`` says, from a file to the app as it is now."""
    result = agent.run_program(server.directory, "diff", words[0], agent.target(server.directory), *words[1:])
    assert result.returncode == status, result.stdout + result.stderr
    assert not result.stderr
    return result.stdout


def check(server: Server, *words: str) -> tuple[int, str]:
    result = agent.run_program(server.directory, "check", agent.target(server.directory), *words, timeout=20)
    assert result.stdout.count("\n") == 1 and not result.stderr, result
    return result.returncode, result.stdout


@pytest.mark.parametrize("mode", [GUNICORN_THREADS, UWSGI], ids=str)
def test_a_run_that_leaks_a_context(start: Callable[..., Server], mode: Mode, tmp_path: Path) -> None:
    server = start(mode, app="search:app")
    load.send(server, ["/q", "/teapot"] * 4)
    before = dumped(server, tmp_path / "before.json")

    load.send(server, ["/q"] * 30)
    text = diff(server, before, status=0)
    assert text.startswith("nothing leaked in between: 30 requests, 2 workers\n"), text
    assert check(server)[0] == 0

    server.get("/q?lose=context")
    # What the agent finds at the end of a request is told at once.
    text = diff(server, before, status=1)
    assert text.startswith("leaked in between: 1 context in GET /q (1 worker)\n"), text
    status, line = check(server, "-c", "leaked=0")
    assert status == 2 and line.startswith("CTXTOP CRITICAL - shop: leaked is 1 (critical 0)"), line

    after = dumped(server, tmp_path / "after.json")
    result = agent.run_program(server.directory, "diff", before, after, "-f", "json")
    document: dict[str, Any] = json.loads(result.stdout)
    assert result.returncode == 1 and document["schema"] == "ctxtop.diff/1"
    assert [(loss["kind"], loss["request"], loss["count"]) for loss in document["losses"]] == [("context", "GET /q", 1)]


def test_a_run_that_leaks_a_connection(start: Callable[..., Server], tmp_path: Path) -> None:
    server = start(GUNICORN_THREADS, app="search:app")
    load.send(server, ["/q"] * 4)
    before = dumped(server, tmp_path / "before.json")
    server.get("/q?lose=connection")
    text = diff(server, before, status=1)
    assert text.startswith("leaked in between: 1 connection of sqlite:///"), text
    assert text.splitlines()[0].endswith(" in GET /q (1 worker)"), text
    # It is gone with its worker, and what the others do is known.
    server.restart()
    text = diff(server, before, status=0)
    assert text.splitlines()[0].endswith("; the server was restarted"), text


def test_failures_of_a_window(start: Callable[..., Server]) -> None:
    # Each failure takes a connection from the pool for good.
    server = start(GUNICORN_THREADS, "S1", {"SHOP_POOL_SIZE": "500"})
    assert check(server, "-c", "failures=0")[0] == 0
    with load.running(server, ["/cart"], clients=2):
        agent.until(lambda: agent.codes(agent.dump(server.directory)), lambda codes: "CTX003" in codes, 5)
        status, line = check(server, "-c", "failures=0", "--window", "1")
    assert status == 2 and "failures is " in line, line
    # Of the last minute their own records tell.
    assert check(server, "-c", "failures=0")[0] == 2
