"""The numbers are right: failures, depths and connections are what they are in the process itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support import agent, load
from support.server import MODES, Mode, Server

FAILURES = 12


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_failures_depths_and_connections(start: Callable[..., Server], mode: Mode) -> None:
    # A pool that lasts: here the failures are counted, elsewhere their consequence is looked at.
    server = start(mode, "S1", {"SHOP_POOL_SIZE": str(FAILURES + 5)})
    paths = ["/chat/1", "/cart", "/", "/stream", "/teapot"] * FAILURES
    answers = load.send(server, paths)
    for path, answer in zip(paths, answers, strict=True):
        expected = {"/teapot": {418}, "/cart": {0, 500, 200}}.get(path, {200})
        assert answer.status in expected, f"{path}: {answer}\n{server.logged()}"
    truths, document = settled(server)
    assert document["totals"]["teardown_failures"] == FAILURES
    assert sum(truths.values()) == document["totals"]["connections_checked_out"]

    failures = [failure for worker in document["workers"] for failure in worker["failures"]]
    assert sum(failure["count"] for failure in failures) == FAILURES
    for failure in failures:
        check_failure(failure)
    for worker in agent.live(document):
        assert (worker["depth"]["app"], worker["depth"]["request"]) == (0, 0)
        assert (worker["depth"]["app_max"], worker["depth"]["request_max"]) == (1, 1)
        assert worker["contexts_leaked"] == worker["contexts_reused"] == worker["events_dropped"] == 0
        assert worker["contexts"] == []
        assert len(worker["failures"]) <= 1, "one function, one exception, one endpoint: one record"


def settled(server: Server) -> tuple[dict[int, int], agent.Snapshot]:
    """How many connections each worker says are out, and a snapshot that says the same.

    A request may get the address, and with it the session, of one that failed: its own teardown then returns
    that connection. The questions are requests, too: so each is asked before and after.
    """

    def counts() -> dict[int, int]:
        return {pid: truth["checked_out"] for pid, truth in server.truths().items()}

    def look() -> tuple[dict[int, int], agent.Snapshot, dict[int, int]]:
        return counts(), agent.wait_snapshot(server.directory, is_quiet), counts()

    def is_quiet(seen: agent.Snapshot) -> bool:
        return all(worker["in_flight"] == 0 for worker in agent.live(seen))

    def agree(seen: tuple[dict[int, int], agent.Snapshot, dict[int, int]]) -> bool:
        before, document, after = seen
        told = {worker["pid"]: worker["connections_checked_out"] for worker in agent.live(document)}
        return before == told == after

    truths, document, _ = agent.until(look, agree, 10)
    return truths, document


def check_failure(failure: dict[str, Any]) -> None:
    assert failure["function"] == "shop.close_cart"
    assert failure["location"].startswith("shop.py:")
    assert (failure["kind"], failure["blueprint"]) == ("appcontext", None)
    assert (failure["exception"], failure["message"]) == ("RuntimeError", None)
    assert (failure["method"], failure["endpoint"]) == ("GET", "cart")
    assert failure["skipped"] == ["flask_sqlalchemy.extension.SQLAlchemy._teardown_session"]
    assert failure["traceback"].endswith(" close_cart")


def test_requests_are_counted_and_named_by_rule(start: Callable[..., Server]) -> None:
    server = start(MODES[2])
    load.send(server, load.HEALTHY * 5)
    document = agent.wait_snapshot(
        server.directory,
        lambda seen: seen["totals"]["requests"] == 5 * len(load.HEALTHY) and not seen["totals"]["in_flight"],
    )
    assert document["totals"]["teardown_failures"] == document["totals"]["contexts_live"] == 0
    assert document["totals"]["connections_checked_out"] == 0

    with load.running(server, ["/slow/1500"], clients=1):
        document = agent.wait_snapshot(server.directory, lambda seen: seen["totals"]["in_flight"] == 1)
        [unit] = [unit for worker in agent.live(document) for unit in worker["units"] if unit["request"]]
        assert (unit["request"]["method"], unit["request"]["endpoint"]) == ("GET", "slow")
        assert unit["request"]["rule"] == "/slow/<int:milliseconds>"
        assert unit["depth"] == {"app": 1, "request": 1}
        document = agent.wait_snapshot(server.directory, lambda seen: seen["totals"]["connections_checked_out"] == 1)
        [held] = [
            connection
            for worker in agent.live(document)
            for connection in worker["connections"]
            if connection["state"] == "checked_out"
        ]
        assert held["holder"]["endpoint"] == "slow"
        assert held["holder"]["frame"].endswith(" slow") and held["holder"]["frame"].startswith("shop.py:")
        assert held["engine"].startswith("sqlite:///")
