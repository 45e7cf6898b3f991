"""Who attaches and when, off the beaten track: other people's fork hooks, arbiters to be, servers without workers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support import agent
from support.server import FLASK, GUNICORN_STANDALONE, UWSGI, Server


@pytest.mark.parametrize("decorators", ["", "1"])
def test_uwsgi_hooks_of_others_run_as_they_would_without(start: Callable[..., Server], decorators: str) -> None:
    server = start(UWSGI, environment={"SHOP_DECORATORS": decorators}, app="decorated:app")
    expected = server.worker_pids()
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == expected)
    hook = "decorated" if decorators else "earlier"
    lines = [line for line in server.logged().splitlines() if " hook " in line]
    assert sorted(lines) == sorted(f"{hook} hook {pid}" for pid in expected)


def test_a_program_that_brings_its_own_gunicorn(start: Callable[..., Server]) -> None:
    server = start(GUNICORN_STANDALONE)
    document = agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == server.worker_pids())
    # The arbiter pushed a context before it became one, and has claimed nothing.
    assert server.process.pid not in [worker["pid"] for worker in document["workers"]]
    assert document["server"]["kind"] == "gunicorn"


def test_any_other_server_is_a_worker_from_its_first_request_on(start: Callable[..., Server]) -> None:
    server = start(FLASK)
    # Importing pushed a context and opened a connection: no reason yet to take it for a worker.
    assert list(server.directory.iterdir()) == []
    assert server.get("/chat/1").status == 200
    document = agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == [server.process.pid])
    assert document["server"]["kind"] == "flask"
    assert server.get("/chat/1").status == 200
    agent.wait_snapshot(server.directory, lambda seen: seen["totals"]["requests"] >= 1)
