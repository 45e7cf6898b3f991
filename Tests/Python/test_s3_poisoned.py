"""S3: a receiver of appcontext_pushed raises once, and a thread is poisoned for as long as it lives."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from support import agent, load
from support.server import GUNICORN_SYNC, GUNICORN_THREADS, UWSGI, Mode, Server

POISONED = [GUNICORN_SYNC, GUNICORN_THREADS, UWSGI]


def poison(server: Server) -> None:
    """Arm one worker, and send until that worker has failed once."""
    assert server.get("/arm", "POST").status == 200
    for _ in range(200):
        if server.get("/chat/7").status != 200:
            return
    raise AssertionError(f"the receiver never raised\n{server.logged()}")


@pytest.mark.parametrize("mode", POISONED, ids=str)
def test_names_the_thread_the_request_and_what_ran_on_it(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode, "S3")
    poison(server)

    def is_named(document: agent.Snapshot) -> bool:
        return {"CTX001", "CTX002"} <= agent.codes(document)

    with load.running(server, ["/", "/cart", "/teapot"]):
        agent.until(lambda: agent.dump(server.directory), is_named, 4)
    document = agent.until(lambda: agent.dump(server.directory), at_rest, 2)

    [(worker, unit)] = poisoned_units(document)
    assert unit["depth"] == {"app": 1, "request": 0}
    assert unit["reused"] > 0
    [context] = [context for context in worker["contexts"] if context["unit"] == unit["id"]]
    assert (context["kind"], context["state"]) == ("app", "leaked")
    assert (context["method"], context["endpoint"], context["rule"]) == ("GET", "chat", "/chat/<int:number>")
    assert context["requests_served"] == unit["reused"]
    [verdict] = [verdict for verdict in document["verdicts"] if verdict["code"] == "CTX001"]
    assert (verdict["worker"], verdict["unit"]) == (worker["pid"], unit["id"])
    assert "chat" in verdict["message"]
    assert worker["contexts_leaked"] == 1

    # Replaced gracefully, as each server wants to be asked for one worker.
    os.kill(worker["pid"], signal.SIGTERM if mode.server == "gunicorn" else signal.SIGHUP)
    agent.until(server.worker_pids, lambda now: worker["pid"] not in now and len(now) == mode.workers, 20)
    agent.until(lambda: agent.codes(agent.dump(server.directory)), lambda codes: not codes, 5)


def at_rest(document: agent.Snapshot) -> bool:
    return document["totals"]["in_flight"] == 0 and bool(poisoned_units(document))


def poisoned_units(document: agent.Snapshot) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [
        (worker, unit) for worker in agent.live(document) for unit in worker["units"] if unit["state"] == "poisoned"
    ]


@pytest.mark.parametrize("mode", POISONED, ids=str)
def test_the_same_traffic_without_the_defect_has_no_verdict(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode)
    with load.running(server, ["/", "/cart", "/teapot", "/chat/7"]) as statuses:
        for _ in range(5):
            assert agent.codes(agent.dump(server.directory)) == set()
    assert set(statuses) <= {200, 418}
    document = agent.dump(server.directory)
    assert agent.codes(document) == set() and document["totals"]["contexts_live"] == 0
