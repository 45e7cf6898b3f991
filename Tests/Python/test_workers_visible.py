"""Every worker is seen before any request, in every way to run a server; a master never is."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata

import pytest
from support import agent
from support.server import MODES, Mode, Server


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_all_workers_within_two_seconds_without_a_request(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode)
    expected = server.worker_pids()
    assert len(expected) == mode.workers
    document = agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == expected, 2)

    assert server.process.pid not in [worker["pid"] for worker in document["workers"]]
    assert document["app"] == "shop"
    assert document["totals"]["requests"] == 0
    assert document["server"] == {
        "kind": mode.server,
        "model": mode.model,
        "version": metadata.version(mode.server),
        "workers": mode.workers,
        "threads": mode.threads,
    }
    runtime = document["runtime"]
    for package in ("flask", "werkzeug", "sqlalchemy"):
        assert runtime[package] == metadata.version(package)
    numbers = [worker["number"] for worker in document["workers"]]
    assert sorted(numbers) == [1, 2]
    assert len({worker["instance"] for worker in document["workers"]}) == 1


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_a_clean_end_leaves_no_socket(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode)
    agent.wait_snapshot(server.directory, lambda seen: len(agent.pids(seen)) == mode.workers, 2)
    assert server.terminate() == 0, server.logged()
    agent.until(lambda: list(server.directory.glob("*.sock")), lambda found: not found, 2)
    assert "Traceback" not in server.logged()
