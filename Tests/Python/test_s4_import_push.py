"""S4: an app context is pushed at import; every request of that thread shares it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support import agent, load
from support.server import (
    APPS,
    GUNICORN_SYNC,
    GUNICORN_SYNC_PRELOAD,
    GUNICORN_THREADS,
    GUNICORN_THREADS_PRELOAD,
    UWSGI,
    UWSGI_LAZY,
    Mode,
    Server,
)


def pushing_line() -> int:
    lines = (APPS / "shop.py").read_text().splitlines()
    return 1 + next(number for number, line in enumerate(lines) if line.strip() == "app.app_context().push()")


@pytest.mark.parametrize("mode", [GUNICORN_SYNC, GUNICORN_SYNC_PRELOAD, UWSGI, UWSGI_LAZY], ids=str)
def test_names_the_line_that_pushed(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode, "S4")

    def is_named(document: agent.Snapshot) -> bool:
        return {"CTX001", "CTX002", "CTX010"} <= agent.codes(document)

    with load.running(server, ["/", "/chat/1", "/teapot"], clients=4):
        agent.until(lambda: agent.dump(server.directory), is_named, 4)
    document = agent.until(
        lambda: agent.dump(server.directory), lambda seen: is_named(seen) and seen["totals"]["in_flight"] == 0, 2
    )
    found = 0
    for worker in agent.live(document):
        for context in worker["contexts"]:
            assert context["kind"] == "app"
            assert context["frame"] == f"shop.py:{pushing_line()} <module>"
            unit = next(unit for unit in worker["units"] if unit["id"] == context["unit"])
            assert unit["depth"] == {"app": 1, "request": 0}
            assert context["requests_served"] == unit["reused"] == unit["requests"]
            found += unit["reused"] > 0
    assert found
    for verdict in document["verdicts"]:
        assert verdict["unit"] is not None or verdict["evidence"] == {"hazard": "push_at_import"}
        assert f"shop.py:{pushing_line()} " in verdict["message"] or verdict["code"] != "CTX010"


@pytest.mark.parametrize("mode", [GUNICORN_THREADS, GUNICORN_THREADS_PRELOAD], ids=str)
def test_threads_that_do_not_serve_on_it_are_not_accused(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode, "S4")
    load.send(server, load.HEALTHY * 4)
    assert not {"CTX001", "CTX002"} & agent.codes(agent.dump(server.directory))
    document = agent.snapshot(server.directory)
    assert document["totals"]["contexts_reused"] == 0


@pytest.mark.parametrize("mode", [GUNICORN_SYNC, GUNICORN_SYNC_PRELOAD, UWSGI, UWSGI_LAZY], ids=str)
def test_the_same_traffic_without_the_defect_has_no_verdict(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode)
    load.send(server, ["/", "/chat/1", "/teapot"] * 10)
    document = agent.dump(server.directory)
    assert agent.codes(document) == set()
    assert document["totals"]["contexts_reused"] == document["totals"]["contexts_live"] == 0
