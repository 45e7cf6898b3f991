"""S12: a long command holds one context and one session all the time. That is a job, and no leak."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from support import agent
from support.server import Mode, Server

COMMAND = Mode("command", "", preload=False, workers=1)


def the_job(document: agent.Snapshot) -> dict[str, Any]:
    [worker] = agent.live(document)
    [context] = worker["contexts"]
    [unit] = [unit for unit in worker["units"] if unit["id"] == context["unit"]]
    assert (unit["state"], unit["depth"]) == ("job", {"app": 1, "request": 0})
    assert context["state"] == "live"
    return dict(context)


def test_a_long_command_is_a_job(start: Callable[..., Server]) -> None:
    server = start(COMMAND, command=lambda _port: [sys.executable, "-m", "flask", "--app", "nightly:app", "nightly"])
    agent.until(server.logged, lambda log: "1 items" in log, 10)
    first = agent.dump(server.directory)
    later = agent.until(
        lambda: agent.dump(server.directory), lambda seen: the_job(seen)["age_ms"] > the_job(first)["age_ms"] + 1000, 5
    )
    for document in first, later:
        assert agent.codes(document) == set()
        [worker] = agent.live(document)
        assert worker["pid"] == server.process.pid
        assert [each["state"] for each in worker["connections"]] == ["checked_out"]
