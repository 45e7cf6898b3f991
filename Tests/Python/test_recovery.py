"""What the machine or the application takes away comes back: the worker is seen again, with all that it had."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace

import pytest
from support import agent, load
from support.server import GUNICORN_THREADS, UWSGI, Mode, Server

MODES = [GUNICORN_THREADS, UWSGI]
#: Two signs of life, and time for a busy machine.
SECONDS = 5


def began(start: Callable[..., Server], mode: Mode, **options: object) -> tuple[Server, agent.Snapshot]:
    """A server that has served, and leaked a connection each time that somebody asked for it."""
    server = start(mode, **options)
    load.send(server, load.HEALTHY * 4)
    document = agent.wait_snapshot(
        server.directory, lambda seen: agent.pids(seen) == server.worker_pids() and is_idle(seen)
    )
    return server, document


def is_idle(document: agent.Snapshot) -> bool:
    return document["totals"]["in_flight"] == 0 and document["totals"]["requests"] >= 28


def comes_back(server: Server, before: agent.Snapshot) -> agent.Snapshot:
    """Waits until all workers are seen alive with the counts that they had, then looks at what they have since."""
    pids = agent.pids(before)

    def has_all(seen: agent.Snapshot) -> bool:
        return agent.pids(seen) == pids and {worker["liveness"] for worker in agent.live(seen)} == {"alive"}

    after = agent.wait_snapshot(server.directory, has_all, SECONDS)
    assert server.worker_pids() == pids, server.logged()
    for pid in pids:
        one, other = agent.worker(before, pid), agent.worker(after, pid)
        for name in ("requests", "exceptions", "contexts_pushed", "connections_open", "teardown_failures", "started"):
            assert one[name] == other[name], name
        assert [unit["id"] for unit in one["units"]] == [unit["id"] for unit in other["units"]]
        assert one["failures"] == other["failures"] and one["engines"] == other["engines"]
        assert other["events_dropped"] == other["records_unstable"] == 0
    served = after["totals"]["requests"]
    answers = load.send(server, ["/chat/1"] * 10)
    assert [answer.status for answer in answers] == [200] * 10, server.logged()
    return agent.wait_snapshot(server.directory, lambda seen: seen["totals"]["requests"] == served + 10)


@pytest.mark.parametrize("mode", MODES, ids=str)
@pytest.mark.parametrize("endings", [[".segment"], [".lock"], [".sock"], [".segment", ".lock", ".sock"]], ids=str)
def test_unlinked(start: Callable[..., Server], mode: Mode, endings: list[str]) -> None:
    server, before = began(start, mode)
    for path in server.directory.iterdir():
        if path.suffix in endings:
            path.unlink()
    comes_back(server, before)


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_the_deleted_directory(start: Callable[..., Server], mode: Mode) -> None:
    server, before = began(start, mode)
    shutil.rmtree(server.directory)
    comes_back(server, before)
    assert server.directory.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [replace(mode, workers=1) for mode in MODES], ids=str)
def test_closed_descriptors(start: Callable[..., Server], mode: Mode) -> None:
    server, before = began(start, mode)
    assert int(server.get("/close-descriptors").body) > 0
    after = agent.wait_snapshot(
        server.directory, lambda seen: [worker["liveness"] for worker in seen["workers"]] == ["alive"], SECONDS
    )
    assert agent.pids(after) == agent.pids(before)
